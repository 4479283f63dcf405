// Which messages count as read.
#include "tui/ui/read_tracker.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: a number to compare that covers the chat hides what comes") {
  Desk d;
  d.ui.resize({40, 10});
  d.keys("/verify bob\r");
  d.comes("bob", "unseen");
  CHECK(d.of("bob").unread == 1);
  d.keys("\x1b");
  CHECK(d.of("bob").unread == 0);
}

TEST_CASE("ui: what came before a window is in front is under a line, until the window is left") {
  Desk d;
  d.comes("bob", "first");
  const std::uint64_t first = d.of("bob").lines.back().serial;
  d.comes("bob", "second");
  d.keys("/query bob\r");
  CHECK(d.ui.state().window().divider == first);
  CHECK(d.of("bob").unread == 0);
  d.comes("bob", "while we look");
  CHECK(d.ui.state().window().divider == first);
  CHECK(d.of("bob").unread == 0);
  d.keys("/win 1\r/query bob\r");
  CHECK(d.ui.state().window().divider == 0);
}

TEST_CASE("ui: while the terminal has no focus nothing counts as seen") {
  Desk d;
  d.keys("/query bob\r" + focus_out);
  d.comes("bob", "first");
  const std::uint64_t first = d.of("bob").lines.back().serial;
  d.comes("bob", "second");
  CHECK(d.of("bob").unread == 2);
  CHECK(d.ui.state().window().divider == 0);
  d.keys(focus_in);
  CHECK(d.of("bob").unread == 0);
  CHECK(d.ui.state().window().divider == first);
  d.keys(focus_out + focus_in);
  CHECK(d.ui.state().window().divider == 0);
}
