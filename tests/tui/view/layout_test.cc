// Tests of the layout: every part of the screen has its place, at every size.
#include "tui/view/layout.h"

#include <doctest/doctest.h>

#include <initializer_list>

using namespace sims::tui;

TEST_CASE("layout: every size from 0x0 to 200x60 is covered once, and nothing leaves the screen") {
  for (int width = 0; width <= 200; width += width < 70 ? 1 : 13) {
    for (int height = 0; height <= 60; ++height) {
      for (int input : {-1, 0, 1, 5, 1'000}) {
        const Layout l = lay_out({width, height}, input);
        int area = 0;
        for (const Rect& r : {l.title, l.list, l.separator, l.chat, l.status, l.input}) {
          if (r.empty()) continue;
          REQUIRE(r.x >= 0);
          REQUIRE(r.y >= 0);
          REQUIRE(r.x + r.width <= width);
          REQUIRE(r.y + r.height <= height);
          area += r.width * r.height;
        }
        REQUIRE(area == width * height);
      }
    }
  }
}

TEST_CASE("layout: the peer list needs 60 columns") {
  CHECK(lay_out({59, 24}, 1).list.empty());
  CHECK_FALSE(lay_out({60, 24}, 1).list.empty());
}

TEST_CASE("layout: the input grows to a third of the screen") {
  CHECK(lay_out({80, 24}, 1).input.height == 1);
  CHECK(lay_out({80, 24}, 4).input.height == 4);
  CHECK(lay_out({80, 24}, 40).input.height == 8);
  CHECK(lay_out({20, 5}, 3).input.height == 1);
}

TEST_CASE("layout: 20x5 has everything but the list") {
  const Layout l = lay_out({20, 5}, 1);
  CHECK(l.title == Rect{0, 0, 20, 1});
  CHECK(l.chat == Rect{0, 1, 20, 2});
  CHECK(l.status == Rect{0, 3, 20, 1});
  CHECK(l.input == Rect{0, 4, 20, 1});
}
