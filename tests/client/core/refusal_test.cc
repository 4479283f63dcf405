// Calls that are refused (sims-protocol(7) section 3, `client-refuse`), and limits on calls.
#include <doctest/doctest.h>

#include "client/conversation/context.h"
#include "client/core/relay.h"
#include "proto/channel/key_schedule.h"
#include "proto/channel/refusal.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::Line;
using client::SessionState;
using client::Standing;

namespace {

client::CoreOptions with_suites(std::initializer_list<const char*> labels) {
  client::CoreOptions out;
  out.suites.clear();
  for (const char* label : labels)
    out.suites.push_back(crypto::find_suite_by_label(label));
  return out;
}

struct Pair {
  explicit Pair(client::CoreOptions of_alice = {}, client::CoreOptions of_bob = {}, bool friends = true)
      : alice(relay.add("alice", std::move(of_alice))), bob(relay.add("bob", std::move(of_bob))) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    if (friends) relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
  }
  std::size_t refusals() const { return Relay::count(bob.asked, "\"client-refuse\""); }
  // A call of alice's that is lost.
  std::string call() {
    std::string out;
    const auto before = relay.pass;
    relay.pass = [&](Guest&, Guest&, const std::string& message) { out = message; };
    REQUIRE(alice.say("bob", "hello"));
    relay.pass = before;
    REQUIRE(out.find("\"phase\":1") != std::string::npos);
    return out;
  }
  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("a contact's call without a common suite ends at once, with a reason, and is retried later") {
  Pair pair(with_suites({"rsa"}), with_suites({"ecdhe"}));
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  CHECK(pair.refusals() == 1);
  CHECK(Relay::count(bob.asked, "\"code\":\"unsupported-suite\"") == 1);
  CHECK(alice.peer("bob").session == SessionState::none);
  CHECK(alice.count("bob", Line::Kind::alert, "accepts none of our cipher suites") == 1);
  CHECK(alice.peer("bob").call_refused.find("cipher suites") != std::string::npos);
  relay.advance(10'000);
  CHECK(pair.refusals() >= 2);
  bob.options.suites = crypto::default_suites();
  bob.restart();
  relay.show("bob", bob.id);
  relay.advance(5'000);
  CHECK(alice.delivered == 1);
  CHECK(alice.peer("bob").call_refused.empty());
}

TEST_CASE("attack 45: a stranger who has no common suite, or calls too often, gets no answer") {
  Pair pair(with_suites({"rsa"}), with_suites({"ecdhe"}), false);
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  relay.advance(1'000);
  CHECK(Relay::count(alice.asked, "\"phase\":1") == 1);
  CHECK(Relay::count(bob.asked, "\"client-") == 0);
  CHECK(alice.peer("bob").session == SessionState::calling);
  REQUIRE(bob.core->block("alice", relay.now));  // nor does somebody who is blocked
  relay.advance(60'000);
  CHECK(pair.refusals() == 0);

  Pair often({}, {}, false);
  const auto call = often.call();
  for (int i = 0; i < 20; ++i) {
    often.relay.give(often.bob, call);
    often.relay.settle();
  }
  CHECK(Relay::count(often.bob.asked, "\"phase\":2") == 6);
  CHECK(often.refusals() == 0);
}

TEST_CASE("attack 43: a refusal that bob did not sign, or of another call, ends nothing") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  Guest& mallory = relay.add("mallory");
  relay.show("mallory", mallory.id);
  const auto call = pair.call();
  const auto hash = proto::call_hash(call);
  auto other = hash;
  other[3] ^= 4;
  const auto refuse = [&](const Guest& by, const crypto::Digest& of) {
    return proto::sign_refusal(by.identity, alice.id, of, proto::ErrorCode::unsupported_version);
  };
  auto forged = refuse(mallory, hash);
  SUBCASE("signed by mallory, as bob's") {
    forged.src = bob.id;
  }
  SUBCASE("signed by mallory") {}
  SUBCASE("of another call") {
    forged = refuse(bob, other);
  }
  SUBCASE("of another call, under this one's name") {
    forged = refuse(bob, other);
    forged.to = hash;
  }
  SUBCASE("with another code") {
    forged = refuse(bob, hash);
    forged.code = proto::ErrorCode::busy;
  }
  for (int i = 0; i < 30; ++i)
    relay.give(alice, proto::encode(forged));
  relay.settle();
  CHECK(alice.peer("bob").session == SessionState::calling);
  CHECK(alice.alerts("bob") + alice.alerts("mallory") + alice.alerts("") == 0);
  CHECK(alice.peer("bob").call_refused.empty());

  relay.advance(15'000);  // and bob's own refusal still counts
  relay.give(alice, proto::encode(refuse(bob, hash)));
  CHECK(alice.peer("bob").session != SessionState::calling);
  CHECK(alice.count("bob", Line::Kind::alert, "another version of the protocol") == 1);
  const auto alerts = alice.alerts("bob");
  relay.give(alice, proto::encode(refuse(bob, hash)));  // no call is waiting for it
  CHECK(alice.alerts("bob") == alerts);
}

TEST_CASE("a contact that calls too often gets busy, and its text goes a little later") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    if (&from != &bob || message.find("\"phase\":2") == std::string::npos) relay.give(to, message);
  };
  const auto call = pair.call();
  for (int i = 0; i < 100; ++i)
    relay.give(bob, call);
  relay.settle();
  CHECK(pair.refusals() == 40);
  CHECK(Relay::count(bob.asked, "\"code\":\"busy\"") == 40);
  CHECK(Relay::count(bob.asked, "\"phase\":2") == 60);
  relay.pass = [&](Guest&, Guest& to, const std::string& message) { relay.give(to, message); };
  alice.restart();
  relay.settle();
  for (int i = 0; i < 20; ++i)  // all that came meanwhile
    relay.give(bob, call);
  relay.advance(10'000);
  CHECK(alice.delivered == 1);
  CHECK(alice.alerts("bob") == 0);
}

TEST_CASE("twenty programs of a contact, one after the other, each deliver at once") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    REQUIRE(alice.say("bob", "number " + std::to_string(i)));
    REQUIRE(bob.heard.size() == static_cast<std::size_t>(i) + 1);
    REQUIRE(alice.delivered == i + 1);
    alice.restart();
    relay.show("alice", alice.id);
    relay.settle();
  }
}

TEST_CASE("attack 45: a stranger who offers both suites, RSA first, gets no costly key") {
  Pair pair(with_suites({"rsa", "ecdhe"}), {}, false);
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  CHECK(bob.heard.size() == 1);
  CHECK(bob.peer("alice").suite == crypto::find_suite_by_label("ecdhe")->name);

  Pair friends(with_suites({"rsa", "ecdhe"}), {});
  REQUIRE(friends.alice.say("bob", "one"));
  CHECK(friends.bob.peer("alice").suite == crypto::find_suite_by_label("rsa")->name);
}

TEST_CASE("attack 45: strangers with the RSA suite alone get two keys a minute in all, in spare time") {
  Relay relay;
  Guest& bob = relay.add("bob");
  relay.listed["bob"] = bob.id;
  std::vector<Guest*> strangers;
  for (int i = 0; i < 6; ++i) {
    strangers.push_back(&relay.add("u" + std::to_string(i), with_suites({"rsa"})));
    relay.listed[strangers.back()->name] = strangers.back()->id;
  }
  bob.connect();
  bob.busy = true;
  std::size_t costly = 0;
  const auto work = [&] {  // one at a time
    while (!bob.works.empty()) {
      auto one = std::move(bob.works.front());
      bob.works.pop_front();
      const auto* call = dynamic_cast<const client::PeerWork*>(one.get());
      if (call && call->makes_costly_key) {
        ++costly;
        CHECK(one->in_spare_time());
      }
      one->run();
      bob.core->work_done(std::move(one), relay.now);
      relay.settle();
    }
  };
  for (Guest* one : strangers) {
    one->connect();
    REQUIRE(one->say("bob", "hello"));
  }
  work();
  CHECK(costly == 2);
  CHECK(bob.heard.size() == 2);
  relay.advance(29'000);
  work();
  CHECK(costly == 2);
  CHECK(Relay::count(bob.asked, "client-refuse") == 0);
  relay.advance(60'000);
  work();
  CHECK(costly >= 3);  // a caller that tries again finds a key
  CHECK(costly <= 4);
}
