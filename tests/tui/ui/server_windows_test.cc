// The windows of each server, and what outlives the program.
#include "tui/ui/server_windows.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: windows, drafts and what was typed survive") {
  Desk d;
  d.keys("/query bob\rfirst\rsecond\rfor bob\x1b\rtwo lines");
  d.keys(
      "\x1b"
      "1for nobody");
  d.keys("\x1b[1;3B\x1b[1;3B\x1b[1;3B");  // a window that is only passed is not kept
  const SavedWindows kept = d.ui.kept();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].windows.size() == 3);

  Desk fresh;
  fresh.ui.restore(kept);
  CHECK(fresh.ui.kept() == kept);
  CHECK(fresh.peer().empty());
  CHECK(fresh.input() == "for nobody");
  fresh.keys("/win 3\r");
  CHECK(fresh.input() == "for nobody/win 3");
  fresh.keys("\x15/win 3\r");
  CHECK(fresh.peer() == "bob");
  CHECK(fresh.input() == "for bob\ntwo lines");
  fresh.keys("\x15\x7f\x15\x1b[A\x1b[A");
  CHECK(fresh.input() == "first");
  fresh.ui.restore({});  // nothing was kept
  CHECK(fresh.peer() == "bob");
}

TEST_CASE("ui: a draft never goes to somebody of the same name at another server") {
  Desk d;
  d.intents.fake.server_id = test::some_id('1');
  d.ui.model_changed();
  d.keys("/query bob\rfor the first bob");
  d.intents.fake.server_id = test::some_id('2');
  d.ui.model_changed();
  CHECK(d.peer().empty());
  d.keys("/query bob\r");
  CHECK(d.input().empty());
  d.keys("for the second");
  d.intents.fake.link = client::LinkState::waiting;
  d.intents.fake.server_id = {};
  d.ui.model_changed();
  CHECK(d.input() == "for the second");
  const SavedWindows kept = d.ui.kept();
  CHECK(kept.size() == 2);
  d.intents.fake.link = client::LinkState::online;
  d.intents.fake.server_id = test::some_id('1');
  d.ui.model_changed();
  CHECK(d.peer() == "bob");
  CHECK(d.input() == "for the first bob");

  Desk fresh;
  fresh.ui.restore(kept);
  CHECK(fresh.input() == "for the second");
  fresh.intents.fake.server_id = test::some_id('1');
  fresh.ui.model_changed();
  CHECK(fresh.input() == "for the first bob");
}

TEST_CASE("ui: a server whose new key was accepted keeps its windows and drafts") {
  Desk d;
  auto& model = d.intents.fake;
  const auto at = [&](char id) {
    model.link = client::LinkState::online;
    model.question.reset();
    model.server_id = test::some_id(id);
    d.ui.model_changed();
  };
  at('1');
  d.keys("/query bob\rfor bob");
  SUBCASE("the one in front") {}
  SUBCASE("another one") {
    at('2');
    CHECK(d.input().empty());
  }
  model.link = client::LinkState::asking;
  model.question = client::Question{};
  model.question->kind = client::Question::Kind::server_changed;
  model.question->pinned = test::some_id('1');
  model.question->shown = test::some_id('3');
  d.ui.model_changed();
  model.server_was = test::some_id('1');
  at('3');
  CHECK(d.peer() == "bob");
  CHECK(d.input() == "for bob");
  at('1');
  CHECK(d.input().empty());
}

TEST_CASE("ui: drafts stay with a server's old key when its contacts do, and when the new one was refused") {
  Desk d;
  auto& model = d.intents.fake;
  const auto at = [&](char id) {
    model.question.reset();
    model.server_id = test::some_id(id);
    d.ui.model_changed();
  };
  at('1');
  d.keys("/query bob\rfor bob");
  model.question = client::Question{};
  model.question->kind = client::Question::Kind::server_changed;
  model.question->pinned = test::some_id('1');
  model.question->shown = test::some_id('3');
  d.ui.model_changed();
  at('3');
  CHECK(d.input().empty());
  at('1');
  CHECK(d.input() == "for bob");
}
