// Windows: which one is in front, what was seen, where it is scrolled to, what is kept.
#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/view/view.h"

using namespace sims;
using namespace sims::tui;
using test::Desk;

namespace {

void many_lines(Desk& d, const std::string& peer, int count) {
  for (int i = 0; i < count; ++i) {
    client::Line line;
    line.text = "line " + std::to_string(i);
    line.at_unix_ms = 1'795'334'400'000;
    d.intents.add(peer, line);
  }
}

const std::string focus_in = "\x1b[I", focus_out = "\x1b[O", page_up = "\x1b[5~", page_down = "\x1b[6~";

}  // namespace

TEST_CASE("ui: nothing that arrives moves the front, the cursor, the scroll or the draft") {
  Desk d;
  many_lines(d, "bob", 100);
  d.keys("/query bob\r");
  d.keys("my draft\x1b[D\x1b[D" + page_up);
  const Window before = d.ui.state().window();
  d.comes("bob", "in front");
  d.comes("carol", "elsewhere");
  for (const char* name : {"aaron", "zoe"}) {  // before and after bob in the list
    client::Peer stranger;
    stranger.name = name;
    stranger.id = test::some_id('z');
    stranger.standing = client::Standing::request;
    stranger.attention = true;
    d.intents.fake.peers[name] = stranger;
    d.comes(name, "hello");
  }
  d.intents.fake.peers.erase("frank");
  d.intents.fake.link = client::LinkState::waiting;
  d.ui.model_changed();
  const Window& after = d.ui.state().window();
  CHECK(d.peer() == "bob");
  CHECK(after.input.text() == before.input.text());
  CHECK(after.input.cursor() == before.input.cursor());
  CHECK_FALSE(after.scroll.following);
  CHECK(after.scroll.serial == before.scroll.serial);
  CHECK(after.scroll.row == before.scroll.row);
  CHECK(d.of("bob").unread == 1);  // it is below what is shown
  d.keys(page_down + page_down);
  CHECK(d.of("bob").unread == 0);
}

TEST_CASE("ui: what came before a window is in front is under a line, until the window is left") {
  Desk d;
  d.comes("bob", "first");
  const std::uint64_t first = d.of("bob").lines.back().serial;
  d.comes("bob", "second");
  d.keys("/query bob\r");
  CHECK(d.ui.state().window().divider == first);
  CHECK(d.of("bob").unread == 0);
  d.comes("bob", "while we look");
  CHECK(d.ui.state().window().divider == first);
  CHECK(d.of("bob").unread == 0);
  d.keys("/win 1\r/query bob\r");
  CHECK(d.ui.state().window().divider == 0);
}

TEST_CASE("ui: while the terminal has no focus nothing counts as seen") {
  Desk d;
  d.keys("/query bob\r" + focus_out);
  d.comes("bob", "first");
  const std::uint64_t first = d.of("bob").lines.back().serial;
  d.comes("bob", "second");
  CHECK(d.of("bob").unread == 2);
  CHECK(d.ui.state().window().divider == 0);
  d.keys(focus_in);
  CHECK(d.of("bob").unread == 0);
  CHECK(d.ui.state().window().divider == first);
  d.keys(focus_out + focus_in);
  CHECK(d.ui.state().window().divider == 0);
}

TEST_CASE("ui: away: nothing is looked at or told, and one summary at the end") {
  Desk d;
  d.keys("/query bob\r/away lunch\r");
  CHECK(d.ui.state().away);
  CHECK(d.ui.state().away_reason == "lunch");
  d.comes("bob", "are you there?");
  const std::uint64_t first = d.of("bob").lines.back().serial;
  d.comes("frank", "hi");
  d.keys("a draft");
  CHECK(d.of("bob").unread == 1);
  CHECK(d.intents.typing_log.empty());
  d.keys("\x15/away\r");
  CHECK_FALSE(d.ui.state().away);
  CHECK(d.intents.logged("notice bob: You are back. Unread: bob 1, carol 3, frank 1."));
  CHECK(d.of("bob").unread == 0);
  CHECK(d.ui.state().window().divider == first);
}

TEST_CASE("ui: a contact hears that we type, until the draft is gone or another window is in front") {
  Desk d;
  d.keys("/query bob\r");
  CHECK(d.intents.typing_log.empty());
  d.keys("h");
  CHECK(d.intents.typing_log == std::vector<std::string>{"bob on"});
  d.keys("\x7f");
  CHECK(d.intents.typing_log.back() == "bob off");
  d.keys("hi\r");
  CHECK(d.intents.typing_log.back() == "bob off");
  d.keys("hi\x1b[D");  // the cursor alone is no typing
  const auto count = d.intents.typing_log.size();
  d.keys("\x1b[D");
  CHECK(d.intents.typing_log.size() == count);
  d.keys(
      "\x1b"
      "1");
  CHECK(d.intents.typing_log.back() == "bob off");
  d.intents.typing_log.clear();
  d.keys(
      "\x1b"
      "2who are you?");  // carol is nobody we know
  CHECK(d.intents.typing_log.empty());
}

TEST_CASE("ui: scrolling up goes on into the history") {
  Desk d;
  auto& bob = d.of("bob");
  bob.lines.clear();
  many_lines(d, "bob", 30);
  d.intents.older_pages = 2;
  d.keys("/query bob\r");
  CHECK(bob.lines.size() == 30);
  d.keys(page_up);  // more than what is here
  CHECK(bob.lines.size() == 40);
  CHECK(bob.lines.back().serial - d.ui.state().window().scroll.serial == 19);
  d.keys(page_up);
  CHECK(bob.lines.size() == 50);
  for (int i = 0; i < 10; ++i)
    d.keys(page_up);
  CHECK(d.ui.state().hint == "there is nothing older");
  CHECK_FALSE(bob.older);
}

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

TEST_CASE("ui: --query does not take the front from somebody who types already") {
  Desk d;
  d.ui.open_when_known("zoe");
  d.keys("/nam");
  d.intents.fake.peers["zoe"].name = "zoe";
  d.ui.model_changed();
  CHECK(d.peer().empty());
  CHECK(d.ui.state().windows.back().peer == "zoe");
}

TEST_CASE("ui: /wins lists the windows with their marks") {
  Desk d;
  d.keys(
      "/query bob\ra draft\x1b"
      "1/wins\r");
  CHECK(d.intents.last() ==
        "notice : Windows:\n>  1 status\n!  2 carol, stranger, 3 unread\n   3 bob, unverified, a draft");
}
