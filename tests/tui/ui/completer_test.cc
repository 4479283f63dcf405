// Tab in the input.
#include "tui/ui/completer.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

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

namespace {

struct Tab {
  test::Stage s;
  Completer completer{s.ui, s.intents};

  // The line after Tab, with this typed before it and the cursor at its end.
  std::string of(const std::string& typed, bool forward = true) {
    completer.settle();
    s.input().set(typed);
    return step(forward);
  }
  std::string step(bool forward = true) {
    s.state.hint.clear();
    completer.step(forward);
    return s.input().text();
  }
};

}  // namespace

TEST_CASE("completer alone: round and back, with the place in the hint") {
  Tab t;
  CHECK(t.of("/qu") == "/query ");
  CHECK(t.s.state.hint == "1 of 2");
  CHECK(t.step() == "/quit ");
  CHECK(t.s.state.hint == "2 of 2");
  CHECK(t.step() == "/query ");
  CHECK(t.step(false) == "/quit ");
  CHECK(t.of("/qu", false) == "/quit ");
}

TEST_CASE("completer alone: one candidate has no place, none changes nothing") {
  Tab t;
  CHECK(t.of("/query fra") == "/query frank ");
  CHECK(t.s.state.hint.empty());
  CHECK(t.of("/query zzz") == "/query zzz");
  CHECK(t.s.state.hint == "nothing to complete");
  CHECK(t.of("") == "");
  CHECK(t.s.state.hint == "nothing to complete");
}

TEST_CASE("completer alone: the next Tab begins with what is there then") {
  Tab t;
  REQUIRE(t.of("/qu") == "/query ");
  SUBCASE("after a key") {
    t.completer.settle();
    CHECK(t.step().find("/query ") == 0);
    CHECK(t.s.input().text() != "/quit ");
  }
  SUBCASE("after the draft was replaced") {
    t.s.input().set("/who");
    CHECK(t.step() == "/whois ");
  }
  SUBCASE("in another window with the same draft") {
    t.s.open("frank");
    t.s.input().set("/query ");
    CHECK(t.step() != "/quit ");
  }
  SUBCASE("after it was wiped") {
    t.completer.wipe();
    CHECK(t.step() != "/quit ");
  }
}

TEST_CASE("completer alone: names of requests and files come from model and program") {
  Tab t;
  CHECK(t.of("/accept c") == "/accept c");
  t.s.of("carol").standing = client::Standing::request;
  CHECK(t.of("/accept c") == "/accept carol ");
  t.s.intents.folder = {"./out.txt"};
  CHECK(t.of("/history export ./o") == "/history export ./out.txt ");
}
