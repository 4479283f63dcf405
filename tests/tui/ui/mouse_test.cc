// The mouse: the wheel, and clicks on the list.
#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: a click on a row of the list opens its window, only with the option") {
  std::size_t clicked = 0;
  for (const int height : {24, 8}) {  // also a list that does not fit
    Desk d;
    d.ui.resize({80, height});
    for (const char* name : {"bob", "carol", "dave", "frank"}) {
      CAPTURE(name);
      CAPTURE(height);
      const int y = row_of(d, name);
      if (y < 0) continue;
      ++clicked;
      const std::string before = d.peer();
      d.ui.key(pointed(KeyCode::press, 2, y));
      CHECK(d.peer() == before);
      d.keys("\x1bm");
      d.ui.key(pointed(KeyCode::press, 40, y));
      CHECK(d.peer() == before);
      d.ui.key(pointed(KeyCode::press, 2, y));
      CHECK(d.peer() == name);
      d.keys("\x1bm");
    }
  }
  CHECK(clicked > 4);
}

TEST_CASE("ui: the wheel scrolls the chat, and answers nothing") {
  Desk d;
  client::Line line;
  for (int i = 0; i < 60; ++i)
    d.intents.add("bob", line);
  d.keys("/query bob\r\x1bm");
  d.ui.key(pointed(KeyCode::wheel_up));
  CHECK_FALSE(d.ui.state().window().scroll.following);
  CHECK(d.of("bob").lines.back().serial - d.ui.state().window().scroll.serial == 3);
  d.ui.key(pointed(KeyCode::wheel_down));
  CHECK(d.ui.state().window().scroll.following);
  d.keys(" /quit\r");
  REQUIRE(d.ui.state().ask.open());
  d.ui.key(pointed(KeyCode::wheel_down));
  d.ui.key(pointed(KeyCode::press, 2, 1));
  CHECK(d.ui.state().ask.open());
}
