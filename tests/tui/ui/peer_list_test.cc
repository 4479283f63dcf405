// The list of peers over a narrow chat.
#include "tui/ui/peer_list.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

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
