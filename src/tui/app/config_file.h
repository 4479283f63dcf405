// The configuration file of sims-tui (TOML, see sims-tui(1)): the options of tui/state/options.h and, in the
// section [keys], the keys of the actions of tui/edit/keymap.h.
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

// A missing file counts as empty. Errors begin with FILE:LINE.
Result<Config> load_config_file(const std::string& path);
// Writes the values that differ from the defaults; comments in the old file are lost. Makes the folder if it
// is missing.
Result<void> save_config_file(const std::string& path, const Config& config);

// The same on the text of a file; `name` is for errors.
Result<Config> parse_config_text(std::string_view text, const std::string& name);
std::string config_text(const Config& config);

}  // namespace sims::tui
