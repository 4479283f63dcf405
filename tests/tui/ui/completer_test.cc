// Tab in the input.
#include "tui/ui/completer.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("completer: going round ends when another window comes to the front") {
  Desk d;
  d.keys("/query bob\r\x1bm/qu\t");
  REQUIRE(d.input() == "/query ");
  SUBCASE("by a click") {
    Key click;
    click.code = KeyCode::press;
    click.ch = 1;
    click.x = 2;
    click.y = 3;
    d.ui.key(click);
  }
  SUBCASE("of another server") {
    d.intents.fake.server_id = test::some_id('1');
    d.ui.model_changed();
    d.intents.fake.server_id = test::some_id('2');
    d.ui.model_changed();
  }
  REQUIRE(d.peer() != "bob");
  d.keys("\t");
  CHECK(d.input().empty());
  CHECK(d.ui.state().hint == "nothing to complete");
}

TEST_CASE("ui: completion cycles forwards and back") {
  Desk d;
  type(d.ui, "/qu\t");
  CHECK(d.input() == "/query ");
  type(d.ui, "\t");
  CHECK(d.input() == "/quit ");
  type(d.ui, "\x1b[Z");
  CHECK(d.input() == "/query ");
  type(d.ui, "c\t");
  CHECK(d.input() == "/query carol ");
  type(d.ui, "\r");
  CHECK(d.peer() == "carol");
}
