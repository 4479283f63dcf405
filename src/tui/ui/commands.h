// The one table of slash commands: /help, completion, the hint after a typo, the handlers and the check of
// sims-tui(1) derive from it. Pure: from an input line to what it means. Text never leaves as a message when it looks
// like a command.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sims::tui {

enum class Completes { nothing, peer, request, command, window, option, theme, history, key };

struct CommandContext;
struct Invocation;

struct Command {
  std::string_view name;       // with its slash
  std::string_view arguments;  // as in the manual: [NAME] optional, NAME not
  std::string_view help;       // one line
  int needs;                   // so many words at least
  int takes;                   // split into at most so many; the last one keeps its spaces
  Completes completes;         // its first word, and what follows from that
  bool (*run)(CommandContext& with, const Invocation& call);  // false: refused or asked about
  std::string_view aliases = {};  // names of other programs for it, with spaces between them: only hinted at
};

std::span<const Command> all_commands();             // by name
const Command* find_command(std::string_view name);  // with its slash; nullptr: none
// "There is no command /qurey." and what may have been meant.
std::string no_such_command(std::string_view name);

// What separates the words of a command.
inline bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t';
}

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
struct AmbiguousSlash {  // spaces and then a slash: a text, or a command with a slip
  std::string command;   // without the spaces
};
using Parsed = std::variant<Nothing, Text, Invocation, Refused, AmbiguousSlash>;

// "//text" is the text "/text"; an unknown command is refused.
Parsed parse_line(std::string_view line);

std::string help_text();                        // all commands
std::string help_text(const Command& command);  // one of them

}  // namespace sims::tui
