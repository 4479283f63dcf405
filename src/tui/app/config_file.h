// The configuration file of sims-tui (TOML, see sims-tui(1)): the options of tui/options.h by their names,
// and in a section [keys] the keys of actions (tui/keymap.h) by theirs.
#pragma once

#include <string>

#include "base/result.h"
#include "tui/edit/keymap.h"
#include "tui/state/options.h"

namespace sims::tui {

struct Config {
  Options options;
  Keymap keys;
};

// A file that is not there is an empty one. Errors begin with FILE:LINE.
Result<Config> load_config_file(const std::string& path);
// Writes what differs from the defaults; comments of the user's are lost. Makes the folder when it is
// missing.
Result<void> save_config_file(const std::string& path, const Config& config);

// As text, for the two above.
Result<Config> parse_config_text(std::string_view text, const std::string& name);
std::string config_text(const Config& config);

}  // namespace sims::tui
