#include "tui/commands.h"

#include <algorithm>
#include <array>

namespace sims::tui {
namespace {

constexpr std::array table = {
    Command{CommandId::clear, "/clear", "", "Clears what this window shows.", 0, 0, Completes::nothing},
    Command{CommandId::close, "/close", "[REASON]", "Ends the conversation in this window and closes it.", 0,
            1, Completes::nothing},
    Command{CommandId::connect, "/connect", "[SERVER]",
            "Opens the connect dialog; SERVER is HOST or HOST:PORT.", 0, 1, Completes::nothing},
    Command{CommandId::disconnect, "/disconnect", "", "Leaves the server, and stops trying to reach it.", 0,
            0, Completes::nothing},
    Command{CommandId::distrust, "/distrust", "[NAME]", "Takes back that NAME's key was verified.", 0, 1,
            Completes::peer},
    Command{CommandId::help, "/help", "[COMMAND]", "Shows the commands and keys, or one command.", 0, 1,
            Completes::command},
    Command{CommandId::me, "/me", "TEXT", "Says what you do: /me waves.", 1, 1, Completes::nothing},
    Command{CommandId::msg, "/msg", "NAME TEXT", "Sends TEXT to NAME and stays in this window.", 2, 2,
            Completes::peer},
    Command{CommandId::names, "/names", "", "Lists who is online.", 0, 0, Completes::nothing},
    Command{CommandId::query, "/query", "NAME [TEXT]", "Opens the window with NAME, and sends TEXT there.", 1,
            2, Completes::peer},
    Command{CommandId::quit, "/quit", "", "Leaves the server and ends the program.", 0, 0,
            Completes::nothing},
    Command{CommandId::trust, "/trust", "[NAME] FINGERPRINT",
            "Accepts NAME's changed key, whose fingerprint is typed or pasted in full.", 1, 2,
            Completes::peer},
    Command{CommandId::verify, "/verify", "[NAME [NUMBER]]",
            "Shows the safety number with NAME and compares it with the one that NAME reads out.", 0, 2,
            Completes::peer},
    Command{CommandId::whois, "/whois", "[NAME]", "Shows what is known about NAME: keys, trust, session.", 0,
            1, Completes::peer},
    Command{CommandId::win, "/win", "NUMBER", "Goes to a window; 1 is the status window.", 1, 1,
            Completes::window},
};

constexpr std::string_view keys_help =
    "Keys: Alt-1..0 window, Alt-a next unread, Alt-Left/Right or Ctrl-P/N window, Alt-Up/Down user of the "
    "list, "
    "PgUp/PgDn scroll, Tab completes, Up/Down what you typed before, Alt-Enter new line, "
    "Ctrl-A E B F D K U W Y T and Alt-B F D Backspace edit, Ctrl-C empties the line, Escape closes what is "
    "open or says no, Ctrl-L redraws, Ctrl-Z suspends, F1 help.";

bool space(char c) {
  return c == ' ' || c == '\n' || c == '\t';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && space(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string_view first_word(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && !space(text[n]))
    ++n;
  return text.substr(0, n);
}

std::vector<std::string> split(std::string_view text, int most) {
  std::vector<std::string> words;
  text = trim(text);
  while (!text.empty()) {
    if (static_cast<int>(words.size()) + 1 >= most) {
      words.emplace_back(text);
      break;
    }
    const auto word = first_word(text);
    words.emplace_back(word);
    text = trim(text.substr(word.size()));
  }
  return words;
}

// Levenshtein's distance with neighbours swapped as one edit; both are short.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before2(b.size() + 1), before(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    before[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before2[j - 2] + 1);
    }
    before2 = before;
    before = row;
  }
  return before[b.size()];
}

Refused unknown(std::string_view name) {
  const std::string shown(name.substr(0, 40));
  const Command* near = nearest_command(name);
  if (near == nullptr)
    return {"There is no command " + shown +
            ". /help lists them; //text sends a text that starts with a slash."};
  return {"There is no command " + shown + ". Did you mean " + std::string(near->name) + "?"};
}

bool starts_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

}  // namespace

std::span<const Command> all_commands() {
  return table;
}

const Command* find_command(std::string_view name) {
  const auto it = std::find_if(table.begin(), table.end(), [&](const Command& c) { return c.name == name; });
  return it == table.end() ? nullptr : &*it;
}

const Command* nearest_command(std::string_view name) {
  if (name.size() > 40) return nullptr;
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const Command* best = nullptr;
  std::size_t least = 3;
  int beginnings = 0;
  for (const Command& c : table) {
    if (lower.size() > 1 && starts_with(c.name, lower)) {
      if (++beginnings == 1) best = &c;
    }
  }
  if (beginnings == 1) return best;
  for (const Command& c : table) {
    const std::size_t distance = edits(lower, c.name);
    if (distance < least && distance + 1 < c.name.size()) {
      least = distance;
      best = &c;
    }
  }
  return best;
}

Parsed parse_line(std::string_view line) {
  const auto bare = trim(line);
  if (bare.empty()) return Nothing{};
  if (bare.front() != '/') return Text{std::string(line)};
  if (line.front() != '/')
    return Refused{
        "This line has a space before the slash. Take the space away for a command, or send //... for a "
        "text."};
  if (starts_with(line, "//")) return Text{std::string(line.substr(1))};
  const auto name = first_word(line);
  const Command* command = find_command(name);
  if (command == nullptr) return unknown(name);
  const auto rest = trim(line.substr(name.size()));
  if (command->takes == 0 && !rest.empty())
    return Refused{std::string(command->name) + " takes no arguments."};
  Invocation out{command, split(rest, command->takes)};
  if (static_cast<int>(out.words.size()) < command->needs)
    return Refused{"Usage: " + std::string(command->name) + " " + std::string(command->arguments)};
  return out;
}

Completion complete(std::string_view line, std::size_t cursor, const Completables& with) {
  Completion out;
  cursor = std::min(cursor, line.size());
  std::size_t from = cursor;
  while (from > 0 && !space(line[from - 1]))
    --from;
  const auto typed = line.substr(from, cursor - from);
  out.from = from;
  out.to = cursor;
  auto offer = [&](std::string_view candidate) {
    if (starts_with(candidate, typed)) out.candidates.push_back(std::string(candidate) + " ");
  };
  if (from == 0 && starts_with(typed, "/")) {
    for (const Command& c : table)
      offer(c.name);
    return out;
  }
  Completes what = Completes::peer;
  if (starts_with(line, "/")) {
    const auto name = first_word(line);
    const Command* command = find_command(name);
    const bool is_first = trim(line.substr(name.size(), from - name.size())).empty();
    what = command != nullptr && is_first ? command->completes : Completes::nothing;
  } else if (typed.empty()) {
    return out;
  }
  if (what == Completes::peer) {
    for (const auto& peer : with.peers)
      offer(peer);
  } else if (what == Completes::command) {
    for (const Command& c : table)
      offer(typed.empty() || typed.front() == '/' ? c.name : c.name.substr(1));
  } else if (what == Completes::window) {
    for (std::size_t i = 1; i <= with.windows; ++i)
      offer(std::to_string(i));
  }
  return out;
}

std::string help_text() {
  std::string out = "Commands:";
  for (const Command& c : table)
    out += "\n" + help_text(c);
  out += "\n";
  out += keys_help;
  return out;
}

std::string help_text(const Command& command) {
  std::string out(command.name);
  if (!command.arguments.empty()) out += " " + std::string(command.arguments);
  return out + ": " + std::string(command.help);
}

}  // namespace sims::tui
