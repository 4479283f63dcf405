// The chat: scrolling, and the bare view.
#include "tui/ui/chat_pane.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: the oldest and the newest line") {
  Desk d("/query bob\r");
  for (int i = 0; i < 100; ++i) {
    client::Line line;
    line.text = "line " + std::to_string(i);
    d.intents.add("bob", line);
  }
  d.ui.model_changed();
  type(d.ui, "\x1b[1;3H");
  CHECK_FALSE(d.state().window().scroll.following);
  const Scroll top = d.state().window().scroll;
  type(d.ui, "\x1b[5~");
  CHECK(d.state().window().scroll.serial == top.serial);
  type(d.ui, "\x1b[1;3F");
  CHECK(d.state().window().scroll.following);
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

TEST_CASE("ui: scrolling up goes on into the history") {
  Desk d;
  auto& bob = d.of("bob");
  bob.lines.clear();
  many_lines(d, "bob", 30);
  d.intents.older_pages = 2;
  d.keys("/query bob\r");
  CHECK(bob.lines.size() == 30);
  d.keys(page_up);  // more than what is here
  CHECK(bob.lines.size() == 40);
  CHECK(bob.lines.back().serial - d.ui.state().window().scroll.serial == 19);
  d.keys(page_up);
  CHECK(bob.lines.size() == 50);
  for (int i = 0; i < 10; ++i)
    d.keys(page_up);
  CHECK(d.ui.state().hint == "there is nothing older");
  CHECK_FALSE(bob.older);
}
