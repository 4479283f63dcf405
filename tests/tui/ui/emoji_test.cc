// The table of emoji: names, beginnings, and widths.
#include "tui/ui/emoji.h"

#include <doctest/doctest.h>

#include <string>

#include "base/text.h"

using namespace sims;
using namespace sims::tui;

TEST_CASE("emoji: by name and by its beginning") {
  CHECK(find_emoji("pizza") == "🍕");
  CHECK(find_emoji("+1") == "👍");
  CHECK(find_emoji("pizz").empty());
  CHECK(find_emoji("pizzaa").empty());
  CHECK(find_emoji("").empty());
  CHECK(find_emoji("zzzz").empty());
  CHECK(emoji_with("").size() > 300);
  CHECK(emoji_with("nothing_like_it").empty());
  const auto cats = emoji_with("cat");
  REQUIRE(cats.size() == 2);
  CHECK(cats[0].short_name() == "cat");
  CHECK(cats[1].short_name() == "cat2");
  for (const Emoji& e : emoji_with("heart"))
    CHECK(e.short_name().starts_with("heart"));
}

TEST_CASE("emoji: each is one safe character of two columns") {
  for (const Emoji& e : emoji_with("")) {
    const std::string_view text = e.text;
    CAPTURE(e.short_name());
    CHECK(find_emoji(e.short_name()) == text);
    CHECK(safe_text(text, Lines::fold) == text);
    const auto [c, size] = decode_utf8(text, 0);
    CHECK(size == text.size());
    CHECK(char_width(c) == 2);
    CHECK(e.short_name().find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_+-") ==
          std::string_view::npos);
  }
}
