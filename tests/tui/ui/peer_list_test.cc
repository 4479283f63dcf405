// The list of peers over a narrow chat.
#include "tui/ui/peer_list.h"

#include <doctest/doctest.h>

#include "tui/ui/desk.h"
#include "tui/ui/stage.h"

using namespace sims;
using namespace sims::tui;
using namespace sims::test;

TEST_CASE("ui: the list over the chat, where it has no room beside it") {
  Desk d;
  d.keys("\x1bOQ");
  CHECK_FALSE(d.ui.state().look.list_over);
  CHECK(d.ui.state().hint == "the list is at the left");
  d.ui.resize({40, 10});
  d.keys("\x1bOQ");
  CHECK(d.ui.state().look.list_over);
  d.keys("\x1b[B\x1b[B");
  CHECK(d.peer() == "carol");
  CHECK(d.ui.state().look.list_over);
  d.keys("\r");
  CHECK_FALSE(d.ui.state().look.list_over);
  CHECK(d.peer() == "carol");
  d.keys("\x1bOQx");
  CHECK_FALSE(d.ui.state().look.list_over);
  CHECK(d.input() == "x");
  d.keys("\x1bOQ\x1bOQ");
  CHECK_FALSE(d.ui.state().look.list_over);
  d.keys("\x1bm\x1bOQ");
  d.ui.key(pointed(KeyCode::press, 2, row_of(d, "bob")));
  CHECK(d.peer() == "bob");
  CHECK_FALSE(d.ui.state().look.list_over);
}

TEST_CASE("peer list alone: walking stops at both ends, and goes nowhere else") {
  test::Stage s("");
  TypingSignal typing(s.ui, s.intents);
  ReadTracker tracker(s.ui, s.intents, s.intents);
  Windows windows(s.ui, typing, tracker, [] {});
  PeerList list(s.ui, windows);
  CHECK(test::feed(list, "\x1b[1;3A"));
  CHECK(s.state.window().peer.empty());
  const auto peers = listed_peers(s.intents.fake, s.state);
  for (const auto* peer : peers) {
    CHECK(test::feed(list, "\x1b[1;3B"));
    CHECK(s.state.window().peer == peer->name);
  }
  CHECK(test::feed(list, "\x1b[1;3B"));
  CHECK(s.state.window().peer == peers.back()->name);
  for (std::size_t i = 0; i < peers.size(); ++i)
    CHECK(test::feed(list, "\x1b[1;3A"));
  CHECK(s.state.window().peer.empty());
  for (const char* bytes : {"x", "\r", "\x1b[A", "\x1b"})
    CHECK_FALSE(test::feed(list, bytes));
}

TEST_CASE("peer list alone: over a narrow chat every other key closes it and means what it means") {
  test::Stage s;
  s.state.size = {40, 10};
  TypingSignal typing(s.ui, s.intents);
  ReadTracker tracker(s.ui, s.intents, s.intents);
  Windows windows(s.ui, typing, tracker, [] {});
  PeerList list(s.ui, windows);
  for (const char* closes : {"\r", "\x1b", "\x1bOQ"}) {
    CHECK(test::feed(list, "\x1bOQ"));
    REQUIRE(s.state.look.list_over);
    CHECK(test::feed(list, closes));
    CHECK_FALSE(s.state.look.list_over);
  }
  for (const char* passes : {"x", "\x03", "\x1b[5~"}) {
    s.state.look.list_over = true;
    CHECK_FALSE(test::feed(list, passes));
    CHECK_FALSE(s.state.look.list_over);
  }
}
