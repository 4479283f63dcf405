// Tests of a lost link, and of texts that came meanwhile.
#include <doctest/doctest.h>

#include "client/core/relay.h"
#include "client/state/catch_up.h"

using namespace sims;
using namespace sims::test;
using client::Line;
using client::LinkState;

namespace {

struct Pair {
  Pair() : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
    relay.advance(100'000);
  }
  // The network fails without an error.
  void freeze() { alice.line.reset(); }
  // The time until alice notices it.
  std::int64_t noticed() {
    const auto began = relay.now.steady_ms;
    while (alice.model().link == LinkState::online && relay.now.steady_ms - began < 120'000)
      relay.advance(500);
    return relay.now.steady_ms - began;
  }
  std::size_t pings() const { return Relay::count(alice.asked, "\"ping\""); }

  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("an idle link costs a few pings a minute, and its loss is noticed all the same") {
  Pair pair;
  const auto before = pair.pings();
  pair.relay.advance(120'000);
  CHECK(pair.pings() - before <= 8);
  pair.freeze();
  CHECK(pair.noticed() <= 20'500);
}

TEST_CASE("while the user is there a dead link shows within 10 s") {
  Pair pair;
  SUBCASE("after typing") {
    pair.relay.advance(14'000);
    pair.freeze();
    pair.alice.core->send_text("bob", "hello?", false, pair.relay.now);
  }
  SUBCASE("after any input") {
    pair.alice.core->check_link(pair.relay.now);
    pair.relay.advance(20'000);
    pair.freeze();
  }
  CHECK(pair.noticed() <= 10'500);
}

TEST_CASE("check_link() checks a silent link at once") {
  Pair pair;
  pair.relay.advance(12'000);
  SUBCASE("once") {
    const auto before = pair.pings();
    for (int i = 0; i < 100; ++i) {
      pair.alice.core->check_link(pair.relay.now);
      pair.relay.settle();
    }
    CHECK(pair.pings() == before + 1);
  }
  SUBCASE("with little patience") {
    pair.freeze();
    pair.alice.core->check_link(pair.relay.now);
    CHECK(pair.noticed() <= 3'500);
  }
}

TEST_CASE("a machine that slept checks its link, though its steady clock stood still") {
  Pair pair;
  pair.relay.advance(500);
  pair.relay.now.unix_ms += 3'600'000;
  pair.freeze();
  pair.alice.core->check_link(pair.relay.now);
  CHECK(pair.noticed() <= 5'500);
}

TEST_CASE("check_link() reconnects a waiting link at once, but no faster than a server can bear") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.refuse_login = R"({"type":"error","code":"busy","message":""})";
  relay.hang_up(alice);
  REQUIRE(alice.model().link == LinkState::waiting);
  const int before = alice.opened;
  alice.core->check_link(relay.now);
  CHECK(alice.opened == before + 1);
  for (int i = 0; i < 600; ++i) {
    alice.core->check_link(relay.now);
    relay.settle();
    relay.now.steady_ms += 100;
  }
  CHECK(alice.opened - before <= 15);
  relay.refuse_login.reset();
  relay.advance(20'000);
  CHECK(alice.model().link == LinkState::online);
}

TEST_CASE("a link that receives data is alive, unless nothing of ours is ever acked") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  alice.core->send_text("bob", "hello", false, relay.now);
  alice.end_turn();
  alice.up.clear();  // and nothing from alice arrives from now on
  const auto began = relay.now.steady_ms;
  while (alice.model().link == LinkState::online && relay.now.steady_ms - began < 120'000) {
    relay.now.steady_ms += 1'000;
    relay.now.unix_ms += 1'000;
    relay.give(alice, R"({"type":"list","event":"online","data":[],"more":false})");
    if (alice.core->next_tick() <= relay.now.steady_ms) alice.core->tick(relay.now);
    alice.end_turn();
    alice.up.clear();
  }
  const auto took = relay.now.steady_ms - began;
  CHECK(took >= 30'000);
  CHECK(took <= 40'000);
}

TEST_CASE("texts that came while the link was down are summed up in one line") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  Guest& carol = relay.add("carol");
  relay.befriend(alice, carol);
  carol.connect();
  relay.show("carol", carol.id);
  alice.restart();
  relay.advance(20'000);
  CHECK_FALSE(alice.model().catching_up);

  relay.refuse_login = R"({"type":"error","code":"busy","message":""})";
  relay.hang_up(alice);
  for (int i = 0; i < 3; ++i)
    REQUIRE(bob.say("alice", "while away"));
  REQUIRE(carol.say("alice", "me too"));
  relay.refuse_login.reset();
  const auto heard = alice.heard.size();
  while (alice.model().link != LinkState::online)
    relay.advance(500);
  CHECK(alice.model().catching_up);
  relay.show("alice", alice.id);
  relay.advance(20'000);
  REQUIRE(alice.heard.size() == heard + 4);
  CHECK_FALSE(alice.model().catching_up);
  CHECK(alice.count("", Line::Kind::notice, "While the link was down: 3 from bob, 1 from carol") == 1);
  REQUIRE(bob.say("alice", "and now"));
  relay.advance(20'000);
  CHECK(alice.count("", Line::Kind::notice, "While the link was down") == 1);
}

TEST_CASE("the summary waits for the list and a second of quiet, not forever, and is left out if empty") {
  client::Summary summary;
  summary.online(true, {1'000, 0});
  CHECK(summary.gathering());
  summary.received("bob", {1'100, 0});
  CHECK(summary.next_tick() == 16'000);
  summary.list_complete({2'000, 0});
  CHECK(summary.next_tick() == 3'000);
  summary.received("bob", {2'900, 0});
  CHECK_FALSE(summary.tick({3'000, 0}));
  CHECK(summary.tick({3'900, 0}) == "While the link was down: 2 from bob");
  CHECK_FALSE(summary.gathering());
  summary.received("bob", {4'000, 0});
  CHECK(summary.next_tick() == INT64_MAX);

  summary.online(false, {10'000, 0});
  summary.list_complete({10'100, 0});
  CHECK_FALSE(summary.tick({11'100, 0}));

  summary.online(false, {20'000, 0});
  summary.list_complete({20'000, 0});
  for (int i = 0; i < 200; ++i)
    summary.received("u" + std::to_string(i % 7), {20'000 + i * 100, 0});
  CHECK(summary.next_tick() == 35'000);
  CHECK(summary.tick({35'000, 0}) ==
        "While you were away: 29 from u0, 29 from u1, 29 from u2, 29 from u3, 28 from u4, 56 from others");
}
