// Case-insensitive search.
#include "base/caseless.h"

#include <doctest/doctest.h>

using sims::Caseless;

TEST_CASE("caseless: ASCII in either case, at the start, in the middle, at the end") {
  Caseless wanted("HeLLo");
  for (const char* text : {"hello", "HELLO", "say hello", "hello you", "hehello", "xhellox", "é hello é"}) {
    CAPTURE(text);
    CHECK(wanted.in(text));
  }
  for (const char* text : {"", "hell", "help", "h ello", "hell\xc3\xb6"}) {
    CAPTURE(text);
    CHECK_FALSE(wanted.in(text));
  }
}

TEST_CASE("caseless: signs and digits are themselves") {
  CHECK(Caseless("[1]").in("a[1]b"));
  CHECK_FALSE(Caseless("[").in("{"));
  CHECK_FALSE(Caseless("@").in("`"));
}

TEST_CASE("caseless: beyond ASCII") {
  CHECK(Caseless("ÄRGER").in("so viel ärger!"));
  CHECK(Caseless("ärger").in("so viel ÄRGER!"));
  CHECK(Caseless("a\xcc\x88rger").in("ärger"));  // composed and not
  CHECK(Caseless("ärger").in("A\xcc\x88RGER"));
  CHECK(Caseless("STRASSE").in("straße"));
  CHECK(Caseless("Σ").in("ς"));
  CHECK(Caseless("привет").in("ПРИВЕТ"));
  CHECK(Caseless("k").in("\xe2\x84\xaa"));  // the Kelvin sign
  CHECK(Caseless("雪").in("大雪山"));
  CHECK_FALSE(Caseless("e").in("é"));
  CHECK_FALSE(Caseless("é").in("e"));
}

TEST_CASE("caseless: the empty text is in every text; invalid UTF-8 is in none") {
  CHECK(Caseless("").in(""));
  CHECK(Caseless("").in("é"));
  CHECK_FALSE(Caseless("\xff").in("\xff"));
  CHECK_FALSE(Caseless("a").in("a\xff"));
  CHECK_FALSE(Caseless("").in("\xff"));
}

TEST_CASE("caseless: one object for texts of all sizes") {
  Caseless wanted("é!");
  std::string text;
  for (int i = 0; i < 2'000; ++i) {
    CHECK_FALSE(wanted.in(text));
    text += i % 3 ? "é" : "x";
  }
  CHECK(wanted.in(text + "É!"));
  CHECK(wanted.in("É!"));
}
