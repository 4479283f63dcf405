// Ctrl-C.
#include "tui/ui/exit_key.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

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

namespace {

struct Exit {
  test::Stage s;
  int asked = 0;
  ExitKey exit{s.ui, s.intents, [this] { ++asked; }};

  Exit() {
    for (auto& [name, peer] : s.intents.fake.peers)
      peer.lines.clear();
  }
  void press() { exit.press(test::key_of("\x03")); }
  bool left() const { return s.intents.logged("quit"); }
};

}  // namespace

TEST_CASE("exit key alone: the second press leaves, unless another key came between") {
  Exit e;
  e.press();
  CHECK(e.s.state.hint == "Ctrl-C again leaves");
  CHECK_FALSE(e.left());
  e.exit.reset();
  e.press();
  CHECK_FALSE(e.left());
  e.press();
  CHECK(e.left());
  CHECK(e.asked == 0);
}

TEST_CASE("exit key alone: its hint names the key that was pressed") {
  Exit e;
  e.exit.press(test::key_of("\x18"));
  CHECK(e.s.state.hint == "Ctrl-X again leaves");
}

TEST_CASE("exit key alone: with undelivered messages each press asks, none leaves") {
  Exit e;
  client::Line line;
  line.mine = true;
  line.delivery = client::Delivery::queued;
  e.s.intents.add("bob", line);
  e.press();
  e.press();
  CHECK(e.asked == 2);
  CHECK_FALSE(e.left());
  CHECK(e.s.state.hint.empty());
  // They were delivered: the presses that asked do not count.
  e.s.of("bob").lines.clear();
  e.press();
  CHECK_FALSE(e.left());
  e.press();
  CHECK(e.left());
}
