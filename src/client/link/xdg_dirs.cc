// Finds the data, configuration and state folders from --home or the XDG variables.
#include "client/link/xdg_dirs.h"

#include <cstdlib>

namespace sims::client {

namespace {

const char* environment(const char* name) {
  return std::getenv(name);
}

std::string absolute(const GetEnv& env, const char* name) {
  const char* value = env(name);
  return value != nullptr && value[0] == '/' ? value : "";
}

// Empty: no home.
std::string xdg_folder(const GetEnv& env, const char* variable, const char* below_home) {
  if (const auto base = absolute(env, variable); !base.empty()) return base + "/sims";
  if (const auto user = absolute(env, "HOME"); !user.empty()) return user + below_home + "/sims";
  return "";
}

Result<std::string> needed(std::string folder) {
  if (folder.empty()) return fail("no home folder: set HOME or pass --home DIR");
  return folder;
}

}  // namespace

Result<std::string> data_folder(const std::string& home) {
  return data_folder(home, environment);
}

Result<std::string> config_folder(const std::string& home) {
  return config_folder(home, environment);
}

Result<std::string> data_folder(const std::string& home, const GetEnv& env) {
  return home.empty() ? needed(xdg_folder(env, "XDG_DATA_HOME", "/.local/share")) : home;
}

Result<std::string> config_folder(const std::string& home, const GetEnv& env) {
  return home.empty() ? needed(xdg_folder(env, "XDG_CONFIG_HOME", "/.config")) : home;
}

std::string state_folder() {
  return state_folder(environment);
}

std::string state_folder(const GetEnv& env) {
  return xdg_folder(env, "XDG_STATE_HOME", "/.local/state");
}

}  // namespace sims::client
