// UTF-8, text made safe for terminals and logs, widths, grapheme clusters.
#include "base/text.h"

#include <doctest/doctest.h>

#include <random>

#include "support/vectors.h"

using namespace sims;

namespace {

std::string safe(std::string_view text) {
  return safe_text(text, Lines::keep);
}

// Characters that no terminal may get: C0 (except LF if kept), DEL, C1 (as UTF-8), bidi controls,
// zero-width ones.
void check_harmless(std::string_view text, Lines lines) {
  std::string shown = safe_text(text, lines);
  CHECK(utf8_valid(shown));
  for (std::size_t i = 0; i < shown.size(); ++i) {
    auto c = static_cast<unsigned char>(shown[i]);
    bool control = c < 0x20 || c == 0x7f;
    REQUIRE((!control || (c == '\n' && lines == Lines::keep)));
    REQUIRE_FALSE((c == 0xc2 && static_cast<unsigned char>(shown[i + 1]) < 0xa0));
  }
  for (std::string_view hidden :
       {"\u061c", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069",
        "\ufeff", "\u2028", "\u2029", "\u00ad", "\ufe0f", "\U000e0041", "\U000f0000"})
    REQUIRE(shown.find(hidden) == shown.npos);
  CHECK(shown.size() <= text.size() * 4 + 8);
  // safe_text() is idempotent.
  CHECK(safe_text(shown, lines) == shown);
}

}  // namespace

TEST_CASE("utf8_valid: RFC 3629") {
  for (std::string_view good :
       {"", "plain", "caf\u00e9", "\u20ac", "\U0001f600", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000",
        "\uffff", "\U00010000", "\U0010ffff", "long enough for the fast path, then \u20ac and more of it"})
    CHECK(utf8_valid(good));
  CHECK(utf8_valid(std::string_view("\0", 1)));
  for (std::string_view bad : {"\x80",
                               "\xbf",
                               "\xc3",
                               "\xc0\x80",
                               "\xc1\xbf",
                               "\xe0\x80\x80",
                               "\xe0\x9f\xbf",
                               "\xf0\x8f\xbf\xbf",
                               "\xed\xa0\x80",
                               "\xed\xbf\xbf",
                               "\xf4\x90\x80\x80",
                               "\xf5\x80\x80\x80",
                               "\xff",
                               "\xfe",
                               "\xe2\x82",
                               "\xe2\x28\xa1",
                               "\xf0\x9f\x98",
                               "ok then \xff",
                               "\xc3\xc3",
                               "\xf8\x88\x80\x80\x80",
                               "long enough for the fast path, then\x80 more"}) {
    CAPTURE(std::string(escape_for_log(bad)));
    CHECK_FALSE(utf8_valid(bad));
  }
}

TEST_CASE("escape_for_log: printable ASCII, and no character that ends a value or a line") {
  CHECK(escape_for_log("alice") == "alice");
  CHECK(escape_for_log("a\nb\x1b[0m\\\"") == "a\\x0ab\\x1b[0m\\x5c\\x22");
  CHECK(escape_for_log("\u00e9") == "\\xc3\\xa9");
  CHECK(escape_for_log("abcdef", 3) == "abc...");
  CHECK(escape_for_log("abc", 3) == "abc");
}

TEST_CASE("attack 39: control characters become visible") {
  CHECK(safe("plain text, caf\u00e9 \u65e5\u672c") == "plain text, caf\u00e9 \u65e5\u672c");
  CHECK(safe("\x1b[31mred\x1b]52;c;aGk=\x07") == "^[[31mred^[]52;c;aGk=^G");
  CHECK(safe(std::string_view("\0\x7f\b\r", 4)) == "^@^?^H^M");
  CHECK(safe("\xc2\x9b"
             "31m\xc2\x90") == "<U+009B>31m<U+0090>");
  CHECK(safe("a\tb") == "a b");
}

TEST_CASE("attack 39: lines are kept or folded") {
  CHECK(safe("a\nb\r\nc\u2028d") == "a\nb\nc\nd");
  CHECK(safe_text("a\nb\r\nc\u2029d", Lines::fold) == "a\u23ceb\u23cec\u23ced");
}

TEST_CASE("attack 39: characters that reorder or hide text become visible") {
  CHECK(safe("\u202egpj.exe") == "<U+202E>gpj.exe");
  CHECK(safe("a\u200bb\ufeff\u00ad\u061c") == "a<U+200B>b<U+FEFF><U+00AD><U+061C>");
  CHECK(safe("x\u200dy\u200cz") == "x<U+200D>y<U+200C>z");
  CHECK(safe("\u3164\u115f\U000e0061\ufff9") == "<U+3164><U+115F><U+E0061><U+FFF9>");
  CHECK(safe("\ue000\U000f0000\u0378\uffff") == "<U+E000><U+F0000><U+0378><U+FFFF>");
}

TEST_CASE("attack 39: bytes that are not UTF-8") {
  CHECK(safe("a\xff\xc3") == "a\ufffd\ufffd");
  CHECK(safe("\xed\xa0\x80") == "\ufffd\ufffd\ufffd");
  CHECK(safe("\xc0\x9b") == "\ufffd\ufffd");
}

TEST_CASE("attack 39: combining marks are bounded and do not join other text") {
  std::string acute = "\u0301", eight;
  for (int i = 0; i < 8; ++i)
    eight += acute;
  CHECK(safe("e" + eight) == "e" + eight);
  std::string many;
  for (int i = 0; i < 10'000; ++i)
    many += acute;
  CHECK(safe("e" + many + "x" + acute) == "e" + eight + "\ufffdx" + acute);
  CHECK(safe(acute) == "\u25cc" + acute);
  CHECK(safe("a\n" + acute) == "a\n\u25cc" + acute);
}

TEST_CASE("emoji: joiners and variation selectors are dropped, so that widths are certain") {
  CHECK(safe("\U0001f469\u200d\U0001f4bb") == "\U0001f469\U0001f4bb");
  CHECK(safe("\U0001f469\U0001f3fd\u200d\U0001f4bb") == "\U0001f469\U0001f3fd\U0001f4bb");
  CHECK(safe("\u2764\ufe0f 1\ufe0f\u20e3") == "\u2764 1\u20e3");
  CHECK(safe("a\ufe0f") == "a<U+FE0F>");
  CHECK(safe("\U0001f469\u200d") == "\U0001f469<U+200D>");
  CHECK(safe("\U0001f469\u200dx") == "\U0001f469<U+200D>x");
}

TEST_CASE("attack 39: the list of naughty strings") {
  auto path = test::third_party("blns/blns.json");
  if (!path) return;
  auto doc = test::read_json(*path);
  CHECK(doc.Size() == 515);
  for (const auto& entry : doc.GetArray()) {
    std::string_view text(entry.GetString(), entry.GetStringLength());
    CAPTURE(escape_for_log(text));
    check_harmless(text, Lines::keep);
    check_harmless(text, Lines::fold);
  }
}

TEST_CASE("attack 39: every code point, and random bytes") {
  for (std::uint32_t c = 0; c <= 0x10ffff; c += c < 0x3100 ? 1 : 61) {
    std::string text = "a";
    if (c < 0x80)
      text += static_cast<char>(c);
    else if (c < 0x800)
      text += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    else if (c < 0x10000)
      text += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
               static_cast<char>(0x80 | (c & 63))};
    else
      text += {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
               static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    CAPTURE(c);
    check_harmless(text + "b", Lines::keep);
  }
  std::mt19937 random(7);
  const std::string_view spice[] = {"\x1b[",  "\u202e", "\u200d", "\ufe0f", "\U0001f469",
                                    "\u0301", "\r\n",   "\xc2",   "\x9b",   "\u1100"};
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (unsigned n = random() % 40; n; --n) {
      if (random() % 3)
        text += static_cast<char>(random());
      else
        text += spice[random() % std::size(spice)];
    }
    CAPTURE(escape_for_log(text));
    check_harmless(text, i % 2 ? Lines::keep : Lines::fold);
  }
}

TEST_CASE("widths") {
  CHECK(text_width("") == 0);
  CHECK(text_width("plain") == 5);
  CHECK(text_width("caf\u00e9") == 4);
  CHECK(text_width("cafe\u0301") == 4);
  CHECK(text_width("\u65e5\u672c") == 4);
  CHECK(text_width("\U0001f600") == 2);
  CHECK(text_width("\U0001f1e9\U0001f1ea") == 2);
  CHECK(text_width("\u0915\u093f") == 2);  // a spacing mark takes a column, as in wcwidth(3)
  CHECK(char_width('\n') == 0);
  CHECK(char_width(U'\u0301') == 0);
  CHECK(char_width(U'\uff21') == 2);
}

TEST_CASE("grapheme clusters") {
  auto clusters = [](std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = grapheme_end(text, at);
      REQUIRE(end > at);
      out.emplace_back(text.substr(at, end - at));
      at = end;
    }
    return out;
  };
  using List = std::vector<std::string>;
  CHECK(clusters("ab") == List{"a", "b"});
  CHECK(clusters("e\u0301x") == List{"e\u0301", "x"});
  CHECK(clusters("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7") ==
        List{"\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"});
  CHECK(clusters("\U0001f44d\U0001f3fd!") == List{"\U0001f44d\U0001f3fd", "!"});
  CHECK(clusters("\xff\xffz") == List{"\xff", "\xff", "z"});
  CHECK(clusters("\r\n") == List{"\r\n"});
  CHECK(grapheme_end("abc", 3) == 3);
  CHECK(grapheme_end("abc", 99) == 3);
}

TEST_CASE("grapheme clusters: the same backwards as forwards") {
  const char32_t some[] = {'a',     ' ',    '\n',   '\r',    0x301,   0x93f,   0x6f22,  0x1f468,
                           0x1f469, 0x200d, 0xfe0f, 0x1f3fd, 0x1f1e9, 0x1f1ea, 0x1100,  0x1161,
                           0x11a8,  0x600,  0x0e33, 0x915,   0x94d,   0x2764,  0xe0067, 0x10ffff};
  std::mt19937 random(3);
  for (int round = 0; round < 3'000; ++round) {
    std::string text;
    for (std::size_t i = random() % 12; i > 0; --i) {
      char bytes[4];
      if (random() % 20 == 0)
        text += static_cast<char>(random());
      else
        text.append(bytes, encode_utf8(some[random() % std::size(some)], bytes));
    }
    CAPTURE(escape_for_log(text));
    std::size_t start = 0;
    while (start < text.size()) {
      const std::size_t end = grapheme_end(text, start);
      for (std::size_t at = start; at < end; ++at)
        REQUIRE(grapheme_start(text, at) == start);
      start = end;
    }
    CHECK(grapheme_start(text, text.size()) == text.size());
  }
}

TEST_CASE("encode_utf8: the inverse of decode_utf8") {
  for (char32_t c = 0; c <= 0x10ffff; c = c == 0xd7ff ? 0xe000 : c + 1) {
    char bytes[4];
    const std::size_t size = encode_utf8(c, bytes);
    const auto [back, took] = decode_utf8({bytes, size}, 0);
    REQUIRE(back == c);
    REQUIRE(took == size);
  }
}

TEST_CASE("plain_letter: the letter below the marks, of Latin letters only") {
  CHECK(plain_letter(U'é') == U'e');
  CHECK(plain_letter(U'Ǻ') == U'A');
  CHECK(plain_letter(U'x') == U'x');
  for (char32_t c : {U'ß', U'д', U'漢', U'1', U'\u0301', U'😀', char32_t{0}, char32_t{0x110000}})
    CHECK(plain_letter(c) == 0);
}
