// The folders in which a client keeps its files.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace sims::client {

// `home` (--home DIR) if it is not empty, else $XDG_DATA_HOME/sims; a variable that is unset, empty or
// relative (which the XDG specification says to ignore) becomes ~/.local/share. Makes nothing. Fails without
// any home.
Result<std::string> data_folder(const std::string& home);
// $XDG_STATE_HOME/sims, else ~/.local/state/sims: for the note by which Store notices a restored
// backup. Also with --home, since restoring that folder restores all of it. Empty without any home.
std::string state_folder();
// `home`, else $XDG_CONFIG_HOME/sims, else ~/.config/sims.
Result<std::string> config_folder(const std::string& home);
using GetEnv = std::function<const char*(const char* name)>;
Result<std::string> data_folder(const std::string& home, const GetEnv& env);  // for tests
Result<std::string> config_folder(const std::string& home, const GetEnv& env);
std::string state_folder(const GetEnv& env);

}  // namespace sims::client
