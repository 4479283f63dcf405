// The one table of slash commands: /help, completion, the hint after a typo, the handlers and the check of
// sims-tui(1) derive from it. Pure: parses an input line. A line that looks like a command is never sent as a text.
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
  std::string_view help;       // one line, in the imperative
  int needs;                   // the least number of words
  int takes;                   // the most words to split into; the last one keeps its spaces
  Completes completes;         // the kind of its first word; decides about the next words, too
  bool (*run)(CommandContext& with, const Invocation& call);  // false: refused, or asks the user first
  std::string_view aliases = {};  // its names in other programs, separated by spaces; only for the hint
};

std::span<const Command> all_commands();             // sorted by name
const Command* find_command(std::string_view name);  // with its slash; nullptr: none
// "There is no command /qurey.", with the most similar command.
std::string no_such_command(std::string_view name);

// True for the characters that separate the words of a command.
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
struct Refused {    // neither sent nor run
  std::string why;  // says what to do
};
struct AmbiguousSlash {  // spaces before a slash: a text, or a mistyped command
  std::string command;   // without the spaces
};
using Parsed = std::variant<Nothing, Text, Invocation, Refused, AmbiguousSlash>;

// "//text" is the text "/text". An unknown command is Refused.
Parsed parse_line(std::string_view line);

std::string help_text();                        // all commands
std::string help_text(const Command& command);  // one of them

}  // namespace sims::tui
