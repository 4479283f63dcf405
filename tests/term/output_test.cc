// Tests of Output, on which all tests of this folder rely: it accepts our sequences and refuses all others.
#include "term/output.h"

#include <doctest/doctest.h>

using namespace sims::test;

namespace {

Output read(std::string_view bytes) {
  Output out;
  out.feed(bytes);
  return out;
}

bool wrong(std::string_view bytes) {
  return !read(bytes).violations().empty();
}

}  // namespace

TEST_CASE("output: accepts the bytes of a screen") {
  const char* good[] = {
      "plain \xe6\xbc\xa2 e\xcc\x81 \xf0\x9f\x98\x80\r\n\b\t",
      "\x1b[H\x1b[2J\x1b[12;40H\x1b[K\x1b[1;31m\x1b[m\x1b(B\x1b)0\x0e\x0f\x1b=\x1b>\x1b[3X\x1b[5b\x1b[2;9r",
      "\x1b[?1049h\x1b[22;0;0t\x1b[?25l\x1b[?12l\x1b[?25h\x1b[?1049l\x1b[23;0;0t",
      "\x1b]2;SIMS: alice\x1b\\\x1b]2;SIMS\x07",
      "\x1b]104\x07",
      "\x1b]9;a message\x07\x1b]777;notify;SIMS;a message\x07",
      "\x1bPtmux;\x1b\x1b]9;a message\x07\x1b\\",
  };
  for (const char* bytes : good) {
    CAPTURE(bytes);
    CHECK(read(bytes).violations() == "");
  }
}

TEST_CASE("output: refuses bytes that our screen never writes") {
  const std::string bad[] = {
      std::string("\0", 1),
      "\x01",
      "\x7f",
      "\x9b"
      "31m",
      "\xc2\x9b"
      "31m",
      "\xc2\x85",
      "\xe2\x80\xae",                // right-to-left override
      "\xe2\x81\xa6",                // isolate
      "\xe2\x80\x8b",                // zero-width space
      "\xe2\x80\xa8",                // line separator
      "a\xef\xb8\x8f",               // variation selector
      "\xf3\xa0\x81\x81",            // tag
      "\xee\x80\x80",                // private
      "\xc0\xaf",                    // overlong
      "\xed\xa0\x80",                // surrogate
      "\x1b]0;owned\x07",            // window and icon title
      "\x1b]8;;http://example\x07",  // link
      "\x1b]52;c;aGk=\x07",          // clipboard
      "\x1b]104;1\x07",
      "\x1b]2;a\nb\x07",
      "\x1b]2;a\xc2\x9c\x1b\\",
      "\x1b]9;a\x1b[31m\x07",
      "\x1bP$q\"p\x1b\\",
      "\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\",
      "\x1b_command\x1b\\",
      "\x1b^private\x1b\\",
      "\x1bXstring\x1b\\",
      "\x1b"
      "c",
      "\x1b#8",
      "\x1b[6n",
      "\x1b[c",
      "\x1b[21t",
      "\x1b[?9001h",
      "\x1b[31;\x1b[m",
      "\x1b[5i",
      "\x1b[1$r",
      "\x1b[!p",
      "\x1b[>4;2m",
  };
  for (const auto& bytes : bad) {
    CAPTURE(bytes);
    CHECK(wrong(bytes));
  }
  std::string marks = "e";
  for (int i = 0; i < 8; ++i)
    marks += "\xcc\x81";
  CHECK_FALSE(wrong(marks));
  CHECK(wrong(marks + "\xcc\x81"));
  CHECK(wrong("\x1b]2;" + std::string(5'000, 'a')));
}

TEST_CASE("output: follows modes, titles and bells, in any pieces") {
  const std::string bytes =
      "\x1b[?1049h\x1b[22;2t\x1b[?2004h\x1b[?1004h\x1b]2;one\x1b\\\x07\x1b]2;two\x07\x1b[?1004l\x1b]9;"
      "hello\x07";
  Output out;
  for (const char c : bytes)
    out.feed({&c, 1});
  CHECK(out.violations().empty());
  CHECK(out.mode(1049));
  CHECK(out.mode(2004));
  CHECK_FALSE(out.mode(1004));
  CHECK(out.titles() == std::vector<std::string>{"one", "two"});
  CHECK(out.title() == "two");
  CHECK(out.title_depth() == 1);
  CHECK(out.bells() == 1);
  CHECK(out.notifications() == std::vector<std::string>{"hello"});
  out.feed("\x1b[23;2t");
  CHECK(out.title_depth() == 0);
  CHECK(out.title().empty());
}
