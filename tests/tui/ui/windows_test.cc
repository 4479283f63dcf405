// Windows: which one is in front, what arrives behind it, and how many there may be.
#include "tui/ui/windows.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

namespace {

const std::string alt_a =
    "\x1b"
    "a";

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

TEST_CASE("ui: --query does not take the front from somebody who types already") {
  Desk d;
  d.ui.open_when_known("zoe");
  d.keys("/nam");
  d.intents.fake.peers["zoe"].name = "zoe";
  d.ui.model_changed();
  CHECK(d.peer().empty());
  CHECK(d.ui.state().windows.back().peer == "zoe");
}

TEST_CASE("ui: new messages never take the focus, looking at them clears them") {
  Desk d;
  type(d.ui, "/query bob\rmy draft");
  client::Line line;
  line.text = "hey";
  d.intents.fake.peers["frank"].unread = 1;
  d.intents.add("frank", line);
  d.ui.model_changed();
  CHECK(d.peer() == "bob");
  CHECK(d.input() == "my draft");
  CHECK(d.intents.fake.peers["frank"].unread == 1);
  type(d.ui,
       "\x1b"
       "a");
  CHECK(d.peer() == "frank");
  CHECK(d.intents.logged("mark_read frank"));
  type(d.ui,
       "\x1b"
       "a");
  CHECK(d.peer() == "carol");
  type(d.ui,
       "\x1b"
       "a");
  CHECK(d.ui.state().hint == "nothing unread");
}

TEST_CASE("ui: drafts and history belong to their window") {
  Desk d;
  type(d.ui, "/query bob\rfirst\rsecond\rdraft");
  type(d.ui,
       "\x1b"
       "1");
  CHECK(d.input().empty());
  type(d.ui, "\x10");
  CHECK(d.peer() == "bob");
  CHECK(d.input() == "draft");
  type(d.ui, "\x1b[A");
  CHECK(d.input() == "second");
  type(d.ui, "\x1b[A");
  CHECK(d.input() == "first");
  type(d.ui, "\x1b[B\x1b[B");
  CHECK(d.input() == "draft");
}

TEST_CASE("ui: windows by number, by neighbour, by the list; a window that was only passed closes again") {
  Desk d;  // windows: status, carol (who wrote)
  CHECK(d.ui.state().windows.size() == 2);
  type(d.ui,
       "/query bob\r\x1b"
       "2");
  CHECK(d.peer() == "carol");
  type(d.ui,
       "\x1b"
       "9");
  CHECK(d.peer() == "carol");
  type(d.ui, "\x1b[1;3C");
  CHECK(d.peer() == "bob");
  type(d.ui, "\x0e");
  CHECK(d.peer().empty());
  type(d.ui, "\x1b[1;3B\x1b[1;3B\x1b[1;3B");
  CHECK(d.peer() == "dave");
  CHECK(d.ui.state().windows.size() == 4);
  type(d.ui, "\x1b[1;3B");
  CHECK(d.peer() == eve);
  CHECK(d.ui.state().windows.size() == 4);
  type(d.ui, "\x1b[1;3A\x1b[1;3A");
  CHECK(d.peer() == "carol");
  CHECK(d.ui.state().windows.size() == 3);
  type(d.ui, "/win 3\r");
  CHECK(d.peer() == "bob");
  type(d.ui, "/win 77\r");
  CHECK(d.peer() == "bob");
}

TEST_CASE("ui: --query opens the window when the peer is known, once") {
  Desk d;
  d.ui.open_when_known("zoe");
  d.ui.model_changed();
  CHECK(d.peer().empty());
  d.intents.fake.peers["zoe"].name = "zoe";
  d.ui.model_changed();
  CHECK(d.peer() == "zoe");
  type(d.ui,
       "\x1b"
       "1");
  d.ui.model_changed();
  CHECK(d.peer().empty());
}

TEST_CASE("ui: with too many windows nothing goes to the wrong one") {
  Desk d;
  for (int i = 0; i < 600; ++i) {
    client::Peer& stranger = d.intents.fake.peers["stranger" + std::to_string(i)];
    stranger.name = "stranger" + std::to_string(i);
    stranger.id = test::some_id('s');
    stranger.unread = 1;
  }
  d.ui.model_changed();
  CHECK(d.ui.state().windows.size() == 400);
  type(d.ui, "/query bob\r");  // strangers leave room for what the user opens
  CHECK(d.peer() == "bob");
  for (int i = 0; i < 600; ++i)
    type(d.ui, "/query stranger" + std::to_string(i) + "\r\x15");
  CHECK(d.ui.state().windows.size() == 500);
  const std::string here = d.peer();
  d.intents.log.clear();
  type(d.ui, "/query stranger599 for stranger599 only\r");
  CHECK(d.peer() == here);
  CHECK(d.intents.log.empty());
  CHECK(d.ui.state().hint.find("too many windows") != std::string::npos);
  CHECK(d.input() == "/query stranger599 for stranger599 only");
  type(d.ui, "\x15/verify stranger599\r");
  CHECK_FALSE(d.ui.state().window().verifying);
}

TEST_CASE("ui: Alt-a finds all that the list shows as unread") {
  Desk d;
  d.of("carol").unread = 0;
  d.of("carol").attention = false;
  SUBCASE("below what this window shows") {
    many_lines(d, "bob");
    d.keys("/query bob\r" + page_up + page_up);
    d.comes("bob", "the news");
    REQUIRE(d.of("bob").unread == 1);
    d.keys(alt_a);
    CHECK(d.ui.state().hint.empty());
    CHECK(shows(d, "the news"));
    CHECK(d.of("bob").unread == 0);
  }
  SUBCASE("of somebody for whom there was no window left") {
    for (int i = 0; i < 500; ++i) {
      client::Peer& peer = d.intents.fake.peers["x" + std::to_string(i)];
      peer.name = "x" + std::to_string(i);
      peer.id = test::some_id('s');
      peer.unread = 1;
    }
    d.ui.model_changed();
    for (int i = 0; i < 500; ++i)
      d.keys(alt_a);
    for (const auto& [name, peer] : d.intents.fake.peers)
      CHECK_MESSAGE((peer.unread == 0 || d.ui.state().hint.find("too many windows") != std::string::npos),
                    name);
    CHECK(d.of("x450").unread == 0);
  }
  SUBCASE("here, while away") {
    d.keys("/query bob\r/away\r");
    d.comes("bob", "the news");
    d.keys(alt_a);
    CHECK(d.ui.state().hint == "unread here until /away ends");
  }
  SUBCASE("nothing") {
    d.keys(alt_a);
    CHECK(d.ui.state().hint == "nothing unread");
  }
}

namespace {

struct Alone : test::StageWithWindows {
  Alone() : StageWithWindows("") {}

  const std::string& front() const { return s.state.window().peer; }
};

}  // namespace

TEST_CASE("windows alone: what comes to the front is told once, what is there already or nowhere is not") {
  Alone a;
  CHECK(a.windows.go_to_peer("bob"));
  CHECK(a.front() == "bob");
  CHECK(a.moved == 1);
  CHECK(a.windows.go_to_peer("bob"));
  a.windows.go_to(7);
  CHECK(a.moved == 1);
  CHECK(a.windows.open("frank"));
  CHECK(a.front() == "bob");
  CHECK(a.moved == 1);
}

TEST_CASE("windows alone: a closed window leaves the one before it in front, the status window stays") {
  Alone a;
  for (const char* name : {"bob", "carol", "frank"})
    a.windows.open(name);
  a.windows.go_to_peer("carol");
  a.windows.close("bob");
  CHECK(a.front() == "carol");
  a.windows.close("carol");
  CHECK(a.front().empty());
  a.windows.close("");
  a.windows.close("nobody");
  CHECK(a.s.state.windows.size() == 2);
  CHECK(a.windows.find("frank") != nullptr);
  CHECK(a.windows.find("carol") == nullptr);
}

TEST_CASE("windows alone: one that was only passed closes, unless it holds a draft") {
  Alone a;
  a.windows.go_to_passing("dave");
  SUBCASE("unused") {
    a.windows.go_to_passing("frank");
    CHECK(a.windows.find("dave") == nullptr);
  }
  SUBCASE("with a draft") {
    a.s.input().set("Dear Dave");
    a.windows.go_to_passing("frank");
    CHECK(a.windows.find("dave") != nullptr);
  }
  CHECK(a.front() == "frank");
}

TEST_CASE("windows alone: its keys, and no other") {
  Alone a;
  a.windows.open("bob");
  CHECK(test::feed(a.windows,
                   "\x1b"
                   "2"));
  CHECK(a.front() == "bob");
  CHECK(test::feed(a.windows,
                   "\x1b"
                   "a"));
  CHECK(a.front() == "carol");  // unread, and without a window
  CHECK_FALSE(test::feed(a.windows, "x"));
  CHECK_FALSE(test::feed(a.windows, "\r"));
}

TEST_CASE("windows alone: who types is told to have stopped by going elsewhere") {
  Alone a;
  a.windows.go_to_peer("bob");
  a.s.input().set("hm");
  a.typing.update();
  a.windows.go_to_peer("frank");
  CHECK(a.s.intents.typing_log == std::vector<std::string>{"bob on", "bob off"});
}
