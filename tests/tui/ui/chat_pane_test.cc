// The chat: scrolling, and the bare view.
#include "tui/ui/chat_pane.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

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

TEST_CASE("chat pane alone: keys that scroll are its own, all others are not") {
  test::Stage s;
  ReadTracker tracker(s.ui, s.intents, s.intents);
  ChatPane pane(s.ui, s.intents, tracker);
  for (const char* bytes : {"x", "\r", "\x1b", "\x1b[A", "\x10", "\x1bOQ"})
    CHECK_FALSE(test::feed(pane, bytes));
  CHECK(test::feed(pane, "\x1b[5~\x1b[6~\x1b[1;3H\x1b[1;3F"));
  CHECK(test::feed(pane, "\x1bl"));
  CHECK(s.state.look.bare);
}

TEST_CASE("chat pane alone: a panel that is longer than its place scrolls instead, row by row to its ends") {
  test::Stage s;
  s.state.size = {30, 8};
  s.state.window().verifying = true;
  s.state.window().safety_number = "11111 22222 33333 44444 55555 66666 77777 88888 99999 00000 12345 67890";
  ReadTracker tracker(s.ui, s.intents, s.intents);
  ChatPane pane(s.ui, s.intents, tracker);
  pane.scroll(-1, 1);
  CHECK(s.state.panel_scroll == 1);
  pane.scroll(-1, 1'000);
  const int end = s.state.panel_scroll;
  CHECK(end > 1);
  pane.scroll(-1);
  CHECK(s.state.panel_scroll == end);
  pane.scroll(1, 1'000);
  CHECK(s.state.panel_scroll == 0);
  CHECK(s.state.window().scroll.following);
}

TEST_CASE("chat pane alone: at the top of a chat without history it says that there is nothing older") {
  for (const char* front : {"bob", ""}) {
    test::Stage s(front);
    ReadTracker tracker(s.ui, s.intents, s.intents);
    ChatPane pane(s.ui, s.intents, tracker);
    test::feed(pane, "\x1b[1;3H");
    s.state.hint.clear();
    test::feed(pane, "\x1b[5~");
    CHECK(s.state.hint == "there is nothing older");
  }
}
