// Where a client keeps its files: identity, known_servers, known_peers, settings and lock.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace sims::client {

// `home` (--home DIR) if it is not empty, else $XDG_DATA_HOME/sims; a variable that is unset, empty or
// relative (which the XDG specification says to ignore) becomes ~/.local/share. Makes nothing. Fails without
// any home.
Result<std::string> data_folder(const std::string& home);
using GetEnv = std::function<const char*(const char* name)>;
Result<std::string> data_folder(const std::string& home, const GetEnv& env);  // for tests

}  // namespace sims::client
