// Ctrl-R: the search through what was typed in a window.
#include "tui/ui/input_search.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("input search: what was typed to one peer does not come into another one's window") {
  Desk d;
  d.intents.fake.server_id = test::some_id('1');
  d.ui.model_changed();
  d.keys(
      "/query bob\rfor bob\r\x12"
      "bob");
  REQUIRE(d.ui.state().history_find.found == "for bob");
  SUBCASE("another window, over a server's question") {
    d.intents.fake.question = client::Question{};
    d.keys(
        "\x1b"
        "2\x1b");
    REQUIRE(d.peer() == "carol");
  }
  SUBCASE("another server's window") {
    d.intents.fake.server_id = test::some_id('2');
    d.ui.model_changed();
  }
  d.keys("\r");
  CHECK(d.input().empty());
  CHECK_FALSE(d.ui.state().history_find.open);
}

TEST_CASE("ui: Ctrl-R finds what was typed in this window, and does not send it") {
  Desk d;
  d.keys("/query bob\rone apple\rtwo pears\rthree Apples\r");
  d.intents.log.clear();
  d.keys("draft\x12");
  REQUIRE(d.ui.state().history_find.open);
  d.keys("apple");
  CHECK(d.ui.state().history_find.found == "three Apples");
  d.keys("\x12");
  CHECK(d.ui.state().history_find.found == "one apple");
  d.keys("\x12");
  CHECK(d.ui.state().history_find.found == "one apple");
  CHECK(d.ui.state().hint == "no older match");
  SUBCASE("Enter takes it") {
    d.keys("\r");
    CHECK(d.input() == "one apple");
    CHECK_FALSE(d.ui.state().history_find.open);
  }
  SUBCASE("Escape does not") {
    d.keys("\x1b");
    CHECK(d.input() == "draft");
    CHECK_FALSE(d.ui.state().history_find.open);
  }
  SUBCASE("nothing found: the draft stays") {
    d.keys("xyz");
    CHECK(d.ui.state().history_find.found.empty());
    d.keys("\r");
    CHECK(d.input() == "draft");
  }
  CHECK(d.intents.log.empty());
}
