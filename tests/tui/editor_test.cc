#include "tui/editor.h"

#include <doctest/doctest.h>

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

// The text with a bar where the cursor is.
std::string shown(const Editor& e) {
  return e.text().substr(0, e.cursor()) + "|" + e.text().substr(e.cursor());
}

Editor with(const std::string& bar_text) {
  Editor e;
  const auto bar = bar_text.find('|');
  e.set(bar_text.substr(0, bar) + bar_text.substr(bar + 1));
  while (e.cursor() > bar)
    e.left();
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
    CHECK(e.handle(row.key));
    CHECK(shown(e) == row.after);
  }
}

TEST_CASE("editor: what was killed comes back") {
  Editor e = with("one two|");
  e.handle(ctrl('w'));
  e.handle(ctrl('a'));
  e.handle(ctrl('y'));
  CHECK(shown(e) == "two|one ");
  Editor words = with("one two.three|");
  Key key = code(KeyCode::backspace);
  key.alt = true;
  words.handle(key);
  CHECK(shown(words) == "one two.|");
}

TEST_CASE("editor: moves and deletes whole grapheme clusters") {
  const std::string e_acute = "e\xcc\x81";                                    // e + combining acute
  const std::string family = "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9";  // man ZWJ woman
  Editor e;
  e.set("a" + e_acute + family + "漢");
  e.handle(code(KeyCode::backspace));
  CHECK(e.text() == "a" + e_acute + family);
  e.handle(code(KeyCode::backspace));
  CHECK(e.text() == "a" + e_acute);
  e.left();
  CHECK(e.cursor() == 1);
  e.right();
  CHECK(e.cursor() == e.text().size());
  e.handle(code(KeyCode::backspace));
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

TEST_CASE("editor: bounded, cut at a cluster's border") {
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
  CHECK(e.handle(newline));
  e.insert("a longer second");
  CHECK(e.text() == "first\na longer second");
  CHECK(e.handle(code(KeyCode::up)));
  CHECK(shown(e) == "first|\na longer second");
  CHECK_FALSE(e.handle(code(KeyCode::up)));
  CHECK(e.handle(code(KeyCode::down)));
  CHECK(shown(e) == "first\na lon|ger second");
  e.handle(ctrl('a'));
  CHECK(shown(e) == "first\n|a longer second");
  e.handle(ctrl('b'));
  e.handle(ctrl('k'));
  CHECK(e.text() == "firsta longer second");
  Editor field(32, Newlines::fold);
  CHECK_FALSE(field.handle(newline));
}

TEST_CASE("editor: Enter and Tab are not its business") {
  Editor e;
  for (KeyCode c :
       {KeyCode::enter, KeyCode::tab, KeyCode::escape, KeyCode::page_up, KeyCode::up, KeyCode::down})
    CHECK_FALSE(e.handle(code(c)));
  CHECK(e.empty());
}

TEST_CASE("editor: random keys keep the cursor on a border and the text valid") {
  Editor e(300);
  std::uint32_t state = 7;
  auto next = [&state] { return state = state * 1664525 + 1013904223, state >> 12; };
  const char32_t chars[] = {'a', ' ', 0x301, 0x6f22, 0x1f468, 0x200d, 0x1f1e9, 0x1f1ea, '.', 'Z', 0x0627};
  const char32_t controls[] = {'a', 'b', 'd', 'e', 'f', 'k', 't', 'u', 'w', 'y'};
  for (int i = 0; i < 20'000; ++i) {
    Key key;
    switch (next() % 5) {
      case 0:
        key = ctrl(controls[next() % 10]);
        break;
      case 1:
        key = alt("bdf"[next() % 3]);
        break;
      case 2:
        key.code = static_cast<KeyCode>(next() % 14);
        break;
      default:
        key.ch = chars[next() % 11];
    }
    key.alt = key.alt || next() % 50 == 0;
    e.handle(key);
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
