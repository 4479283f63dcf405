// /search and Ctrl-S.
#include "tui/ui/search_pane.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

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

namespace {

struct Pane {
  test::Stage s;
  ReadTracker tracker{s.ui, s.intents, s.intents};
  ChatPane chat{s.ui, s.intents, tracker};
  TypingSignal typing{s.ui, s.intents};
  Windows windows{s.ui, typing, tracker, [] {}};
  SearchPane pane{s.ui, s.intents, windows, chat, tracker};

  Find& find() { return s.state.find; }
  void found(std::size_t count) {
    std::vector<client::SearchHit> hits;
    for (std::size_t i = count; i > 0; --i)
      hits.push_back(hit("bob", i));
    pane.found(std::move(hits), "");
  }
};

}  // namespace

TEST_CASE("search pane alone: closed it takes no key, and no answer") {
  Pane p;
  CHECK_FALSE(test::feed(p.pane, "x"));
  p.found(1);
  CHECK(p.find().hits.empty());
  p.pane.open("");
  p.found(1);  // nothing was searched
  CHECK(p.find().hits.empty());
  CHECK(test::feed(p.pane, "x\x10\x1b[1;3A"));
  CHECK(p.find().query.text() == "x");
}

TEST_CASE("search pane alone: a page is ten hits, and stops at both ends") {
  Pane p;
  p.pane.open("x");
  p.found(25);
  test::feed(p.pane, "\x1b[5~");
  CHECK(p.find().at == 10);
  test::feed(p.pane, "\x1b[5~\x1b[5~");
  CHECK(p.find().at == 24);
  CHECK(p.s.state.hint == "this is the oldest one");
  test::feed(p.pane, "\x1b[6~");
  CHECK(p.find().at == 14);
  test::feed(p.pane, "\x1b[6~\x1b[6~");
  CHECK(p.find().at == 0);
  CHECK(p.s.state.hint == "this is the newest one");
}

TEST_CASE("search pane alone: without hits there is nowhere to step") {
  Pane p;
  p.pane.open("");
  test::feed(p.pane, "\x1b[A\x1b[B\x1b[5~");
  CHECK(p.find().at == 0);
  CHECK(p.s.state.hint.empty());
}

TEST_CASE("search pane alone: a new search forgets the hits, the problem and the place of the one before") {
  Pane p;
  p.pane.open("x");
  p.found(5);
  test::feed(p.pane, "\x1b[A");
  REQUIRE(p.find().at == 1);
  test::feed(p.pane, "y\r");
  CHECK(p.find().hits.empty());
  CHECK(p.find().at == 0);
  CHECK(p.s.intents.last() == "search bob: xy");
  p.pane.found({}, "the store is locked");
  CHECK(p.find().problem == "the store is locked");
  CHECK(p.s.screen().find("the store is locked") != std::string::npos);
  test::feed(p.pane, "\r");
  CHECK(p.find().problem.empty());
}

TEST_CASE("search pane alone: a hit of somebody who is gone says so") {
  Pane p;
  p.pane.open("x");
  p.pane.found({hit("nobody", 1)}, "");
  test::feed(p.pane, "\r");
  CHECK(p.find().problem == "That was with nobody at another server.");
  CHECK(p.find().open);
}

TEST_CASE("search pane alone: it is about the window in front when it was opened") {
  Pane p;
  p.pane.open("");
  p.s.open("frank");
  test::feed(p.pane, "word\r");
  CHECK(p.s.intents.last() == "search bob: word");
}
