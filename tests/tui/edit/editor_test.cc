// The line editor: keys, grapheme clusters, undo, and text that stays valid.
#include "tui/edit/editor.h"

#include <doctest/doctest.h>

#include <set>

#include "base/text.h"

using namespace sims::tui;

namespace {

Key ctrl(char32_t c) {
  Key key;
  key.ch = c;
  key.ctrl = true;
  return key;
}

Key alt(char32_t c) {
  Key key;
  key.ch = c;
  key.alt = true;
  return key;
}

Key code(KeyCode c) {
  Key key;
  key.code = c;
  return key;
}

// The text, with a bar at the cursor.
std::string shown(const Editor& e) {
  return e.text().substr(0, e.cursor()) + "|" + e.text().substr(e.cursor());
}

// Presses the key, with the default keys and one ring for all editors.
bool press(Editor& e, const Key& key) {
  static const Keymap keys;
  static KillRing kills;
  return e.handle(key, keys, kills);
}

void type(Editor& e, const std::string& text) {
  for (char c : text) {
    Key key;
    key.ch = static_cast<unsigned char>(c);
    press(e, key);
  }
}

Editor with(const std::string& bar_text) {
  Editor e;
  const auto bar = bar_text.find('|');
  e.set(bar_text.substr(0, bar) + bar_text.substr(bar + 1));
  while (e.cursor() > bar)
    press(e, code(KeyCode::left));
  return e;
}

}  // namespace

TEST_CASE("editor: emacs keys") {
  struct Row {
    const char* before;
    Key key;
    const char* after;
  };
  const Row rows[] = {
      {"one two|", ctrl('a'), "|one two"},
      {"|one two", ctrl('e'), "one two|"},
      {"one| two", ctrl('b'), "on|e two"},
      {"one| two", ctrl('f'), "one |two"},
      {"one| two", ctrl('d'), "one|two"},
      {"one| two", ctrl('k'), "one|"},
      {"one| two", ctrl('u'), "| two"},
      {"one two.three |x", ctrl('w'), "one |x"},
      {"ab|c", ctrl('t'), "acb|"},
      {"abc|", ctrl('t'), "acb|"},
      {"one two|", alt('b'), "one |two"},
      {"|one two", alt('f'), "one| two"},
      {"|one two", alt('d'), "| two"},
      {"one| two", code(KeyCode::backspace), "on| two"},
      {"one| two", code(KeyCode::del), "one|two"},
      {"one| two", code(KeyCode::home), "|one two"},
      {"one| two", code(KeyCode::end), "one two|"},
      {"one| two", code(KeyCode::left), "on|e two"},
      {"|", code(KeyCode::backspace), "|"},
      {"|", ctrl('t'), "|"},
      {"|", ctrl('w'), "|"},
      {"|", code(KeyCode::del), "|"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.before);
    CAPTURE(row.after);
    Editor e = with(row.before);
    CHECK(press(e, row.key));
    CHECK(shown(e) == row.after);
  }
}

TEST_CASE("editor: a yank inserts the killed text") {
  Editor e = with("one two|");
  press(e, ctrl('w'));
  press(e, ctrl('a'));
  press(e, ctrl('y'));
  CHECK(shown(e) == "two|one ");
  Editor words = with("one two.three|");
  Key key = code(KeyCode::backspace);
  key.alt = true;
  press(words, key);
  CHECK(shown(words) == "one two.|");
}

TEST_CASE("editor: moves and deletes whole grapheme clusters") {
  const std::string e_acute = "e\xcc\x81";                                    // e + combining acute
  const std::string family = "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9";  // man ZWJ woman
  Editor e;
  e.set("a" + e_acute + family + "漢");
  press(e, code(KeyCode::backspace));
  CHECK(e.text() == "a" + e_acute + family);
  press(e, code(KeyCode::backspace));
  CHECK(e.text() == "a" + e_acute);
  press(e, code(KeyCode::left));
  CHECK(e.cursor() == 1);
  press(e, code(KeyCode::right));
  CHECK(e.cursor() == e.text().size());
  press(e, code(KeyCode::backspace));
  CHECK(e.text() == "a");
}

TEST_CASE("editor: a combining mark typed alone joins the letter before") {
  Editor e = with("e|x");
  e.insert("\xcc\x81");
  CHECK(shown(e) == "e\xcc\x81|x");
}

TEST_CASE("editor: the text stays valid and without control characters") {
  Editor e;
  CHECK(e.insert("a\x1b[31m\x07\x7f\xc2\x9b\xff\xfe b\tc\r\nd\re"));
  CHECK(e.text() == "a[31m b c\nd\ne");
  CHECK(sims::utf8_valid(e.text()));
  Editor field(32, Newlines::fold);
  field.insert("host\r\nname\n");
  CHECK(field.text() == "host name ");
}

TEST_CASE("editor: bounded, and cut between clusters") {
  Editor e(5);
  CHECK(e.insert("abc"));
  CHECK_FALSE(e.insert("漢字"));
  CHECK(e.text() == "abc");
  CHECK_FALSE(e.insert("defg"));
  CHECK(e.text() == "abcde");
  Editor large;
  large.insert(std::string(100'000, 'x'));
  CHECK(large.text().size() == 16'384);
}

TEST_CASE("editor: several lines") {
  Editor e;
  e.insert("first");
  Key newline = code(KeyCode::enter);
  newline.alt = true;
  CHECK(press(e, newline));
  e.insert("a longer second");
  CHECK(e.text() == "first\na longer second");
  CHECK(press(e, code(KeyCode::up)));
  CHECK(shown(e) == "first|\na longer second");
  CHECK_FALSE(press(e, code(KeyCode::up)));
  CHECK(press(e, code(KeyCode::down)));
  CHECK(shown(e) == "first\na lon|ger second");
  press(e, ctrl('a'));
  CHECK(shown(e) == "first\n|a longer second");
  press(e, ctrl('b'));
  press(e, ctrl('k'));
  CHECK(e.text() == "firsta longer second");
  Editor field(32, Newlines::fold);
  CHECK_FALSE(press(field, newline));
}

TEST_CASE("editor: does not handle Enter and Tab") {
  Editor e;
  for (KeyCode c :
       {KeyCode::enter, KeyCode::tab, KeyCode::escape, KeyCode::page_up, KeyCode::up, KeyCode::down})
    CHECK_FALSE(press(e, code(c)));
  CHECK(e.empty());
}

TEST_CASE("editor: undo removes typed text by words, and reverts other changes by steps") {
  Editor e;
  type(e, "one two  three");
  press(e, ctrl('_'));
  CHECK(shown(e) == "one two  |");
  press(e, ctrl('_'));
  CHECK(shown(e) == "one |");
  type(e, "2");
  press(e, ctrl('a'));
  press(e, alt('d'));
  CHECK(shown(e) == "| 2");
  press(e, ctrl('_'));
  CHECK(shown(e) == "|one 2");
  press(e, ctrl('_'));
  CHECK(shown(e) == "one |");
  press(e, ctrl('_'));
  CHECK(shown(e) == "|");
  press(e, ctrl('_'));
  CHECK(shown(e) == "|");
}

TEST_CASE("editor: undo of deletions, pastes, completions and set texts") {
  Editor e = with("one two|");
  for (int i = 0; i < 3; ++i)
    press(e, code(KeyCode::backspace));
  CHECK(e.text() == "one ");
  press(e, ctrl('_'));
  CHECK(shown(e) == "one two|");
  press(e, ctrl('a'));
  press(e, ctrl('d'));
  press(e, ctrl('d'));
  press(e, ctrl('_'));
  CHECK(shown(e) == "|one two");
  Key paste = code(KeyCode::paste);
  paste.text = "a whole paste ";
  press(e, paste);
  press(e, ctrl('_'));
  CHECK(shown(e) == "|one two");
  e.replace(4, 7, "twofold ");
  press(e, ctrl('_'));
  CHECK(shown(e) == "|one two");
  press(e, ctrl('e'));
  e.set("from the history");
  press(e, ctrl('_'));
  CHECK(shown(e) == "one two|");
  // An interrupted run makes two steps.
  type(e, "ab");
  press(e, ctrl('b'));
  press(e, ctrl('f'));
  type(e, "cd");
  press(e, ctrl('_'));
  CHECK(shown(e) == "one twoab|");
}

TEST_CASE("editor: undo does not restore a sent line") {
  Editor e;
  type(e, "secret");
  CHECK(e.take() == "secret");
  press(e, ctrl('_'));
  CHECK(e.empty());
  type(e, "x");
  e.clear();
  press(e, ctrl('_'));
  CHECK(e.empty());
}

TEST_CASE("editor: undo is bounded and leads back through every text") {
  Editor e(16'384);
  std::vector<std::string> was;
  for (int i = 0; i < 300; ++i) {
    was.push_back(e.text());
    e.set(std::string(static_cast<std::size_t>(i * 40), 'x') + std::to_string(i));
  }
  std::size_t steps = 0;
  for (std::string before = e.text(); press(e, ctrl('_')), e.text() != before; before = e.text()) {
    was.resize(was.size() - (steps > 0 ? 1 : 0));
    REQUIRE(e.text() == was.back());
    ++steps;
  }
  CHECK(steps > 50);
  CHECK(steps <= UndoLog::max_steps);
}

TEST_CASE("editor: kills in a row are one, others are kept in the ring") {
  const Keymap keys;
  KillRing kills;
  Editor e;
  auto key = [&](const Key& k) { e.handle(k, keys, kills); };
  e.set("one two three");
  key(ctrl('w'));
  key(ctrl('w'));
  CHECK(e.text() == "one ");
  key(ctrl('y'));
  CHECK(shown(e) == "one two three|");
  key(ctrl('a'));
  key(alt('d'));
  key(ctrl('d'));
  key(alt('d'));
  CHECK(shown(e) == "| three");
  key(ctrl('k'));
  CHECK(e.empty());
  key(ctrl('y'));
  CHECK(e.text() == "two three");
  key(alt('y'));
  CHECK(shown(e) == "one|");
  key(alt('y'));
  CHECK(shown(e) == "two three|");  // the oldest
  key(alt('y'));
  CHECK(shown(e) == "two three|");  // and around
  key(alt('y'));
  CHECK(shown(e) == "one|");
  key(ctrl('y'));
  CHECK(shown(e) == "oneone|");
  key(ctrl('b'));
  key(alt('y'));
  CHECK(shown(e) == "oneon|e");
}

TEST_CASE("editor: a word ends where a cluster ends") {
  Editor e;
  e.set("a\xd8\x80 b");  // U+0600 joins the next character
  press(e, ctrl('a'));
  press(e, alt('f'));
  CHECK(shown(e) == "a\xd8\x80 |b");
  press(e, ctrl('a'));
  press(e, alt('d'));
  CHECK(shown(e) == "|b");
}

// Completion and the input history change the text like this, between two keys.
TEST_CASE("editor: a change from outside ends a run of kills, and stops yank-older") {
  const Keymap keys;
  KillRing kills;
  Editor e;
  auto key = [&](const Key& k) { e.handle(k, keys, kills); };
  e.set("a long text one");
  key(ctrl('w'));
  e.set("two");
  key(ctrl('w'));
  key(ctrl('y'));
  CHECK(e.text() == "two");
  e.set("a long text ");
  key(ctrl('y'));
  e.set("ok");
  key(alt('y'));
  CHECK(shown(e) == "ok|");
  key(ctrl('y'));
  e.replace(0, 2, "");
  key(alt('y'));
  CHECK(shown(e) == "|two");
  key(ctrl('y'));
  key(alt('y'));
  CHECK(shown(e) == "one|two");
  key(alt('y'));
  CHECK(shown(e) == "two|two");
}

TEST_CASE("editor: all windows share a ring, but their kills are not joined") {
  const Keymap keys;
  KillRing kills;
  Editor here, there;
  here.set("a b");
  there.set("c d");
  here.handle(ctrl('w'), keys, kills);
  there.handle(ctrl('w'), keys, kills);
  here.handle(ctrl('w'), keys, kills);
  here.handle(ctrl('y'), keys, kills);
  CHECK(here.text() == "a ");
  here.handle(alt('y'), keys, kills);
  CHECK(here.text() == "d");
  for (int i = 0; i < 100; ++i) {
    there.set(std::to_string(i));
    there.handle(ctrl('u'), keys, kills);
    there.handle(ctrl('a'), keys, kills);
  }
  there.handle(ctrl('y'), keys, kills);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    seen.insert(there.text());
    there.handle(alt('y'), keys, kills);
  }
  CHECK(seen.size() == KillRing::max_entries);
}

TEST_CASE("editor: a yank is cleaned and cut for its field") {
  const Keymap keys;
  KillRing kills;
  Editor e;
  e.set("two\nlines");
  e.handle(ctrl('a'), keys, kills);
  e.handle(ctrl('k'), keys, kills);
  e.handle(code(KeyCode::backspace), keys, kills);
  e.handle(ctrl('u'), keys, kills);
  e.handle(ctrl('y'), keys, kills);
  Editor field(5, Newlines::fold);
  kills.push("0123\n56789");
  field.handle(ctrl('y'), keys, kills);
  CHECK(field.text() == "0123 ");
  CHECK(field.left_out() == 5);
}

TEST_CASE("editor: keys perform the actions of the map") {
  Keymap keys;
  KillRing kills;
  REQUIRE(keys.bind("ctrl-a", "end").has_value());
  REQUIRE(keys.bind("ctrl-w", "none").has_value());
  Editor e = with("one| two");
  CHECK(e.handle(ctrl('a'), keys, kills));
  CHECK(shown(e) == "one two|");
  CHECK_FALSE(e.handle(ctrl('w'), keys, kills));
  CHECK_FALSE(e.handle(ctrl('s'), keys, kills));
  CHECK_FALSE(e.handle(code(KeyCode::wheel_up), keys, kills));
  CHECK(e.text() == "one two");
}

TEST_CASE("editor: a key costs little in a long line") {
  // Walks 16 KiB key by key. This would take minutes if each key walked the whole line.
  for (const char* unit : {"x", "漢", "e\xcc\x81", "x y"}) {
    Editor e;
    while (e.insert(unit)) {
    }
    for (int i = 0; i < 20'000; ++i)
      press(e, code(KeyCode::left));
    CHECK(e.cursor() == 0);
    press(e, ctrl('e'));
    const std::size_t full = e.text().size();
    for (int i = 0; i < 20'000; ++i)
      press(e, code(KeyCode::backspace));
    CHECK(e.empty());
    Key key;
    key.code = KeyCode::paste;
    while (key.text.size() < 1'000'000)
      key.text += unit;
    press(e, key);
    CHECK(e.text().size() == full);
    CHECK(e.left_out() == key.text.size() - full);
  }
}

TEST_CASE("editor: random keys keep the cursor on a border and the text valid") {
  Editor e(300);
  std::uint32_t state = 7;
  auto next = [&state] { return state = state * 1664525 + 1013904223, state >> 12; };
  const char32_t chars[] = {'a', ' ', 0x301, 0x6f22, 0x1f468, 0x200d, 0x1f1e9, 0x1f1ea, '.', 'Z', 0x0627};
  const char32_t controls[] = {'a', 'b', 'd', 'e', 'f', 'k', 't', 'u', 'w', 'y', '_', '_'};
  for (int i = 0; i < 20'000; ++i) {
    Key key;
    switch (next() % 5) {
      case 0:
        key = ctrl(controls[next() % 12]);
        break;
      case 1:
        key = alt("bdfyy"[next() % 5]);
        break;
      case 2:
        key.code = static_cast<KeyCode>(next() % 14);
        break;
      default:
        key.ch = chars[next() % 11];
    }
    key.alt = key.alt || next() % 50 == 0;
    press(e, key);
    REQUIRE(e.cursor() <= e.text().size());
    REQUIRE(sims::utf8_valid(e.text()));
    std::size_t at = 0;
    while (at < e.cursor()) {
      const std::size_t line_break = e.text().find('\n', at);
      const std::size_t end = sims::grapheme_end(e.text(), at);
      at = line_break == at ? at + 1 : end;
    }
    REQUIRE(at == e.cursor());
  }
}
