#include "client/dirs.h"

#include <cstdlib>

namespace sims::client {

Result<std::string> data_folder(const std::string& home) {
  return data_folder(home, [](const char* name) -> const char* { return std::getenv(name); });
}

Result<std::string> data_folder(const std::string& home, const GetEnv& env) {
  if (!home.empty()) return home;
  const auto absolute = [&](const char* name) -> std::string {
    const char* value = env(name);
    return value != nullptr && value[0] == '/' ? value : "";
  };
  if (const auto data = absolute("XDG_DATA_HOME"); !data.empty()) return data + "/sims";
  if (const auto user = absolute("HOME"); !user.empty()) return user + "/.local/share/sims";
  return fail("no home folder: set HOME, or say --home DIR");
}

}  // namespace sims::client
