// Ctrl-R: the search through what was typed in a window.
#include "tui/ui/input_search.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using test::Desk;

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
