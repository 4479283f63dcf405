// tui/editor: any actions and any text in any order.
#include "tui/editor.h"

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
  key.ch = static_cast<char32_t>(source.byte() << 16 | source.byte() << 8 | source.byte());
  if (key.ch > 0x10ffff || (key.ch >= 0xd800 && key.ch < 0xe000)) key.ch = 'x';  // KeyDecoder gives none
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

std::vector<std::string> seeds() {
  const std::string some = sized("one two\nthree \xe6\xbc\xa2\xe5\xad\x97 e\xcc\x81 \xf0\x9f\x98\x80");
  std::vector<std::string> out;
  for (const char* start : {"\x01\x01", "\x01\x02", {"\x02\x10\x01"}}) {
    std::string acts = start;
    acts += std::string(1, '\0') + some;
    for (std::size_t action = 0; action < all_actions().size(); ++action)
      acts += std::string(1, '\5') + static_cast<char>(action);
    out.push_back(acts);
    out.push_back(start + std::string(1, '\0') + some + "\x05\x1b\x05\x1b\x03\x01" + some + "\x01" + some);
  }
  return out;
}

const Register registered({"editor", run, seeds, 4'000});

}  // namespace
}  // namespace sims::fuzz
