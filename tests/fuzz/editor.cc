// Fuzz target `editor`: any actions and any text in any order in the line editor.
#include "tui/edit/editor.h"

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "fuzz/safe.h"

namespace sims::fuzz {
namespace {

using namespace tui;

void check(const Editor& editor, std::size_t most, Newlines newlines) {
  const std::string& text = editor.text();
  HOLDS(text.size() <= most);
  HOLDS(utf8_valid(text));
  HOLDS(editor.cursor() <= text.size());
  HOLDS(editor.cursor() == text.size() || grapheme_start(text, editor.cursor()) == editor.cursor());
  for (const char c : text)
    HOLDS((c & 0x80) != 0 || (c >= 0x20 && c != 0x7f) || (c == '\n' && newlines == Newlines::keep));
}

Key character(Source& source) {
  Key key;
  if (source.coin()) {
    key.code = KeyCode::paste;
    key.text = source.text();
    return key;
  }
  key.ch = static_cast<char32_t>(source.number(3));
  if (key.ch > 0x10ffff || (key.ch >= 0xd800 && key.ch < 0xe000))
    key.ch = 'x';  // KeyDecoder returns no such key
  return key;
}

void step(Editor& editor, KillRing& kills, Source& source) {
  switch (source.pick(8)) {
    case 0:
      editor.insert(source.text());
      return;
    case 1:
      editor.set(source.text());
      return;
    case 2: {
      const std::string& text = editor.text();
      std::size_t from = grapheme_start(text, source.byte() % (text.size() + 1));
      std::size_t to = grapheme_start(text, source.byte() % (text.size() + 1));
      if (from > to) std::swap(from, to);
      editor.replace(from, to, source.text());
      return;
    }
    case 3:
      editor.type(character(source));
      return;
    case 4:
      if (source.pick(4) == 0) HOLDS((editor.take(), editor.empty()));
      return;
    default:
      editor.act(static_cast<Action>(source.pick(all_actions().size())), kills);
  }
}

void run(ByteView input) {
  Source source(input);
  const std::size_t most = source.coin() ? 16'384 : 1 + source.byte();
  const Newlines newlines = source.coin() ? Newlines::keep : Newlines::fold;
  Editor editor(most, newlines);
  KillRing kills;
  while (!source.empty()) {
    step(editor, kills, source);
    check(editor, most, newlines);
  }
  for (int i = 0; i < 100; ++i) {
    editor.act(Action::undo, kills);
    check(editor, most, newlines);
  }
}

std::string act(Action action) {
  return std::string("\x05") + static_cast<char>(action);
}

std::vector<std::string> seeds() {
  const std::string insert =
      std::string(1, '\0') + sized("one two\nthree \xe6\xbc\xa2\xe5\xad\x97 e\xcc\x81 \xf0\x9f\x98\x80");
  const std::string set = "\x01" + sized("ok"), paste = "\x03\x01" + sized("a\nb"),
                    typed = std::string("\x03\0\0\x03\x01", 5);
  std::string all;
  for (const ActionInfo& one : all_actions())
    all += act(one.action);
  std::vector<std::string> out;
  for (const std::string& start :
       {std::string("\x01\x01"), std::string("\x01\0", 2), std::string("\0\x10\0", 3)}) {
    out.push_back(start + insert + all + insert + all);
    out.push_back(start + insert + act(Action::undo) + typed + typed + paste + act(Action::undo));
    out.push_back(start + std::string(1, '\0') + sized("a\xd8\x80 b") + act(Action::home) +
                  act(Action::word_right));
    // A yank, then yank_older after the text has changed.
    const std::string kill = insert + act(Action::kill_word);
    out.push_back(start + kill + act(Action::yank) + set + act(Action::yank_older) + kill + kill);
  }
  return out;
}

const Register registered({"editor", run, seeds, 4'000});

}  // namespace
}  // namespace sims::fuzz
