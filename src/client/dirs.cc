#include "client/dirs.h"

#include <cstdlib>

namespace sims::client {

Result<Dirs> find_dirs(const std::string& home) {
  return find_dirs(home, [](const char* name) -> const char* { return std::getenv(name); });
}

Result<Dirs> find_dirs(const std::string& home, const GetEnv& env) {
  if (!home.empty()) return Dirs{home, home};
  auto absolute = [&](const char* name) -> std::string {
    const char* value = env(name);
    return value != nullptr && value[0] == '/' ? value : "";
  };
  Dirs dirs{absolute("XDG_DATA_HOME"), absolute("XDG_CONFIG_HOME")};
  std::string user = absolute("HOME");
  if (user.empty() && (dirs.data.empty() || dirs.config.empty())) {
    return fail("no home folder: set HOME, or say --home DIR");
  }
  if (dirs.data.empty()) dirs.data = user + "/.local/share";
  if (dirs.config.empty()) dirs.config = user + "/.config";
  dirs.data += "/sims";
  dirs.config += "/sims";
  return dirs;
}

}  // namespace sims::client
