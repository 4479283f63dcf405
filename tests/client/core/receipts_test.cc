// Tests of typing and read notices.
#include <doctest/doctest.h>

#include "client/core/relay.h"

using namespace sims;
using namespace sims::test;
using client::Line;

namespace {

struct Pair {
  Pair() : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
  }
  void type(bool on) {
    alice.core->typing("bob", on, relay.now);
    relay.settle();
  }
  void look(Guest& who, const char* at) {
    who.core->mark_read(at, relay.now);
    relay.settle();
  }
  std::size_t coms() const { return Relay::count(alice.asked, "\"client-com\""); }

  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("typing is sent to the current peer, seldom, and expires by itself") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  alice.core->set_receipt_settings({false, true});
  pair.type(true);  // no session: not worth a call
  CHECK(Relay::count(alice.asked, "client-connect") == 0);
  REQUIRE(alice.say("bob", "hello"));
  const auto before = pair.coms();
  const auto acks = Relay::count(bob.asked, R"("type":"ack","src")");
  for (int i = 0; i < 20; ++i) {
    pair.type(true);
    relay.advance(200);
  }
  CHECK(bob.peer("alice").typing);
  CHECK(pair.coms() == before + 1);
  pair.type(true);
  CHECK(pair.coms() == before + 2);
  relay.advance(9'500);
  CHECK(bob.peer("alice").typing);
  relay.advance(1'000);
  CHECK_FALSE(bob.peer("alice").typing);

  pair.type(true);
  CHECK(bob.peer("alice").typing);
  pair.type(false);
  CHECK_FALSE(bob.peer("alice").typing);
  const auto said = pair.coms();
  for (int i = 0; i < 20; ++i) {
    pair.type(true);
    pair.type(false);
  }
  CHECK(pair.coms() == said);

  relay.advance(5'000);
  pair.type(true);
  REQUIRE(bob.peer("alice").typing);
  REQUIRE(alice.say("bob", "the text"));
  CHECK_FALSE(bob.peer("alice").typing);
  relay.advance(5'000);
  pair.type(true);
  relay.hang_up(bob);
  CHECK_FALSE(bob.peer("alice").typing);

  CHECK(bob.trust.rows.size() == 2);
  CHECK(Relay::count(bob.asked, R"("type":"ack","src")") == acks + 1);
}

TEST_CASE("read is sent once, up to the newest text, and shown at that line") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  bob.core->set_receipt_settings({true, false});
  REQUIRE(alice.say("bob", "one"));
  REQUIRE(alice.say("bob", "two"));
  CHECK(alice.peer("bob").read_to == 0);
  pair.look(bob, "alice");
  CHECK(alice.peer("bob").read_to == alice.peer("bob").lines.back().serial);
  const auto said = Relay::count(bob.asked, "\"client-com\"");
  pair.look(bob, "alice");
  CHECK(Relay::count(bob.asked, "\"client-com\"") == said);
  REQUIRE(alice.say("bob", "three"));
  CHECK(alice.peer("bob").read_to < alice.peer("bob").lines.back().serial);

  // Texts looked at without a session are reported as read in the next one.
  relay.hang_up(bob);
  pair.look(bob, "alice");
  relay.advance(5'000);
  REQUIRE(alice.say("bob", "four"));
  CHECK(alice.peer("bob").read_to == alice.peer("bob").lines[alice.peer("bob").lines.size() - 2].serial);
  CHECK(alice.heard.empty());
  CHECK(alice.peer("bob").unread == 0);
}

TEST_CASE("no notice is sent that the user did not allow") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  REQUIRE(bob.say("alice", "two"));
  const auto from_alice = pair.coms(), from_bob = Relay::count(bob.asked, "\"client-com\"");
  pair.type(true);
  pair.look(alice, "bob");
  pair.look(bob, "alice");
  CHECK(pair.coms() == from_alice);
  CHECK(Relay::count(bob.asked, "\"client-com\"") == from_bob);
}

TEST_CASE("strangers and blocked peers get no notices") {
  Relay relay;
  client::CoreOptions polite;
  polite.receipt_settings = {true, true};
  Guest& alice = relay.add("alice", polite);
  Guest& eve = relay.add("eve", polite);
  relay.listed = {{"alice", alice.id}, {"eve", eve.id}};
  alice.connect();
  eve.connect();
  REQUIRE(eve.say("alice", "are you there?"));
  alice.asked.clear();
  alice.core->typing("eve", true, relay.now);
  alice.core->mark_read("eve", relay.now);
  relay.settle();
  CHECK(alice.asked.empty());
  REQUIRE(alice.core->block("eve", relay.now));
  alice.core->typing("eve", true, relay.now);
  alice.core->mark_read("eve", relay.now);
  relay.settle();
  CHECK(alice.asked.empty());
}
