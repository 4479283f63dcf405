#include "tui/ui/commands.h"

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "tui/ui/command_handlers.h"

namespace sims::tui {
namespace {

constexpr std::array table = {
    Command{"/accept", "[NAME]", "Accepts NAME's request, or ends the block of NAME: a contact from now on.",
            0, 1, Completes::request, commands::accept, "/unblock /unignore"},
    Command{"/away", "[REASON]",
            "Away: nothing rings, and nobody is told what you read or type. /away again: back.", 0, 1,
            Completes::nothing, commands::away},
    Command{"/bind", "[KEY [ACTION]]",
            "Shows what the keys do or one of them, or gives KEY to ACTION; none takes it away.", 0, 2,
            Completes::key, commands::bind},
    Command{"/block", "[NAME]", "Shows and answers nothing of NAME's any more. /accept NAME ends it.", 0, 1,
            Completes::peer, commands::block, "/ignore"},
    Command{"/clear", "", "Clears what this window shows.", 0, 0, Completes::nothing, commands::clear},
    Command{"/close", "[REASON]", "Ends the conversation in this window and closes it.", 0, 1,
            Completes::nothing, commands::close, "/part"},
    Command{"/connect", "[SERVER]", "Opens the connect dialog; SERVER is HOST or HOST:PORT.", 0, 1,
            Completes::nothing, commands::connect, "/server"},
    Command{"/decline", "[NAME]", "Forgets NAME's request and what came with it. NAME is told nothing.", 0, 1,
            Completes::request, commands::decline},
    Command{"/discard", "[NAME]", "Drops what was typed for an earlier key of NAME.", 0, 1, Completes::peer,
            commands::discard},
    Command{"/disconnect", "", "Leaves the server, and stops trying to reach it.", 0, 0, Completes::nothing,
            commands::disconnect},
    Command{"/distrust", "[NAME]", "Takes back that NAME's key was verified.", 0, 1, Completes::peer,
            commands::distrust},
    Command{"/doctor", "", "Tells how the terminal, the connection and the keys are doing.", 0, 0,
            Completes::nothing, commands::doctor},
    Command{"/help", "[COMMAND]", "Shows the commands, or one of them. F1 shows the keys.", 0, 1,
            Completes::command, commands::help},
    Command{"/history", "export|delete [NAME] [FILE]",
            "Writes what was said with NAME into FILE (with a slash in it), or deletes it here for good.", 1,
            3, Completes::history, commands::history},
    Command{"/lock", "", "Drops the keys from memory until the passphrase is given again.", 0, 0,
            Completes::nothing, commands::lock},
    Command{"/me", "TEXT", "Says what you do: /me waves.", 1, 1, Completes::nothing, commands::me},
    Command{"/msg", "NAME TEXT", "Sends TEXT to NAME and stays in this window.", 2, 2, Completes::peer,
            commands::msg},
    Command{"/names", "", "Lists who is online.", 0, 0, Completes::nothing, commands::names, "/list /who"},
    Command{"/nick", "NAME", "Connects anew under another name.", 1, 1, Completes::nothing, commands::nick},
    Command{"/passphrase", "", "Sets, changes or takes away the passphrase that opens what is kept here.", 0,
            0, Completes::nothing, commands::passphrase},
    Command{"/query", "NAME [TEXT]", "Opens the window with NAME, and sends TEXT there.", 1, 2,
            Completes::peer, commands::query, "/join"},
    Command{"/quit", "", "Leaves the server and ends the program.", 0, 0, Completes::nothing, commands::quit,
            "/exit"},
    Command{"/requests", "", "Lists the strangers who wrote and wait for an answer.", 0, 0,
            Completes::nothing, commands::requests},
    Command{"/resend", "[NAME]", "Sends what was typed for an earlier key of NAME to the key of today.", 0, 1,
            Completes::peer, commands::resend},
    Command{"/save", "", "Writes the options and the keys into the configuration file.", 0, 0,
            Completes::nothing, commands::save},
    Command{"/search", "[TEXT]",
            "Looks for TEXT in all that was said in this window; in the status window, in all windows.", 0, 1,
            Completes::nothing, commands::search, "/find"},
    Command{"/set", "[OPTION [VALUE]]", "Shows the options or one, or sets it.", 0, 2, Completes::option,
            commands::set},
    Command{"/theme", "[THEME]", "Shows the themes or takes one; as /set theme.", 0, 1, Completes::theme,
            commands::theme},
    Command{"/trust", "[NAME] FINGERPRINT",
            "Accepts NAME's changed key, whose fingerprint is typed or pasted in full.", 1, 2,
            Completes::peer, commands::trust},
    Command{"/verify", "[NAME] [NUMBER]",
            "Shows the safety number with NAME and compares it with the one that NAME reads out.", 0, 2,
            Completes::peer, commands::verify},
    Command{"/whois", "[NAME]", "Shows what is known about NAME: keys, trust, session.", 0, 1,
            Completes::peer, commands::whois},
    Command{"/win", "NUMBER", "Goes to a window; 1 is the status window.", 1, 1, Completes::window,
            commands::win, "/buffer /window"},
    Command{"/wins", "", "Lists the windows and what is unread in them.", 0, 0, Completes::nothing,
            commands::wins},
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string_view first_word(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && !is_space(text[n]))
    ++n;
  return text.substr(0, n);
}

std::vector<std::string> split(std::string_view text, int max_words) {
  std::vector<std::string> words;
  text = trim(text);
  while (!text.empty()) {
    if (static_cast<int>(words.size()) + 1 >= max_words) {
      words.emplace_back(text);
      break;
    }
    const auto word = first_word(text);
    words.emplace_back(word);
    text = trim(text.substr(word.size()));
  }
  return words;
}

}  // namespace

std::span<const Command> all_commands() {
  return table;
}

const Command* find_command(std::string_view name) {
  const auto it = std::find_if(table.begin(), table.end(), [&](const Command& c) { return c.name == name; });
  return it == table.end() ? nullptr : &*it;
}

std::string no_such_command(std::string_view name) {
  std::string out = "There is no command " + std::string(name.substr(0, 40)) + ".";
  for (const Command& command : table) {
    const auto aliases = split(command.aliases, 10);
    if (std::find(aliases.begin(), aliases.end(), name) != aliases.end())
      return out + " Here it is " + std::string(command.name) + ".";
  }
  std::array<std::string_view, table.size()> names;
  std::transform(table.begin(), table.end(), names.begin(), [](const Command& c) { return c.name; });
  const auto near = nearest(name, names);
  if (!near.empty()) return out + did_you_mean(near);
  return out + " /help lists them; //text sends a text that starts with a slash.";
}

Parsed parse_line(std::string_view line) {
  const auto bare = trim(line);
  if (bare.empty()) return Nothing{};
  if (bare.front() != '/') return Text{std::string(line)};
  if (line.front() != '/') return AmbiguousSlash{std::string(bare)};
  if (line.starts_with("//")) return Text{std::string(line.substr(1))};
  const auto name = first_word(line);
  const Command* command = find_command(name);
  if (command == nullptr) return Refused{no_such_command(name)};
  const auto rest = trim(line.substr(name.size()));
  if (command->takes == 0 && !rest.empty())
    return Refused{std::string(command->name) + " takes no arguments."};
  Invocation out{command, split(rest, command->takes)};
  if (static_cast<int>(out.words.size()) < command->needs)
    return Refused{"Usage: " + std::string(command->name) + " " + std::string(command->arguments)};
  return out;
}

std::string help_text() {
  std::string out = "Commands:";
  for (const Command& c : table)
    out += "\n" + help_text(c);
  return out;
}

std::string help_text(const Command& command) {
  std::string out(command.name);
  if (!command.arguments.empty()) out += " " + std::string(command.arguments);
  return out + ": " + std::string(command.help);
}

}  // namespace sims::tui
