// The one table of slash commands: /help, completion, the hint after a typo and the check of sims-tui(1)
// derive from it. Pure: from an input line to what it means. Text never leaves as a message when it looks
// like a command.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sims::tui {

enum class CommandId {
  clear,
  close,
  connect,
  disconnect,
  distrust,
  help,
  me,
  msg,
  names,
  query,
  quit,
  trust,
  verify,
  whois,
  win,
};

enum class Completes { nothing, peer, command, window };

struct Command {
  CommandId id;
  std::string_view name;       // with its slash
  std::string_view arguments;  // as in the manual: [NAME] optional, NAME not
  std::string_view help;       // one line
  int needs;                   // so many words at least
  int takes;                   // split into at most so many; the last one keeps its spaces
  Completes completes;         // its first word
};

std::span<const Command> all_commands();             // by name
const Command* find_command(std::string_view name);  // with its slash; nullptr: none
// What the user may have meant: a unique beginning, else the nearest by edits (at most 2). nullptr: nothing
// near.
const Command* nearest_command(std::string_view name);

struct Nothing {};
struct Text {
  std::string body;
};
struct Invocation {
  const Command* command;
  std::vector<std::string> words;
  std::string word(std::size_t i) const { return i < words.size() ? words[i] : std::string(); }
};
struct Refused {  // neither sent nor done; `why` says what to do
  std::string why;
};
using Parsed = std::variant<Nothing, Text, Invocation, Refused>;

// "//text" is the text "/text"; space and then a slash is refused, as is an unknown command.
Parsed parse_line(std::string_view line);

// What completion can offer now.
struct Completables {
  std::vector<std::string> peers;
  std::size_t windows = 0;
};

struct Completion {
  std::size_t from = 0, to = 0;         // what is replaced, byte offsets
  std::vector<std::string> candidates;  // in full, with the space behind them; empty: nothing fits
};
Completion complete(std::string_view line, std::size_t cursor, const Completables& with);

std::string help_text();                        // all commands and keys
std::string help_text(const Command& command);  // one of them

}  // namespace sims::tui
