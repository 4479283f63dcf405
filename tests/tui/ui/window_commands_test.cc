// Commands about windows.
#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: /close asks when something is undelivered, then closes and ends the session") {
  Desk d;
  type(d.ui, "/query bob\r/close\r\r");
  CHECK(d.peer() == "bob");
  CHECK(d.ui.state().ask.words ==
        "2 of your messages are not delivered yet. They stay queued. Close? y yes, n no");
  type(d.ui, "n");
  CHECK(d.peer() == "bob");
  CHECK(d.input() == "/close");
  type(d.ui, "\ry");
  CHECK(d.intents.logged("end_session bob"));
  CHECK(d.peer() == "carol");
  CHECK(d.ui.state().windows.size() == 2);
  type(d.ui,
       "\x1b"
       "1/close\r");
  CHECK(d.ui.state().windows.size() == 2);
}

TEST_CASE("ui: /wins lists the windows with their marks") {
  Desk d;
  d.keys(
      "/query bob\ra draft\x1b"
      "1/wins\r");
  CHECK(d.intents.last() ==
        "notice : Windows:\n>  1 status\n!  2 carol, stranger, 3 unread\n   3 bob, unverified, a draft");
}
