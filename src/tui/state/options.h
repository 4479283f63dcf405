// The options of sims-tui: /set changes them, /save writes them into the configuration file. Plain data and
// its one table, from which /set, completion, the configuration file and the check of sims-tui(1) derive.
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
  bool ascii = false;  // draw ASCII only
  bool mouse = false;  // take wheel and clicks from the terminal
  bool title = true;   // set the terminal's title
  NotifyBy notify = NotifyBy::bell;
  bool notify_text = false;  // notifications show the message
  bool receipts = false;     // send read receipts to contacts
  bool typing = false;       // show contacts that we are typing
  bool history = true;       // keep messages on disk
  int paste_lines = 3;       // a paste of more lines asks first
  int lock_after_min = 0;    // minutes without a key until sims-tui locks itself; 0: never
  bool operator==(const Options&) const = default;
};

struct Option {
  std::string_view name;  // in /set and in the file
  std::variant<bool Options::*, int Options::*, ThemeId Options::*, NotifyBy Options::*> field;
  std::string_view help;  // one line
  int min = 0, max = 0;   // bounds of a number
};

std::span<const Option> all_options();  // sorted by name
const Option* find_option(std::string_view name);

// The value as text: "on", "off", a number or the name of a choice. set_option() takes the same, and its
// error lists the valid values.
std::string get_option(const Options& options, const Option& option);
Result<void> set_option(Options& options, const Option& option, std::string_view text);
std::vector<std::string> option_choices(const Option& option);  // empty: the option is a number
std::string option_values(const Option& option);                // in words: "off or on", "1 to 100"

}  // namespace sims::tui
