// The windows of each server, and what outlives the program.
#include "tui/ui/server_windows.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

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

namespace {

struct Alone : test::StageWithWindows {
  Alone() : StageWithWindows("") {}
  ServerWindows servers{s.ui, windows, typing, tracker};

  void at(char server) {
    s.intents.fake.server_id = test::some_id(server);
    servers.model_changed();
  }
  void draft(const std::string& peer, const std::string& text) {
    windows.go_to_peer(peer);
    s.input().set(text);
  }
  std::string draft_of(const std::string& peer) {
    const Window* window = windows.find(peer);
    return window == nullptr ? "no window" : window->input.text();
  }
};

}  // namespace

TEST_CASE("server windows alone: what was typed before the first connection belongs to its server") {
  Alone a;
  a.draft("bob", "hello");
  a.at('1');
  CHECK(a.draft_of("bob") == "hello");
}

TEST_CASE("server windows alone: each server gets its own back") {
  Alone a;
  a.at('1');
  a.draft("bob", "to bob at one");
  a.at('2');
  CHECK(a.draft_of("bob") == "no window");
  a.draft("bob", "to bob at two");
  a.at('1');
  CHECK(a.draft_of("bob") == "to bob at one");
  CHECK(a.s.state.window().peer == "bob");
  a.at('2');
  CHECK(a.draft_of("bob") == "to bob at two");
}

TEST_CASE("server windows alone: what is kept comes back, at the same server, after a restart") {
  SavedWindows kept;
  {
    Alone a;
    a.at('1');
    a.draft("bob", "one");
    a.at('2');
    a.draft("frank", "two");
    a.windows.go_to_passing("dave");
    kept = a.servers.kept();
  }
  REQUIRE(kept.size() == 2);
  Alone b;
  CHECK_FALSE(b.servers.restore({}));
  CHECK(b.servers.restore(kept));
  CHECK(b.draft_of("frank") == "two");
  CHECK(b.draft_of("dave") == "no window");  // only passed
  b.at('1');
  CHECK(b.draft_of("bob") == "one");
  CHECK(b.draft_of("frank") == "no window");
}

TEST_CASE("server windows alone: a question about a window of the old server is gone at the new one") {
  Alone a;
  a.at('1');
  a.s.state.ask = Ask{Ask::About::command, "Sure?"};
  a.s.state.asks_below.push_back(Ask{Ask::About::command, "Really?"});
  a.at('2');
  CHECK_FALSE(a.s.state.ask.open());
  CHECK(a.s.state.asks_below.empty());
}
