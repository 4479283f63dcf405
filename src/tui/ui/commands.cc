// The rows of the slash commands, the parser of a line, and the help texts.
#include "tui/ui/commands.h"

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "tui/ui/command_handlers.h"

namespace sims::tui {
namespace {

constexpr std::array table = {
    Command{"/accept", "[NAME]", "Accept NAME's request, or unblock NAME. NAME is a contact from now on.", 0,
            1, Completes::request, commands::accept, "/unblock /unignore"},
    Command{"/away", "[REASON]",
            "Be away: send no notifications, read or typing notices. /away again ends it.", 0, 1,
            Completes::nothing, commands::away},
    Command{"/bind", "[KEY [ACTION]]",
            "Show the keys or one of them, or bind KEY to ACTION; none unbinds it.", 0, 2, Completes::key,
            commands::bind},
    Command{"/block", "[NAME]", "Show and answer nothing from NAME any more. /accept NAME ends it.", 0, 1,
            Completes::peer, commands::block, "/ignore"},
    Command{"/clear", "", "Clear this window; the history stays.", 0, 0, Completes::nothing, commands::clear},
    Command{"/close", "[REASON]", "End the conversation in this window and close it.", 0, 1,
            Completes::nothing, commands::close, "/part"},
    Command{"/connect", "[SERVER]", "Open the connect dialog, or connect to SERVER: HOST or HOST:PORT.", 0, 1,
            Completes::nothing, commands::connect, "/server"},
    Command{"/decline", "[NAME]", "Forget NAME's request and its messages. NAME is not told.", 0, 1,
            Completes::request, commands::decline},
    Command{"/discard", "[NAME]", "Drop the messages typed for an earlier key of NAME.", 0, 1,
            Completes::peer, commands::discard},
    Command{"/disconnect", "", "Leave the server, and stop reconnecting.", 0, 0, Completes::nothing,
            commands::disconnect},
    Command{"/distrust", "[NAME]", "Mark NAME's key as unverified.", 0, 1, Completes::peer,
            commands::distrust},
    Command{"/doctor", "", "Check the terminal, the connection, the store and the keys.", 0, 0,
            Completes::nothing, commands::doctor},
    Command{"/help", "[COMMAND]", "Show the commands, or one of them. F1 shows the keys.", 0, 1,
            Completes::command, commands::help},
    Command{"/history", "export|delete [NAME] [FILE]",
            "Write the history with NAME into FILE (with a slash in it), or delete it here for good.", 1, 3,
            Completes::history, commands::history},
    Command{"/lock", "", "Drop the keys from memory, and ask for the passphrase.", 0, 0, Completes::nothing,
            commands::lock},
    Command{"/me", "TEXT", "Say what you do: /me waves.", 1, 1, Completes::nothing, commands::me},
    Command{"/msg", "NAME TEXT", "Send TEXT to NAME and stay in this window.", 2, 2, Completes::peer,
            commands::msg},
    Command{"/names", "", "List the users who are online.", 0, 0, Completes::nothing, commands::names,
            "/list /who"},
    Command{"/nick", "NAME", "Connect again under another name.", 1, 1, Completes::nothing, commands::nick},
    Command{"/passphrase", "", "Set, change or remove the passphrase of the store.", 0, 0, Completes::nothing,
            commands::passphrase},
    Command{"/query", "NAME [TEXT]", "Open the window with NAME, and send TEXT there.", 1, 2, Completes::peer,
            commands::query, "/join"},
    Command{"/quit", "", "Leave the server and exit.", 0, 0, Completes::nothing, commands::quit, "/exit"},
    Command{"/requests", "", "List the strangers who wrote and wait for an answer.", 0, 0, Completes::nothing,
            commands::requests},
    Command{"/resend", "[NAME]", "Send the messages typed for an earlier key of NAME to the current key.", 0,
            1, Completes::peer, commands::resend},
    Command{"/save", "", "Write the options and the keys into the configuration file.", 0, 0,
            Completes::nothing, commands::save},
    Command{"/search", "[TEXT]",
            "Search the history of this window for TEXT; in the status window, that of all windows.", 0, 1,
            Completes::nothing, commands::search, "/find"},
    Command{"/set", "[OPTION [VALUE]]", "Show the options or one of them, or set it.", 0, 2,
            Completes::option, commands::set},
    Command{"/theme", "[THEME]", "Show the themes, or choose one; the same as /set theme.", 0, 1,
            Completes::theme, commands::theme},
    Command{"/trust", "[NAME] FINGERPRINT", "Accept NAME's changed key; type or paste its whole fingerprint.",
            1, 2, Completes::peer, commands::trust},
    Command{"/verify", "[NAME] [NUMBER]",
            "Show the safety number with NAME, and compare it with the one that NAME reads out.", 0, 2,
            Completes::peer, commands::verify},
    Command{"/whois", "[NAME]", "Show NAME's keys, trust state, session and waiting messages.", 0, 1,
            Completes::peer, commands::whois},
    Command{"/win", "NUMBER", "Go to a window; 1 is the status window.", 1, 1, Completes::window,
            commands::win, "/buffer /window"},
    Command{"/wins", "", "List the windows and their unread messages.", 0, 0, Completes::nothing,
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
