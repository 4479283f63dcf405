// What the user can set: with /set, kept with /save in the configuration file. Plain data, and the one table
// of it: /set, completion, the configuration file and the check of sims-tui(1) derive from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tui/term/theme_id.h"

namespace sims::tui {

enum class NotifyBy { off, bell, osc9, osc777, osc99 };

struct Options {
  ThemeId theme = ThemeId::dark;
  bool ascii = false;  // nothing but ASCII on the screen
  bool mouse = false;  // wheel and clicks are ours instead of the terminal's
  bool title = true;   // tell the terminal its title
  NotifyBy notify = NotifyBy::bell;
  bool notify_text = false;  // notifications hold the message
  bool receipts = false;     // tell contacts what was read
  bool typing = false;       // tell contacts that we type
  bool history = true;       // keep what was said
  int paste_lines = 3;       // a paste of more asks first
  int lock_after_min = 0;    // without a key for so long: as /lock; 0: never
  bool operator==(const Options&) const = default;
};

struct Option {
  std::string_view name;  // as in /set and in the file
  std::variant<bool Options::*, int Options::*, ThemeId Options::*, NotifyBy Options::*> field;
  std::string_view help;    // one line
  int least = 0, most = 0;  // of a number
};

std::span<const Option> all_options();  // by name
const Option* find_option(std::string_view name);

// As text: "on", "off", a number, the name of a choice; set_option() takes the same and says what it takes.
std::string get_option(const Options& options, const Option& option);
Result<void> set_option(Options& options, const Option& option, std::string_view text);
std::vector<std::string> option_choices(const Option& option);  // empty: a number
std::string option_values(const Option& option);                // in words: "on or off", "1 to 100"

}  // namespace sims::tui
