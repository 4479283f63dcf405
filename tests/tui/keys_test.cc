#include "tui/keys.h"

#include <doctest/doctest.h>

using namespace sims::tui;

namespace {

std::vector<Key> decode(std::string_view bytes, bool flush = false) {
  KeyDecoder decoder;
  std::vector<Key> out;
  decoder.feed(bytes, out);
  if (flush) decoder.flush(out);
  return out;
}

Key one(std::string_view bytes) {
  auto keys = decode(bytes);
  REQUIRE(keys.size() == 1);
  return keys[0];
}

}  // namespace

TEST_CASE("keys: plain, control and wide characters") {
  CHECK(one("a").ch == U'a');
  CHECK(one("é").ch == U'é');
  CHECK(one("漢").ch == U'漢');
  CHECK(one("😀").ch == U'😀');
  CHECK(one("\x01").ch == U'a');
  CHECK(one("\x01").ctrl);
  CHECK(one("\x1f").ch == U'_');
  CHECK(one("\r").code == KeyCode::enter);
  CHECK(one("\n").code == KeyCode::enter);
  CHECK(one("\t").code == KeyCode::tab);
  CHECK(one("\x7f").code == KeyCode::backspace);
  CHECK(one("\x08").code == KeyCode::backspace);
}

TEST_CASE("keys: the sequences of the usual terminals") {
  struct Row {
    const char* bytes;
    KeyCode code;
  };
  const Row rows[] = {
      {"\x1b[A", KeyCode::up},       {"\x1bOA", KeyCode::up},         {"\x1b[B", KeyCode::down},
      {"\x1b[C", KeyCode::right},    {"\x1bOD", KeyCode::left},       {"\x1b[H", KeyCode::home},
      {"\x1b[1~", KeyCode::home},    {"\x1b[7~", KeyCode::home},      {"\x1bOH", KeyCode::home},
      {"\x1b[F", KeyCode::end},      {"\x1b[4~", KeyCode::end},       {"\x1b[8~", KeyCode::end},
      {"\x1b[5~", KeyCode::page_up}, {"\x1b[6~", KeyCode::page_down}, {"\x1b[3~", KeyCode::del},
      {"\x1b[2~", KeyCode::insert},  {"\x1b[Z", KeyCode::back_tab},   {"\x1bOM", KeyCode::enter},
      {"\x1b[I", KeyCode::focus_in}, {"\x1b[O", KeyCode::focus_out},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes + 1);
    CHECK(one(row.bytes).code == row.code);
  }
  const char* functions[] = {"\x1bOP", "\x1b[11~", "\x1b[[A", "\x1b[P"};
  for (const char* bytes : functions) {
    CHECK(one(bytes).code == KeyCode::function);
    CHECK(one(bytes).ch == 1);
  }
  CHECK(one("\x1b[24~").ch == 12);
}

TEST_CASE("keys: Alt by a leading ESC and by a parameter") {
  Key key = one("\x1bx");
  CHECK(key.alt);
  CHECK(key.ch == U'x');
  CHECK(one("\x1b\r").code == KeyCode::enter);
  CHECK(one("\x1b\r").alt);
  CHECK(one("\x1b\x7f").code == KeyCode::backspace);
  CHECK(one("\x1b[1;3D").code == KeyCode::left);
  CHECK(one("\x1b[1;3D").alt);
  CHECK(one("\x1b[1;5C").ctrl);
  CHECK(one("\x1b[1;2A").shift);
  CHECK(one("\x1bé").alt);
}

TEST_CASE("keys: a lone ESC is Escape only when the time is over") {
  KeyDecoder decoder;
  std::vector<Key> out;
  CHECK(decoder.waiting_ms() == -1);
  decoder.feed("\x1b", out);
  CHECK(out.empty());
  CHECK(decoder.waiting_ms() == 25);
  decoder.flush(out);
  REQUIRE(out.size() == 1);
  CHECK(out[0].code == KeyCode::escape);
  CHECK(decoder.waiting_ms() == -1);
}

TEST_CASE("keys: any piece of a sequence may come alone") {
  const std::string all = "a\x1b[1;3D\x1b[200~two\nlines\x1b[201~é\x1b[5~";
  const auto whole = decode(all);
  REQUIRE(whole.size() == 5);
  KeyDecoder decoder;
  std::vector<Key> pieces;
  for (char c : all)
    decoder.feed({&c, 1}, pieces);
  CHECK(pieces == whole);
}

TEST_CASE("keys: a bracketed paste is one key, whatever is in it") {
  Key key = one("\x1b[200~line 1\rline 2\x1b[A\x1b[20 \x1b\x1b[201~");
  CHECK(key.code == KeyCode::paste);
  CHECK(key.text == "line 1\rline 2\x1b[A\x1b[20 \x1b");
  CHECK_FALSE(key.cut);
}

TEST_CASE("keys: a huge paste is cut, an endless one ends by time") {
  const std::string body(1'000'000, 'x');
  Key key = one("\x1b[200~" + body + "\x1b[201~");
  CHECK(key.text.size() == max_paste);
  CHECK(key.cut);
  const auto keys = decode("\x1b[200~abc", true);
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].text == "abc");
}

TEST_CASE("keys: broken and unknown sequences give nothing and what follows is right") {
  for (const char* bad : {"\x1b[99~", "\x1b[>1;2c", "\x1b[?1;2c", "\xc3(", "\xff", "\x80", "\xed\xa0\x80",
                          "\x1bO!", "\x1b[[Q"}) {
    CAPTURE(bad + 1);
    auto keys = decode(std::string(bad) + "z");
    REQUIRE_FALSE(keys.empty());
    CHECK(keys.back().ch == U'z');
    CHECK_FALSE(keys.back().alt);
  }
  CHECK(decode("\x1b[" + std::string(1'000, '1') + "A").empty());
}

TEST_CASE("keys: no bytes at all crash the decoder") {
  std::uint32_t state = 1;
  KeyDecoder decoder;
  std::vector<Key> out;
  for (int i = 0; i < 200'000; ++i) {
    state = state * 1664525 + 1013904223;
    static constexpr char often[] = {'\x1b', '[', 'O', '~', ';', '2', '0', '1', '\x7f', 'M'};
    const char c = state & 0x80000000 ? often[(state >> 8) % sizeof often] : static_cast<char>(state >> 16);
    decoder.feed({&c, 1}, out);
    if (i % 97 == 0) decoder.flush(out);
    if (out.size() > 1'000) out.clear();
  }
  CHECK(true);
}
