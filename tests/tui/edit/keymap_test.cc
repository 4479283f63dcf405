// The key bindings: names of keys, defaults, changes, and bindings that are refused.
#include "tui/edit/keymap.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace sims::tui;

namespace {

// The key that the terminal sends as these bytes.
Key sent(std::string_view bytes) {
  KeyDecoder decoder;
  std::vector<Key> keys;
  decoder.feed(bytes, keys);
  decoder.flush(keys);
  REQUIRE(keys.size() == 1);
  return keys[0];
}

std::string done(const Keymap& keys, std::string_view bytes) {
  const auto action = keys.find(sent(bytes));
  return action ? std::string(action_info(*action).name) : "";
}

}  // namespace

TEST_CASE("keymap: names of keys") {
  struct Row {
    const char* name;
    const char* bytes;
    const char* shown;
  };
  const Row rows[] = {
      {"ctrl-s", "\x13", "Ctrl-S"},
      {"ctrl-_", "\x1f", "Ctrl-_"},
      {"ctrl-space", std::string_view("\0", 1).data(), "Ctrl-Space"},
      {"alt-1",
       "\x1b"
       "1",
       "Alt-1"},
      {"alt-a",
       "\x1b"
       "a",
       "Alt-a"},
      {"alt-A",
       "\x1b"
       "A",
       "Alt-A"},
      {"alt--", "\x1b-", "Alt--"},
      {"alt-é", "\x1bé", "Alt-é"},
      {"ctrl-alt-x", "\x1b\x18", "Ctrl-Alt-x"},
      {"alt-left", "\x1b[1;3D", "Alt-Left"},
      {"ctrl-shift-right", "\x1b[1;6C", "Ctrl-Shift-Right"},
      {"pgup", "\x1b[5~", "PgUp"},
      {"f1", "\x1bOP", "F1"},
      {"f12", "\x1b[24~", "F12"},
      {"shift-tab", "\x1b[Z", "Shift-Tab"},
      {"enter", "\r", "Enter"},
      {"alt-enter", "\x1b\r", "Alt-Enter"},
      {"escape", "\x1b", "Escape"},
      {"alt-backspace", "\x1b\x7f", "Alt-Backspace"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string_view bytes = row.bytes[0] == 0 ? std::string_view("\0", 1) : row.bytes;
    const auto key = parse_key(row.name);
    REQUIRE(key.has_value());
    CHECK(*key == sent(bytes));
    CHECK(key_name(*key) == row.name);
    if (key->ctrl && key->alt) continue;
    CHECK(shown_key(*key) == row.shown);
  }
  CHECK(key_name(*parse_key("CTRL-S")) == "ctrl-s");
  CHECK(key_name(*parse_key("Alt-Ctrl-PageUp")) == "ctrl-alt-pgup");
  CHECK(key_name(*parse_key("alt-shift-a")) == "alt-A");
  CHECK(key_name(*parse_key("ctrl-i")) == "tab");
  CHECK(key_name(*parse_key("ctrl-m")) == "enter");
  CHECK(key_name(*parse_key("ctrl-/")) == "ctrl-_");
  for (const char* bad : {"", "ctrl-", "alt", "alt-", "f0", "f13", "f01", "ctrl-ab", "shift-1", "hyper-x",
                          "alt-\x01", "alt-\xff", "alt- ", "up-alt", "\xc2\x9b"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_key(bad).has_value());
  }
}

TEST_CASE("keymap: every default key can be typed, has one action and a help text") {
  const Keymap keys;
  std::set<std::string> seen, names;
  for (const ActionInfo& info : all_actions()) {
    CHECK(names.insert(std::string(info.name)).second);
    CHECK(find_action(info.name) == info.action);
    CHECK_FALSE(info.help.empty());
    for (const auto& key : keys.names_of(info.action)) {
      CAPTURE(key);
      CHECK(seen.insert(key).second);
      CHECK(key_name(*parse_key(key)) == key);
      CHECK(keys.find(*parse_key(key)) == info.action);
    }
    CHECK_FALSE(keys.keys_of(info.action).empty());
    CHECK(keys.help().find(std::string(info.help)) != std::string::npos);
  }
  CHECK(keys.changes().empty());
  CHECK(keys.keys_of(Action::window_next) == "Ctrl-N, Alt-Right");
  CHECK(keys.help().starts_with("Alt-1 .. Alt-0: "));
}

TEST_CASE("keymap: usual keys have their usual actions") {
  const Keymap keys;
  struct Row {
    const char* bytes;
    const char* action;
  };
  const Row rows[] = {
      {"\x1b"
       "1",
       "window-1"},
      {"\x1b"
       "0",
       "window-10"},
      {"\x1b"
       "a",
       "next-unread"},
      {"\x1b[1;3C", "window-next"},
      {"\x10", "window-previous"},
      {"\x13", "search"},
      {"\x12", "history-search"},
      {"\t", "complete"},
      {"\x1b[Z", "complete-back"},
      {"\x1b\r", "newline"},
      {"\x0c", "redraw"},
      {"\x1b"
       "l",
       "bare"},
      {"\x1b"
       "m",
       "mouse"},
      {"\x1bOP", "help"},
      {"\x1f", "undo"},
      {"\x1b[5~", "scroll-up"},
      {"\x1b\x7f", "kill-word-left"},
      {"\x1b"
       "y",
       "yank-older"},
      {"\x1a", "suspend"},
      {"\x03", "interrupt"},
      {"\x1b", "cancel"},
      {"\x1b[1;5D", "word-left"},
      {"\x1b[1;2D", "left"},
      {"\x1b[1;5A", "up"},
      {"\x1b[1;4C", "window-next"},
      {"\x1b[13;5u", "send"},
      {"\x1b[13;2u", "newline"},
      {"x", ""},
      {"é", ""},
      {"\x1b[200~up\x1b[201~", ""},
      {"\x1b[I", ""},
      {"\x1b[<64;1;1M", ""},
      {"\x0f", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.action);
    CHECK(done(keys, row.bytes) == row.action);
  }
}

TEST_CASE("keymap: binding reports the displaced action") {
  Keymap keys;
  CHECK(keys.bind("ctrl-o", "search").value() == "");
  CHECK(done(keys, "\x0f") == "search");
  CHECK(keys.bind("ctrl-s", "undo").value() == "ctrl-s was search");
  CHECK(keys.bind("ctrl-o", "none").value() == "ctrl-o was search, which has no key now");
  CHECK(done(keys, "\x0f") == "");
  CHECK(keys.bind("ctrl-s", "undo").value() == "");
  CHECK(keys.bind("f5", "none").value() == "");
  CHECK(keys.bind("ctrl-s", "default").value() == "ctrl-s was undo");
  CHECK(done(keys, "\x13") == "search");
  CHECK(keys.changes().empty());
  CHECK(keys.bind("f2", "none").value() == "f2 was list");
  REQUIRE(keys.changes().size() == 1);
  CHECK(keys.changes()[0].action == Action::list);
  CHECK(keys.changes()[0].keys == std::vector<std::string>{"alt-p"});
}

TEST_CASE("keymap: refused bindings") {
  Keymap keys;
  CHECK(keys.bind("a", "undo").error() ==
        "a types itself: only keys with ctrl or alt and special keys can be bound");
  CHECK_FALSE(keys.bind("space", "undo").has_value());
  CHECK_FALSE(keys.bind("ctrl-x", "nonsense").has_value());
  CHECK_FALSE(keys.bind("nonsense", "undo").has_value());
  // The user cannot lock himself in.
  CHECK_FALSE(keys.bind("enter", "newline").has_value());
  CHECK(keys.bind("ctrl-g", "none").has_value());
  CHECK_FALSE(keys.bind("escape", "none").has_value());
  CHECK(keys.bind("alt-enter", "send").has_value());
  CHECK(keys.bind("enter", "newline").has_value());
  CHECK_FALSE(keys.bind("alt-enter", "newline").has_value());
  CHECK(done(keys, "\r") == "newline");
  CHECK(keys.bind("ctrl-x", "\x1b[31m").error().find('\x1b') == std::string::npos);
}

TEST_CASE("keymap: load() of its changes gives the same map") {
  std::mt19937 random(5);
  const auto actions = all_actions();
  const char* names[] = {"enter",  "alt-enter", "escape", "f3",    "f2",
                         "ctrl-s", "ctrl-o",    "tab",    "alt-1", "alt-left"};
  for (int round = 0; round < 300; ++round) {
    Keymap keys;
    for (int i = 0; i < 12; ++i) {
      const bool likely = random() % 3 == 0;
      const std::string_view action = likely              ? (random() % 2 ? "send" : "cancel")
                                      : random() % 4 == 0 ? "none"
                                                          : actions[random() % actions.size()].name;
      static_cast<void>(keys.bind(names[random() % std::size(names)], action));
    }
    Keymap again;
    REQUIRE(again.load(keys.changes()).has_value());
    for (const char* name : names)
      CHECK(again.find(*parse_key(name)) == keys.find(*parse_key(name)));
    CHECK(again.changes().size() == keys.changes().size());
  }
  const Keymap::Binding swapped[] = {{Action::send, {"escape"}}, {Action::cancel, {"enter", "f9"}}};
  Keymap keys;
  CHECK(keys.load(swapped).has_value());
  CHECK(done(keys, "\r") == "cancel");
  const Keymap::Binding locked_in[] = {{Action::search, {"ctrl-o"}}, {Action::cancel, {}}};
  CHECK_FALSE(keys.load(locked_in).has_value());
  const Keymap::Binding twice[] = {{Action::search, {"ctrl-o"}}, {Action::undo, {"ctrl-o"}}};
  CHECK(keys.load(twice).error() == "ctrl-o is given twice");
  const Keymap::Binding wrong[] = {{Action::search, {"x"}}};
  CHECK_FALSE(keys.load(wrong).has_value());
  CHECK(done(keys, "\r") == "cancel");
  CHECK(done(keys, "\x0f") == "");
  const Keymap::Binding taken[] = {{Action::undo, {"ctrl-s"}}};
  CHECK(keys.load(taken).has_value());
  CHECK(keys.keys_of(Action::search).empty());
  CHECK(done(keys, "\x13") == "undo");
  CHECK(done(keys, "\x1f") == "");
}
