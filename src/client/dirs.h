// Where a client keeps its files: --home DIR for everything, else the XDG base directories.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace sims::client {

struct Dirs {
  std::string data;    // identity, known_servers, known_peers, settings, lock, history
  std::string config;  // what the user writes: sims-tui.toml
};

// `home` empty: $XDG_DATA_HOME/sims and $XDG_CONFIG_HOME/sims; a variable that is unset, empty or relative
// (which the XDG specification says to ignore) becomes ~/.local/share and ~/.config. Makes nothing. Fails
// without any home.
Result<Dirs> find_dirs(const std::string& home);
using GetEnv = std::function<const char*(const char* name)>;
Result<Dirs> find_dirs(const std::string& home, const GetEnv& env);  // for tests

}  // namespace sims::client
