// The tables of actions and key names, and Keymap, which binds and looks up keys.
#include "tui/edit/keymap.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "tui/term/key_sequences.h"

namespace sims::tui {
namespace {

// clang-format off
constexpr std::string_view number_help = "go to the window with this number; 0 means 10";
constexpr std::array table = {
    ActionInfo{Action::window_1, "window-1", "alt-1", number_help},
    ActionInfo{Action::window_2, "window-2", "alt-2", number_help},
    ActionInfo{Action::window_3, "window-3", "alt-3", number_help},
    ActionInfo{Action::window_4, "window-4", "alt-4", number_help},
    ActionInfo{Action::window_5, "window-5", "alt-5", number_help},
    ActionInfo{Action::window_6, "window-6", "alt-6", number_help},
    ActionInfo{Action::window_7, "window-7", "alt-7", number_help},
    ActionInfo{Action::window_8, "window-8", "alt-8", number_help},
    ActionInfo{Action::window_9, "window-9", "alt-9", number_help},
    ActionInfo{Action::window_10, "window-10", "alt-0", number_help},
    ActionInfo{Action::window_next, "window-next", "ctrl-n alt-right", "go to the next window"},
    ActionInfo{Action::window_previous, "window-previous", "ctrl-p alt-left", "go to the previous window"},
    ActionInfo{Action::next_unread, "next-unread", "alt-a", "go to the next window with unread messages"},
    ActionInfo{Action::list_up, "list-up", "alt-up", "move up in the list of users"},
    ActionInfo{Action::list_down, "list-down", "alt-down", "move down in the list of users"},
    ActionInfo{Action::list, "list", "f2 alt-p", "show or hide the list of users on a narrow screen"},
    ActionInfo{Action::scroll_up, "scroll-up", "pgup", "scroll up by a page"},
    ActionInfo{Action::scroll_down, "scroll-down", "pgdn", "scroll down by a page"},
    ActionInfo{Action::top, "top", "alt-home alt-<", "scroll to the oldest line"},
    ActionInfo{Action::bottom, "bottom", "alt-end alt->", "scroll to the newest line"},
    ActionInfo{Action::search, "search", "ctrl-s", "search in this conversation"},
    ActionInfo{Action::send, "send", "enter", "send the line, or answer yes to a question"},
    ActionInfo{Action::newline, "newline", "alt-enter shift-enter", "begin a new line in the message"},
    ActionInfo{Action::complete, "complete", "tab", "complete a command, a name or an emoji"},
    ActionInfo{Action::complete_back, "complete-back", "shift-tab", "go back to the previous completion"},
    ActionInfo{Action::up, "up", "up", "move a line up; on the first line: show the entry before"},
    ActionInfo{Action::down, "down", "down", "move a line down; on the last line: show the entry after"},
    ActionInfo{Action::history_search, "history-search", "ctrl-r", "search the input history"},
    ActionInfo{Action::left, "left", "left ctrl-b", "move a character to the left"},
    ActionInfo{Action::right, "right", "right ctrl-f", "move a character to the right"},
    ActionInfo{Action::word_left, "word-left", "alt-b ctrl-left", "move a word to the left"},
    ActionInfo{Action::word_right, "word-right", "alt-f ctrl-right", "move a word to the right"},
    ActionInfo{Action::home, "home", "ctrl-a home", "move to the start of the line"},
    ActionInfo{Action::end, "end", "ctrl-e end", "move to the end of the line"},
    ActionInfo{Action::backspace, "backspace", "backspace", "delete the character before the cursor"},
    ActionInfo{Action::del, "delete", "ctrl-d delete", "delete the character at the cursor"},
    ActionInfo{Action::kill_to_end, "kill-to-end", "ctrl-k", "cut to the end of the line"},
    ActionInfo{Action::kill_to_start, "kill-to-start", "ctrl-u", "cut to the start of the line"},
    ActionInfo{Action::kill_word, "kill-word", "ctrl-w", "cut back to the last space"},
    ActionInfo{Action::kill_word_left, "kill-word-left", "alt-backspace ctrl-backspace", "cut the word before the cursor"},
    ActionInfo{Action::kill_word_right, "kill-word-right", "alt-d", "cut the word after the cursor"},
    ActionInfo{Action::yank, "yank", "ctrl-y", "paste the last cut"},
    ActionInfo{Action::yank_older, "yank-older", "alt-y", "after that: paste the cut before instead"},
    ActionInfo{Action::transpose, "transpose", "ctrl-t", "swap two characters"},
    ActionInfo{Action::undo, "undo", "ctrl-_", "undo the last change of the line"},
    ActionInfo{Action::cancel, "cancel", "escape ctrl-g", "close the topmost box, or answer no to a question"},
    ActionInfo{Action::interrupt, "interrupt", "ctrl-c", "clear the line; twice on an empty line: exit"},
    ActionInfo{Action::help, "help", "f1", "show the keys"},
    ActionInfo{Action::bare, "bare", "alt-l", "show the conversation alone, to copy text; again: show everything"},
    ActionInfo{Action::mouse, "mouse", "alt-m", "switch the mouse on or off"},
    ActionInfo{Action::redraw, "redraw", "ctrl-l", "draw the screen again"},
    ActionInfo{Action::suspend, "suspend", "ctrl-z", "suspend to the shell"},
};
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].action) != i) return false;
  }
  return true;
}
static_assert(in_order() && table.size() == static_cast<std::size_t>(Action::suspend) + 1);

struct KeyName {
  KeyCode code;
  std::string_view name, shown;
};
// Of several names for a code, the first is the one that key_name() returns.
constexpr KeyName names[] = {
    {KeyCode::enter, "enter", "Enter"},    {KeyCode::enter, "return", ""},
    {KeyCode::escape, "escape", "Escape"}, {KeyCode::escape, "esc", ""},
    {KeyCode::tab, "tab", "Tab"},          {KeyCode::backspace, "backspace", "Backspace"},
    {KeyCode::del, "delete", "Delete"},    {KeyCode::del, "del", ""},
    {KeyCode::insert, "insert", "Insert"}, {KeyCode::up, "up", "Up"},
    {KeyCode::down, "down", "Down"},       {KeyCode::left, "left", "Left"},
    {KeyCode::right, "right", "Right"},    {KeyCode::home, "home", "Home"},
    {KeyCode::end, "end", "End"},          {KeyCode::page_up, "pgup", "PgUp"},
    {KeyCode::page_up, "pageup", ""},      {KeyCode::page_down, "pgdn", "PgDn"},
    {KeyCode::page_down, "pagedown", ""},
};
constexpr int max_functions = 12;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::string utf8(char32_t c) {
  char bytes[4];
  return {bytes, encode_utf8(c, bytes)};
}

struct Modifiers {
  bool ctrl = false, alt = false, shift = false;
};

Modifiers take_modifiers(std::string_view& rest) {
  Modifiers out;
  for (bool more = true; more;) {
    more = false;
    for (const auto& [prefix, flag] :
         {std::pair{"ctrl-", &out.ctrl}, {"alt-", &out.alt}, {"shift-", &out.shift}}) {
      const std::string_view p = prefix;
      if (rest.size() <= p.size() || lower(rest.substr(0, p.size())) != p) continue;
      *flag = more = true;
      rest.remove_prefix(p.size());
    }
  }
  return out;
}

std::optional<Key> named_key(const std::string& name) {
  for (const KeyName& n : names) {
    if (n.name == name) return plain_key(n.code);
  }
  for (int i = 1; i <= max_functions; ++i) {
    if (name == "f" + std::to_string(i)) return function_key(i);
  }
  return std::nullopt;
}

std::optional<char32_t> single_character(std::string_view text) {
  if (lower(text) == "space") return U' ';
  if (text.empty()) return std::nullopt;
  const auto [c, size] = decode_utf8(text, 0);
  if (size != text.size() || c <= 0x20 || (c >= 0x7f && c < 0xa0)) return std::nullopt;
  return c;
}

std::string name_of(const Key& key, bool shown) {
  const auto modifier = [&](bool on, std::string_view name) { return std::string(on ? name : ""); };
  const bool shift = key.shift || key.code == KeyCode::back_tab;
  const std::string before = modifier(key.ctrl, shown ? "Ctrl-" : "ctrl-") +
                             modifier(key.alt, shown ? "Alt-" : "alt-") +
                             modifier(shift, shown ? "Shift-" : "shift-");
  if (key.code == KeyCode::character) {
    if (key.ch == U' ') return before + (shown ? "Space" : "space");
    const bool upper = shown && key.ctrl && key.ch >= U'a' && key.ch <= U'z';
    return before + utf8(upper ? key.ch - 32 : key.ch);
  }
  if (key.code == KeyCode::function)
    return before + (shown ? "F" : "f") + std::to_string(static_cast<int>(key.ch));
  const KeyCode code = key.code == KeyCode::back_tab ? KeyCode::tab : key.code;
  for (const KeyName& n : names) {
    if (n.code == code) return before + std::string(shown ? n.shown : n.name);
  }
  return "";
}

// False: a paste, the mouse, the focus.
bool is_key(const Key& key) {
  return key.code <= KeyCode::function;
}

bool types_itself(const Key& key) {
  return key.code == KeyCode::character && !key.ctrl && !key.alt;
}

std::vector<Key> default_keys(const ActionInfo& info) {
  std::vector<Key> out;
  for (std::size_t at = 0; at < info.keys.size();) {
    const std::size_t stop = std::min(info.keys.find(' ', at), info.keys.size());
    out.push_back(*parse_key(info.keys.substr(at, stop - at)));
    at = stop + 1;
  }
  return out;
}

std::optional<Action> default_of(const Key& key) {
  for (const ActionInfo& info : table) {
    for (const Key& k : default_keys(info)) {
      if (k == key) return info.action;
    }
  }
  return std::nullopt;
}

std::string quoted(std::string_view name) {
  return escape_for_log(name, 40);
}

}  // namespace

Result<Key> parse_key(std::string_view name) {
  std::string_view rest = name;
  const Modifiers with = take_modifiers(rest);
  if (auto key = named_key(lower(rest))) {
    key->ctrl = with.ctrl;
    key->alt = with.alt;
    key->shift = with.shift;
    if (key->code == KeyCode::tab && with.shift) {
      key->code = KeyCode::back_tab;
      key->shift = false;
    }
    return *key;
  }
  auto c = single_character(rest);
  if (!c)
    return fail("there is no key called " + quoted(name) +
                "; write it like ctrl-s, alt-1, alt-left, pgup, f1 or shift-tab");
  if (with.shift) {
    const bool letter = (*c >= U'a' && *c <= U'z') || (*c >= U'A' && *c <= U'Z');
    if (!letter) return fail(quoted(name) + ": write the character that Shift gives, without shift-");
    *c &= ~char32_t{0x20};
  }
  Key key;
  key.ch = *c;
  if (with.ctrl) key = ctrl_key(*c);
  key.alt = with.alt;
  return key;
}

Result<Key> parse_bindable(std::string_view name) {
  auto key = parse_key(name);
  if (key && types_itself(*key))
    return fail(key_name(*key) + " types itself: only keys with ctrl or alt and special keys can be bound");
  return key;
}

std::string key_name(const Key& key) {
  return name_of(key, false);
}
std::string shown_key(const Key& key) {
  return name_of(key, true);
}

std::span<const ActionInfo> all_actions() {
  return table;
}

const ActionInfo& action_info(Action action) {
  return table[static_cast<std::size_t>(action)];
}

std::optional<Action> find_action(std::string_view name) {
  for (const ActionInfo& info : table) {
    if (info.name == name) return info.action;
  }
  return std::nullopt;
}

Keymap::Keymap() {
  for (const ActionInfo& info : table) {
    for (Key& key : default_keys(info))
      entries_.push_back({std::move(key), info.action});
  }
}

const Keymap::Entry* Keymap::entry_of(const Key& key) const {
  const auto it =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == key; });
  return it == entries_.end() ? nullptr : &*it;
}

std::size_t Keymap::count(Action action) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.action == action; }));
}

std::optional<Action> Keymap::find(const Key& key) const {
  if (!is_key(key) || types_itself(key)) return std::nullopt;
  if (const Entry* entry = entry_of(key)) return entry->action;
  if (key.code == KeyCode::character) return std::nullopt;
  Key less = key;
  less.shift = false;
  if (const Entry* entry = entry_of(less)) return entry->action;
  less.ctrl = false;
  const Entry* entry = entry_of(less);
  return entry ? std::optional(entry->action) : std::nullopt;
}

Result<void> Keymap::check() const {
  for (const Action needed : {Action::send, Action::cancel}) {
    if (count(needed) == 0)
      return fail("no key is left for " + std::string(action_info(needed).name) + ": bind another one first");
  }
  return {};
}

Result<std::string> Keymap::bind(std::string_view key_text, std::string_view action_text) {
  TRY_LET(key, parse_bindable(key_text));
  const std::optional<Action> action = action_text == "default" ? default_of(key) : find_action(action_text);
  if (!action && action_text != "none" && action_text != "default")
    return fail("there is no action called " + quoted(action_text));
  const Entry* old = entry_of(key);
  if (old && old->action == action) return std::string();
  std::string displaced;
  if (old) {
    displaced = key_name(key) + " was " + std::string(action_info(old->action).name);
    if (count(old->action) == 1) displaced += ", which has no key now";
  }
  Keymap changed = *this;
  std::erase_if(changed.entries_, [&](const Entry& e) { return e.key == key; });
  if (action) changed.entries_.push_back({key, *action});
  TRY(changed.check());
  *this = std::move(changed);
  return displaced;
}

Result<void> Keymap::load(std::span<const Binding> changes) {
  Keymap changed;
  for (const Binding& binding : changes)
    std::erase_if(changed.entries_, [&](const Entry& e) { return e.action == binding.action; });
  std::vector<Key> given;
  for (const Binding& binding : changes) {
    for (const std::string& name : binding.keys) {
      TRY_LET(key, parse_bindable(name));
      if (std::find(given.begin(), given.end(), key) != given.end())
        return fail(key_name(key) + " is given twice");
      given.push_back(key);
      std::erase_if(changed.entries_, [&](const Entry& e) { return e.key == key; });
      changed.entries_.push_back({std::move(key), binding.action});
    }
  }
  TRY(changed.check());
  *this = std::move(changed);
  return {};
}

std::vector<Keymap::Binding> Keymap::changes() const {
  const Keymap defaults;
  std::vector<Binding> out;
  for (const ActionInfo& info : table) {
    auto own = names_of(info.action), usual = defaults.names_of(info.action);
    if (!std::is_permutation(own.begin(), own.end(), usual.begin(), usual.end()))
      out.push_back({info.action, std::move(own)});
  }
  return out;
}

std::vector<std::string> Keymap::names_of(Action action) const {
  std::vector<std::string> out;
  for (const Entry& entry : entries_) {
    if (entry.action == action) out.push_back(key_name(entry.key));
  }
  return out;
}

std::string Keymap::keys_of(Action action) const {
  std::string out;
  for (const Entry& entry : entries_) {
    if (entry.action == action) out += (out.empty() ? "" : ", ") + shown_key(entry.key);
  }
  return out;
}

std::string Keymap::help() const {
  std::string out;
  for (std::size_t i = 0; i < table.size();) {
    std::string keys;
    std::string first, last;
    const std::string_view help = table[i].help;
    std::size_t many = 0;
    for (; i < table.size() && table[i].help == help; ++i) {
      const std::string own = keys_of(table[i].action);
      if (own.empty()) continue;
      if (many++ == 0) first = own;
      last = own;
    }
    if (many == 0) continue;
    keys = many == 1 ? first : first + " .. " + last;
    out += (out.empty() ? "" : "\n") + keys + ": " + std::string(help);
  }
  return out;
}

}  // namespace sims::tui
