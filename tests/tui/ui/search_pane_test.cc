// /search and Ctrl-S.
#include "tui/ui/search_pane.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

namespace {

const std::string up = "\x1b[A", down = "\x1b[B";

client::SearchHit hit(const std::string& peer, std::uint64_t row) {
  client::SearchHit out;
  out.peer.name = peer;
  out.entry.row = row;
  out.entry.body = "row " + std::to_string(row);
  return out;
}

}  // namespace

TEST_CASE("ui: /search asks for this conversation, in the status window for all") {
  Desk d;
  d.keys("/search ratchets late\r");
  CHECK(d.intents.last() == "search : ratchets late");
  CHECK(d.ui.state().find.running);
  d.keys("\x1b");
  CHECK(d.intents.last() == "cancel_search");
  CHECK_FALSE(d.ui.state().find.open);
  d.keys("/query bob\rdraft\x13");  // Ctrl-S
  CHECK(d.ui.state().find.open);
  d.keys("\r");
  CHECK(d.ui.state().find.problem == "Type a text to search for.");
  d.keys("ratchets\r");
  CHECK(d.intents.last() == "search bob: ratchets");
  d.keys("\r");  // it runs already
  CHECK(d.ui.state().find.running);
  d.ui.found({}, "");
  CHECK(d.ui.state().find.problem == "Nothing was found.");
  d.keys("\x03");
  CHECK(std::count(d.intents.log.begin(), d.intents.log.end(), "cancel_search") == 1);  // none to cancel now
  CHECK(d.input() == "draft");
  d.ui.found({hit("bob", 1)}, "");  // too late
  CHECK_FALSE(d.ui.state().find.open);
}

TEST_CASE("ui: hits are walked through, and Enter goes to one") {
  Desk d;
  d.intents.fake.server_id = test::some_id('s');
  d.ui.model_changed();
  auto& lines = d.of("bob").lines;
  for (std::size_t i = 0; i < lines.size(); ++i)
    lines[i].row = 100 + i;
  auto hits = std::vector{hit("bob", 105), hit("bob", 103), hit("bob", 101)};
  for (auto& h : hits)
    h.peer.server = test::some_id('s');
  d.keys("/search x\r");
  d.ui.found(hits, "");
  d.keys(down);
  CHECK(d.ui.state().hint == "this is the newest one");
  d.keys(up + "\x13");
  CHECK(d.ui.state().find.at == 2);
  d.keys(up);
  CHECK(d.ui.state().find.at == 2);
  CHECK(d.ui.state().hint == "this is the oldest one");
  d.keys("\x12");
  CHECK(d.ui.state().find.at == 1);
  SUBCASE("here already") {
    d.keys("\r");
    CHECK_FALSE(d.ui.state().find.open);
    CHECK(d.peer() == "bob");
    CHECK(d.ui.state().window().marked == lines[3].serial);
  }
  SUBCASE("the words were changed: a new search") {
    d.keys("y\r");
    CHECK(d.intents.last() == "search : xy");
    CHECK(d.ui.state().find.hits.empty());
  }
  SUBCASE("farther back: the history is read until it is there") {
    for (auto& line : lines)
      line.row += 1'000;
    d.intents.older_pages = 50;
    d.intents.older_row = 103 + 10;  // the newest page ends just above it
    d.keys("\r");
    CHECK(d.peer() == "bob");
    const auto& window = d.ui.state().window();
    const auto it =
        std::find_if(lines.begin(), lines.end(), [&](auto& l) { return l.serial == window.marked; });
    REQUIRE(it != lines.end());
    CHECK(it->row == 103);
    CHECK_FALSE(window.scroll.following);
  }
  SUBCASE("not there any more, or too far") {
    for (auto& line : lines)
      line.row += 1'000;
    d.keys("\r");
    CHECK(d.ui.state().find.open);
    CHECK(d.ui.state().find.problem == "It is not in the history any more.");
    CHECK(d.peer().empty());
  }
  SUBCASE("of another server") {
    d.intents.fake.server_id = test::some_id('t');
    d.keys("\r");
    CHECK(d.ui.state().find.problem == "That was with bob at another server.");
  }
}
