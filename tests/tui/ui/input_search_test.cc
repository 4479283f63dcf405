// Ctrl-R: the search through what was typed in a window.
#include "tui/ui/input_search.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("input search: a line that was typed to one peer does not come into another one's window") {
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

namespace {

struct CtrlR {
  test::Stage s;
  TypingSignal typing{s.ui, s.intents};
  InputSearch search{s.ui, typing};

  CtrlR() {
    for (const char* line : {"one apple", "two pears", "three Apples"})
      s.state.window().history.add(line);
    s.input().set("draft");
    s.state.history_find.open = true;
  }
  const HistoryFind& find() const { return s.state.history_find; }
};

}  // namespace

TEST_CASE("input search alone: no key while it is closed, every key while it is open") {
  CtrlR c;
  for (const char* bytes : {"x", "\x1b[5~", "\x1b[B", "\x10"}) {
    CHECK(test::feed(c.search, bytes));
    CHECK(c.find().open);
  }
  CHECK(c.s.input().text() == "draft");
  c.s.state.history_find = {};
  CHECK_FALSE(test::feed(c.search, "x"));
  CHECK(c.find().query.empty());
}

TEST_CASE("input search alone: from the newest back, and again from the newest when the words change") {
  CtrlR c;
  test::feed(c.search, "e");
  CHECK(c.find().found == "three Apples");
  test::feed(c.search, "\x1b[A");
  CHECK(c.find().found == "two pears");
  test::feed(c.search, "\x12");
  CHECK(c.find().found == "one apple");
  test::feed(c.search, " a");
  CHECK(c.find().found == "three Apples");
  CHECK(c.s.screen().find("three Apples") != std::string::npos);
}

TEST_CASE("input search alone: without words nothing is found, and nothing is said of it") {
  CtrlR c;
  test::feed(c.search, "\x12");
  CHECK(c.find().found.empty());
  CHECK(c.s.state.hint.empty());
  test::feed(c.search, "\r");
  CHECK(c.s.input().text() == "draft");
  CHECK_FALSE(c.find().open);
}

TEST_CASE("input search alone: words that are not there leave no line, until they are changed") {
  CtrlR c;
  test::feed(c.search, "appl");
  REQUIRE_FALSE(c.find().found.empty());
  test::feed(c.search, "z");
  CHECK(c.find().found.empty());
  CHECK(c.s.state.hint == "no match in the input history");
  test::feed(c.search, "\x7f");
  CHECK(c.find().found == "three Apples");
}

TEST_CASE("input search alone: a line that is taken is typed, one that is left is not") {
  for (const std::string key : {"\r", "\t"}) {
    CtrlR c;
    test::feed(c.search, "pears" + key);
    CHECK(c.s.input().text() == "two pears");
    CHECK(c.s.intents.typing_log == std::vector<std::string>{"bob on"});
  }
  for (const std::string key : {"\x1b", "\x03"}) {
    CtrlR c;
    test::feed(c.search, "pears" + key);
    CHECK(c.s.input().text() == "draft");
    CHECK_FALSE(c.find().open);
    CHECK(c.s.intents.typing_log.empty());
  }
}
