// Ctrl-C.
#include "tui/ui/exit_key.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: Ctrl-C empties the line, and leaves only when pressed twice on an empty one") {
  Desk d;
  d.of("bob").lines.clear();
  type(d.ui, "typed\x03");
  CHECK(d.input().empty());
  CHECK_FALSE(d.intents.logged("quit"));
  type(d.ui, "\x1b[A");
  CHECK(d.input() == "typed");
  type(d.ui, "\x03\x03x\x7f\x03");
  CHECK_FALSE(d.intents.logged("quit"));
  type(d.ui, "\x03");
  CHECK(d.intents.last() == "quit");
}
