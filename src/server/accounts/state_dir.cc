// Finds the default state folder in the environment.
#include "server/accounts/state_dir.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace sims::server {

std::string default_state_dir() {
  if (const char* given = std::getenv("STATE_DIRECTORY"); given && *given == '/')  // systemd.exec(5)
    return std::string(std::string_view(given).substr(0, std::string_view(given).find(':')));
  if (geteuid() == 0) return "/var/lib/simsd";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state == '/')
    return std::string(state) + "/simsd";
  const char* home = std::getenv("HOME");
  return home && *home == '/' ? std::string(home) + "/.local/state/simsd" : std::string();
}

}  // namespace sims::server
