// The mouse, and the list over a narrow chat.
#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/view/view.h"

using namespace sims;
using namespace sims::tui;
using test::Desk;

namespace {

Key pointed(KeyCode code, int x = 0, int y = 0) {
  Key key;
  key.code = code;
  key.ch = code == KeyCode::press ? 1 : 0;
  key.x = x;
  key.y = y;
  return key;
}

// The row in which the list has this name; -1: it is not on the screen.
int row_of(const Desk& d, const std::string& name) {
  const Grid grid = render(d.intents.fake, d.ui.state(), {});
  for (int y = 1; y < d.ui.state().size.height; ++y)
    if (test::dump_row(grid, y).substr(0, 14).find(name) != std::string::npos) return y;
  return -1;
}

}  // namespace

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

TEST_CASE("ui: the list over the chat, where it has no room beside it") {
  Desk d;
  d.keys("\x1bOQ");
  CHECK_FALSE(d.ui.state().look.list_over);
  CHECK(d.ui.state().hint == "the list is at the left");
  d.ui.resize({40, 10});
  d.keys("\x1bOQ");
  CHECK(d.ui.state().look.list_over);
  d.keys("\x1b[B\x1b[B");
  CHECK(d.peer() == "carol");
  CHECK(d.ui.state().look.list_over);
  d.keys("\r");
  CHECK_FALSE(d.ui.state().look.list_over);
  CHECK(d.peer() == "carol");
  d.keys("\x1bOQx");
  CHECK_FALSE(d.ui.state().look.list_over);
  CHECK(d.input() == "x");
  d.keys("\x1bOQ\x1bOQ");
  CHECK_FALSE(d.ui.state().look.list_over);
  d.keys("\x1bm\x1bOQ");
  d.ui.key(pointed(KeyCode::press, 2, row_of(d, "bob")));
  CHECK(d.peer() == "bob");
  CHECK_FALSE(d.ui.state().look.list_over);
}

TEST_CASE("ui: the bare view comes and goes") {
  Desk d;
  d.keys("\x1bl");
  CHECK(d.ui.state().look.bare);
  d.keys("\x1bl");
  CHECK_FALSE(d.ui.state().look.bare);
  d.keys("\x1bl\x1b");
  CHECK_FALSE(d.ui.state().look.bare);
}
