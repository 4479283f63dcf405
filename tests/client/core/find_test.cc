// Tests of `find`: users that are registered at the server but not in the list.
#include <doctest/doctest.h>

#include <algorithm>

#include "client/core/relay.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::FindAnswer;
using client::Line;
using Outcome = client::FindAnswer::Outcome;

namespace {

struct Asking {
  Asking() { alice.connect(); }
  Outcome outcome(const std::string& asked) const { return alice.model().found.at(asked).outcome; }
  std::uint64_t last_seq() const { return alice.line->received() - 1; }
  void answer(proto::ErrorCode code, const std::string& name = "", std::optional<proto::Id> dst = {}) {
    proto::Error error;
    error.code = code;
    error.message = "no";
    error.id = last_seq();
    error.name = name;
    error.dst = dst;
    relay.give(alice, proto::encode(error));
    relay.settle();
  }
  Relay relay;
  Guest& alice = relay.add("alice");
  Guest& bob = relay.add("bob");
};

}  // namespace

TEST_CASE("find: the answer is in the model, and a notice where it was asked") {
  Asking asking;
  auto& [relay, alice, bob] = asking;
  REQUIRE(alice.core->find("bob", "", relay.now));
  relay.settle();
  CHECK(alice.asked.back() == R"({"type":"find","name":"bob"})");
  CHECK(asking.outcome("bob") == Outcome::asked);
  relay.give(alice, proto::encode(proto::Found{"carol", bob.id, true}));
  CHECK(asking.outcome("bob") == Outcome::asked);  // nobody asked for her
  CHECK(alice.model().found.size() == 1);
  relay.give(alice, proto::encode(proto::Found{"bob", bob.id, false}));
  CHECK(asking.outcome("bob") == Outcome::offline);
  CHECK(alice.model().found.at("bob").id == bob.id);
  CHECK(alice.count("", Line::Kind::notice, "bob, key " + bob.id.str() + ", is registered") == 1);
  REQUIRE(alice.core->find(bob.id.str(), std::nullopt, relay.now));
  relay.settle();
  relay.give(alice, proto::encode(proto::Found{"bob", bob.id, std::nullopt}));
  CHECK(asking.outcome(bob.id.str()) == Outcome::registered);
  CHECK(alice.count("", Line::Kind::notice, "registered") == 1);
}

TEST_CASE("find: the same question is not sent again while it waits") {
  Asking asking;
  auto& [relay, alice, bob] = asking;
  const auto questions = [&] { return std::ranges::count(alice.asked, R"({"type":"find","name":"bob"})"); };
  for (int n = 0; n < 40; ++n) {
    REQUIRE(alice.core->find("bob", std::nullopt, relay.now));
    REQUIRE(alice.core->find("bob", "", relay.now));
  }
  relay.settle();
  CHECK(questions() == 2);  // one is answered in a window
  relay.give(alice, proto::encode(proto::Found{"bob", bob.id, false}));
  CHECK(asking.outcome("bob") == Outcome::offline);
  CHECK(alice.count("", Line::Kind::notice, "bob, key " + bob.id.str() + ", is registered") == 1);
  REQUIRE(alice.core->find("bob", std::nullopt, relay.now));
  relay.settle();
  CHECK(questions() == 3);
}

TEST_CASE("find: no such user, too often, a server of the first edition") {
  Asking asking;
  auto& [relay, alice, bob] = asking;
  const auto ask = [&](const std::string& who) {
    REQUIRE(alice.core->find(who, "", relay.now));
    relay.settle();
  };
  ask("nobody");
  asking.answer(proto::ErrorCode::unknown_peer, "nobody");
  CHECK(asking.outcome("nobody") == Outcome::unknown);
  CHECK(alice.count("", Line::Kind::notice, "There is no user nobody at this server.") == 1);
  ask(bob.id.str());
  asking.answer(proto::ErrorCode::unknown_peer, "", bob.id);
  CHECK(asking.outcome(bob.id.str()) == Outcome::unknown);
  ask("bob");
  asking.answer(proto::ErrorCode::rate_limited);
  CHECK(asking.outcome("bob") == Outcome::too_often);
  ask("old");
  asking.answer(proto::ErrorCode::bad_message);
  CHECK(asking.outcome("old") == Outcome::unsupported);
  CHECK(alice.alerts("") == 0);
  CHECK(alice.model().link == client::LinkState::online);
}

TEST_CASE("find: an answer about a contact does not disturb the conversation with them") {
  Asking asking;
  auto& [relay, alice, bob] = asking;
  relay.befriend(alice, bob);
  relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
  bob.connect();
  alice.core->disconnect(relay.now);
  alice.connect();
  REQUIRE(alice.say("bob", "one"));
  REQUIRE(alice.peer("bob").session == client::SessionState::established);
  REQUIRE(alice.core->find(bob.id.str(), std::nullopt, relay.now));
  relay.settle();
  asking.answer(proto::ErrorCode::unknown_peer, "", bob.id);
  CHECK(alice.peer("bob").session == client::SessionState::established);
}

TEST_CASE("find: invalid questions; questions end with their connection and are limited") {
  Asking asking;
  auto& [relay, alice, bob] = asking;
  for (const auto* bad : {"", "No", "a b", "x/y"})
    CHECK_FALSE(alice.core->find(bad, std::nullopt, relay.now));
  int taken = 0;
  for (int i = 0; i < 50; ++i)
    taken += alice.core->find("user" + std::to_string(i), std::nullopt, relay.now) ? 1 : 0;
  CHECK(taken == 30);
  relay.hang_up(alice);
  CHECK(alice.model().found.empty());
  CHECK_FALSE(alice.core->find("bob", std::nullopt, relay.now));
}

TEST_CASE("meet: somebody offline is a peer to write to, by the server's answer alone") {
  Asking asking;
  auto& [relay, alice, bob] = asking;
  relay.settle();
  CHECK_FALSE(alice.core->meet("bob", relay.now));
  REQUIRE(alice.core->find("bob", std::nullopt, relay.now));
  relay.settle();
  CHECK_FALSE(alice.core->meet("bob", relay.now));  // no answer yet
  relay.give(alice, proto::encode(proto::Found{"bob", bob.id, false}));
  REQUIRE(alice.core->meet("bob", relay.now));
  CHECK(alice.peer("bob").id == bob.id);
  CHECK_FALSE(alice.peer("bob").online);
  CHECK(alice.peer("bob").standing == client::Standing::stranger);
  REQUIRE(alice.say("bob", "hello"));
  CHECK(alice.peer("bob").known());
  CHECK(alice.count("bob", Line::Kind::notice, "First contact with bob") == 1);

  SUBCASE("not under a name that the list shows with another key") {
    Guest& carol = relay.add("carol");
    REQUIRE(alice.core->find("dave", std::nullopt, relay.now));
    relay.settle();
    relay.give(alice, proto::encode(proto::Found{"dave", carol.id, false}));
    relay.show("dave", bob.id);
    relay.settle();
    CHECK_FALSE(alice.core->meet("dave", relay.now));
  }
  SUBCASE("another key under a known name is a changed key") {
    Guest& eve = relay.add("eve");
    REQUIRE(alice.core->find("bob", std::nullopt, relay.now));
    relay.settle();
    relay.give(alice, proto::encode(proto::Found{"bob", eve.id, false}));
    REQUIRE(alice.core->meet("bob", relay.now));
    CHECK(alice.peer("bob").id == bob.id);
    CHECK(alice.peer("bob").trust == client::Trust::changed);
    CHECK_FALSE(alice.say("bob", "again"));
  }
}
