// The key decoder: sequences of the usual terminals, pieces, pastes, broken input, the mouse.
#include "tui/term/keys.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

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

TEST_CASE("keys: a lone ESC is Escape only after the timeout") {
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

TEST_CASE("keys: a sequence may come in any pieces") {
  const std::string all = "a\x1b[1;3D\x1b[200~two\nlines\x1b[201~é\x1b[5~";
  const auto whole = decode(all);
  REQUIRE(whole.size() == 5);
  KeyDecoder decoder;
  std::vector<Key> pieces;
  for (char c : all)
    decoder.feed({&c, 1}, pieces);
  CHECK(pieces == whole);
}

TEST_CASE("keys: a bracketed paste with any content is one key") {
  Key key = one("\x1b[200~line 1\rline 2\x1b[A\x1b[20 \x1b\x1b[201~");
  CHECK(key.code == KeyCode::paste);
  CHECK(key.text == "line 1\rline 2\x1b[A\x1b[20 \x1b");
  CHECK(key.cut == 0);
}

TEST_CASE("keys: a huge paste is cut, and an endless one ends by timeout") {
  const std::string body(1'000'000, 'x');
  Key key = one("\x1b[200~" + body + "\x1b[201~");
  CHECK(key.text.size() == max_paste);
  CHECK(key.cut == body.size() - max_paste);
  const auto keys = decode("\x1b[200~abc", true);
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].text == "abc");
}

TEST_CASE("keys: broken and unknown sequences give no key, and the next key is right") {
  for (const char* bad : {"\x1b[99~", "\x1b[>1;2c", "\x1b[?1;2c", "\xc3(", "\xff", "\x80", "\xed\xa0\x80",
                          "\x1bO!", "\x1b[[Q", "\x1b[24;80R", "\x1b[?12;2$y", "\x1b[4;1$y", "\x1b[97;1:3u",
                          "\x1b[57358u", "\x1b[55296u", "\x1b[9999999u", "\x1b[97;9u", "\x1b[<0;0;0M"}) {
    CAPTURE(bad + 1);
    auto keys = decode(std::string(bad) + "z");
    REQUIRE_FALSE(keys.empty());
    CHECK(keys.back().ch == U'z');
    CHECK_FALSE(keys.back().alt);
  }
  CHECK(decode("\x1b[" + std::string(1'000, '1') + "A").empty());
}

TEST_CASE("keys: rxvt's sequences for Shift, Ctrl and Alt") {
  CHECK(one("\x1b[a").code == KeyCode::up);
  CHECK(one("\x1b[a").shift);
  CHECK(one("\x1bOd").code == KeyCode::left);
  CHECK(one("\x1bOd").ctrl);
  CHECK(one("\x1b[5$").code == KeyCode::page_up);
  CHECK(one("\x1b[5$").shift);
  CHECK(one("\x1b[3^").code == KeyCode::del);
  CHECK(one("\x1b[3^").ctrl);
  CHECK(one("\x1b\x1b[A").code == KeyCode::up);
  CHECK(one("\x1b\x1b[A").alt);
  CHECK(one("\x1b\x1b[5~").alt);
  const auto twice = decode("\x1b\x1b", true);
  REQUIRE(twice.size() == 2);
  CHECK(twice[1].code == KeyCode::escape);
  CHECK_FALSE(twice[1].alt);
}

TEST_CASE("keys: extended forms are the same keys") {
  struct Row {
    const char* extended;
    const char* plain;
  };
  const Row rows[] = {
      {"\x1b[27;5;95~", "\x1f"},
      {"\x1b[95;5u", "\x1f"},
      {"\x1b[45;6u", "\x1f"},
      {"\x1b[47;5u", "\x1f"},
      {"\x1b[97;5u", "\x01"},
      {"\x1b[27;6;65~", "\x01"},
      {"\x1b[115;5u", "\x13"},
      {"\x1b[105;5u", "\t"},
      {"\x1b[109;5u", "\r"},
      {"\x1b[104;5u", "\x7f"},
      {"\x1b[97u", "a"},
      {"\x1b[97;2u", "A"},
      {"\x1b[49:33;2u", "!"},
      {"\x1b[97;3u",
       "\x1b"
       "a"},
      {"\x1b[97:65;4u",
       "\x1b"
       "A"},
      {"\x1b[9u", "\t"},
      {"\x1b[9;2u", "\x1b[Z"},
      {"\x1b[1;2Z", "\x1b[Z"},
      {"\x1b[13u", "\r"},
      {"\x1b[13;3u", "\x1b\r"},
      {"\x1b[127u", "\x7f"},
      {"\x1b[127;3u", "\x1b\x7f"},
      {"\x1b[57414u", "\r"},
      {"\x1b[57404u", "5"},
      {"\x1b[57419u", "\x1b[A"},
      {"\x1b[233u", "é"},
      {"\x1b[97;1:1u", "a"},
      {"\x1b[97;65u", "a"},
      {"\x1b[1;1:2A", "\x1b[A"},
      {"\x1b[1;5P", "\x1b[11;5~"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.extended + 1);
    CHECK(one(row.extended) == one(row.plain));
  }
  CHECK(one("\x1b[27u").code == KeyCode::escape);
  CHECK(one("\x1b[91;5u").code == KeyCode::escape);
  CHECK(one("\x1b[13;2u").shift);
}

TEST_CASE("keys: the mouse") {
  Key key = one("\x1b[<0;10;20M");
  CHECK(key.code == KeyCode::press);
  CHECK(key.ch == 1);
  CHECK(key.x == 9);
  CHECK(key.y == 19);
  CHECK(one("\x1b[<2;1;1M").ch == 3);
  CHECK(one("\x1b[<64;5;6M").code == KeyCode::wheel_up);
  CHECK(one("\x1b[<65;5;6M").code == KeyCode::wheel_down);
  CHECK(one("\x1b[<80;5;6M").ctrl);
  // Releases, movements and the horizontal wheel; other kinds of reports, with bytes that look like keys.
  for (const char* none : {"\x1b[<0;10;20m", "\x1b[<35;10;20M", "\x1b[<66;10;20M", "\x1b[<3;1;1M",
                           "\x1b[M !a", "\x1b[M\x20\x80\xff", "\x1b[0;10;20M"}) {
    CAPTURE(none + 1);
    CHECK(decode(none).empty());
    CHECK(one(std::string(none) + "z").ch == U'z');
  }
}

TEST_CASE("keys: a terminal's answers never become text") {
  for (const char* answer : {"\x1b]11;rgb:1e1e/1e1e/1e1e\x07", "\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
                             "\x1bP>|xterm(390)\x1b\\", "\x1bP1+r524742=38\x1b\\", "\x1b_Gi=31;OK\x1b\\",
                             "\x1b^private\x1b\\", "\x1bXstring\x1b\\", "\x1b[?62;22c", "\x1b[>41;390;0c",
                             "\x1b[0n", "\x1b[?1u", "\x1b[8;24;80t", "\x1b]52;c;\xc3\xa9\x07"}) {
    CAPTURE(answer + 1);
    CHECK(decode(answer).empty());
    CHECK(one(std::string(answer) + "z").ch == U'z');
    CHECK(decode(answer, true).empty());
  }
  const std::string endless = "\x1b]" + std::string(1'000'000, 'x');
  CHECK(decode(endless).empty());
  CHECK(decode(endless, true).empty());
}

TEST_CASE("keys: an answer without its end does not swallow later keys") {
  KeyDecoder decoder;
  std::vector<Key> out;
  decoder.feed("\x1b]11;rgb", out);
  CHECK(decoder.waiting_ms() > 25);
  decoder.flush(out);
  decoder.feed("a", out);
  decoder.feed("\x1b]11;rgb\r", out);
  decoder.feed("\x1bP\x1b[A", out);
  REQUIRE(out.size() == 3);
  CHECK(out[0].ch == U'a');
  CHECK(out[1].code == KeyCode::enter);
  CHECK(out[2].code == KeyCode::up);
  const auto alone = decode("\x1b]", true);
  REQUIRE(alone.size() == 1);
  CHECK(alone[0].ch == U']');
  CHECK(alone[0].alt);
}

TEST_CASE("keys: random bytes give the same keys in any pieces") {
  std::mt19937 random(11);
  static constexpr std::string_view often[] = {
      "\x1b", "\x1b", "[",    "O",        "~",         ";",          "2",     "0",     "1",
      "M",    "u",    "<",    "$",        "\x1b[200~", "\x1b[201~",  "\x1b]", "\x1bP", "\x1b\\",
      "\x07", "\xc3", "\xa9", "\xf0\x9f", "\x1b[M",    "\x1b[27;5;", "\r",    "\x7f"};
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes;
    for (std::size_t i = random() % 60; i > 0; --i) {
      if (random() % 3 == 0)
        bytes += static_cast<char>(random());
      else
        bytes += often[random() % std::size(often)];
    }
    KeyDecoder decoder;
    std::vector<Key> pieces;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 7, bytes.size() - at);
      decoder.feed({bytes.data() + at, size}, pieces);
      at += size;
    }
    decoder.flush(pieces);
    REQUIRE(pieces == decode(bytes, true));
    CHECK(decoder.waiting_ms() == -1);
    for (const Key& key : pieces) {
      REQUIRE(key.ch <= 0x10ffff);
      REQUIRE((key.code != KeyCode::character || key.ch >= 0x20));
    }
  }
}

TEST_CASE("keys: random bytes never crash the decoder") {
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

namespace {

// The keys of these reads, where Enter would send.
std::vector<Key> reads(KeyDecoder& decoder, std::initializer_list<std::string_view> bytes) {
  std::vector<Key> keys;
  decoder.guess_pastes(true);
  for (const auto& each : bytes)
    decoder.feed(each, keys);
  decoder.flush(keys);
  return keys;
}

std::size_t enters(const std::vector<Key>& keys) {
  return static_cast<std::size_t>(
      std::count_if(keys.begin(), keys.end(), [](const Key& key) { return key.code == KeyCode::enter; }));
}

}  // namespace

TEST_CASE("keys: without brackets, a read of text that goes on after an Enter is a paste") {
  KeyDecoder decoder;
  decoder.no_brackets();
  const auto keys = reads(decoder, {"one\rtwo\r\tthree\r"});
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].code == KeyCode::paste);
  CHECK(keys[0].guessed);
  CHECK(keys[0].text == "one\rtwo\r\tthree\r");
  // The next reads continue it, also one that holds only the last line break.
  const auto long_one = reads(decoder, {"one\rtwo", " three", "\r"});
  REQUIRE(long_one.size() == 1);
  CHECK(long_one[0].text == "one\rtwo three\r");
  CHECK(decoder.waiting_ms() == -1);
  const auto large = reads(decoder, {"a\rb", std::string(70'000, 'x')});
  REQUIRE(large.size() == 1);
  CHECK(large[0].text.size() + large[0].cut == 70'003);
}

TEST_CASE("keys: without brackets, Enter at the end of a read and control bytes are keys") {
  KeyDecoder decoder;
  decoder.no_brackets();
  CHECK(enters(reads(decoder, {"hello\r"})) == 1);
  CHECK(enters(reads(decoder, {"hello\r\r"})) == 2);
  CHECK(enters(reads(decoder, {"hello\r\x1b[A\r"})) == 2);
  CHECK(enters(reads(decoder, {"hello\r", "you\r"})) == 2);
  const auto after = reads(decoder, {"one\rtwo", "\x03"});
  REQUIRE(after.size() == 2);
  CHECK(after[0].code == KeyCode::paste);
  CHECK(after[1].ctrl);
  decoder.guess_pastes(false);  // as for a passphrase, a fingerprint, the dialog
  std::vector<Key> elsewhere;
  decoder.feed("secret\rhello\r", elsewhere);
  CHECK(enters(elsewhere) == 2);
}

TEST_CASE("keys: after a bracketed paste, or before the terminal answered, Enter is Enter") {
  const std::string_view ahead = "one\rtwo\rthree\r";  // typed ahead over a slow link
  KeyDecoder waiting;
  CHECK(enters(reads(waiting, {ahead})) == 3);
  for (const char* known : {"\x1b[?2004;1$y", "\x1b[?2004;2$y", "\x1b[?2004;3$y", "\x1b[200~x\x1b[201~"}) {
    CAPTURE(known);
    KeyDecoder decoder;
    CHECK(enters(reads(decoder, {known})) == 0);
    decoder.no_brackets();  // a late answer changes nothing
    CHECK(enters(reads(decoder, {ahead})) == 3);
    KeyDecoder late;
    late.no_brackets();
    static_cast<void>(reads(late, {known}));
    CHECK(enters(reads(late, {ahead})) == 3);
  }
  for (const char* without : {"\x1b[?2004;0$y", "\x1b[?2004;4$y"}) {
    CAPTURE(without);
    KeyDecoder decoder;
    CHECK(reads(decoder, {without}).empty());
    CHECK(enters(reads(decoder, {ahead})) == 0);
  }
}

TEST_CASE("keys: an answer about a mode in two pieces never becomes text") {
  KeyDecoder decoder;
  std::vector<Key> keys;
  decoder.feed("\x1b[?2004;", keys);
  CHECK(decoder.waiting_ms() == 500);
  decoder.feed("1$y", keys);
  CHECK(keys.empty());
}
