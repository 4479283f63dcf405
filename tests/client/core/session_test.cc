// Calls and sessions whose frames cross with each other, with presence events and with work in
// progress.
#include <doctest/doctest.h>

#include "client/core/relay.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::SessionState;

namespace {

const std::string phase_1 = "\"phase\":1";

struct Pair {
  Pair() : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
  }
  void pass_all() {
    relay.pass = [this](Guest&, Guest& to, const std::string& message) { relay.give(to, message); };
  }
  std::size_t calls() const { return Relay::count(alice.asked, phase_1) + Relay::count(bob.asked, phase_1); }
  // Bob's link breaks and comes back without an event to alice.
  void bob_returns() {
    relay.hang_up(bob);
    relay.advance(3'000);
    REQUIRE(bob.model().link == client::LinkState::online);
  }

  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("while we call beside a session, texts wait for the new one") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  relay.pass = [](Guest&, Guest&, const std::string&) {};  // lost: alice calls again after a while
  REQUIRE(alice.say("bob", "two"));
  std::vector<std::string> held;
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    if (&from == &bob && message.find("\"phase\":2") != std::string::npos)
      held.push_back(message);
    else
      relay.give(to, message);
  };
  relay.advance(21'000);
  REQUIRE(held.size() == 1);
  const auto coms = Relay::count(alice.asked, "\"client-com\"");
  REQUIRE(alice.say("bob", "three"));
  CHECK(Relay::count(alice.asked, "\"client-com\"") == coms);
  CHECK(bob.heard.size() == 1);
  pair.pass_all();
  relay.give(alice, held[0]);
  relay.settle();
  CHECK(bob.heard == std::vector<std::string>{"alice: one", "alice: two", "alice: three"});
  CHECK(alice.delivered == 3);
  CHECK(bob.alerts("alice") == 0);
  CHECK(alice.alerts("bob") == 0);
}

TEST_CASE("a text for a session that ended at the other side causes a call at once") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  pair.bob_returns();
  REQUIRE(bob.peer("alice").session == SessionState::none);
  REQUIRE(alice.peer("bob").session == SessionState::established);
  REQUIRE(alice.say("bob", "two"));
  relay.advance(1'000);
  CHECK(bob.heard == std::vector<std::string>{"alice: one", "alice: two"});
  CHECK(alice.delivered == 2);
}

TEST_CASE("presence of the last login that arrives after the new one's call ends nothing") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  pair.bob_returns();
  REQUIRE(bob.say("alice", "back again"));
  REQUIRE(alice.heard.size() == 1);
  const auto calls = pair.calls();
  relay.hide("bob");
  relay.show("bob", bob.id);
  CHECK(alice.peer("bob").session == SessionState::established);
  REQUIRE(alice.say("bob", "two"));
  CHECK(bob.heard.back() == "alice: two");
  CHECK(pair.calls() == calls);
}

TEST_CASE("presence of a new login ends an older session") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  relay.advance(2'000);
  SUBCASE("left") {
    relay.hide("bob");
  }
  SUBCASE("came again") {
    relay.show("bob", bob.id);
  }
  CHECK(alice.peer("bob").session == SessionState::none);
}

TEST_CASE("attack 13: a late answer to a call that was given up is dropped, and the next call goes on") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  std::string late;  // bob's answer to the first call
  bool swallows = false;
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    const bool answer = &from == &bob && message.find("\"phase\":2") != std::string::npos;
    if (answer && late.empty()) {
      late = message;
      return;
    }
    if (answer) relay.give(to, late);
    if (!answer || !swallows) relay.give(to, message);
    if (answer && !swallows) relay.give(to, late);  // also when it is too late
  };
  REQUIRE(alice.say("bob", "one"));
  REQUIRE_FALSE(late.empty());
  SUBCASE("it was given up") {
    relay.hide("bob");
    relay.show("bob", bob.id);
    relay.settle();
    CHECK(alice.delivered == 1);
  }
  SUBCASE("its program is gone") {
    alice.restart();
    relay.settle();
    REQUIRE(alice.say("bob", "two"));
    CHECK(alice.delivered == 2);
  }
  SUBCASE("nothing else happens: without the other answer the call waits for its deadline") {
    swallows = true;
    relay.hide("bob");
    relay.show("bob", bob.id);
    relay.settle();
    const auto calls = pair.calls();
    relay.advance(29'000);
    CHECK(Relay::count(alice.asked, "\"phase\":3") == 0);
    CHECK(alice.alerts("bob") == 0);
    CHECK(pair.calls() == calls);
    swallows = false;
    relay.advance(5'000);
    CHECK(alice.count("bob", client::Line::Kind::alert, "no answer") == 1);
    CHECK(alice.delivered == 1);
    return;
  }
  CHECK(Relay::count(alice.asked, "\"phase\":3") == 1);
  CHECK(alice.alerts("bob") == 0);
}

TEST_CASE("a callee of the first edition, which names no call in phase 2, is reported at once") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.pass = [&](Guest&, Guest& to, std::string message) {
    const auto at = message.find(",\"to\":\"");
    if (at != std::string::npos) message.erase(at, message.find('"', at + 7) + 1 - at);
    relay.give(to, message);
  };
  REQUIRE(alice.say("bob", "one"));
  relay.settle();
  CHECK(alice.count("bob", client::Line::Kind::alert, "bob's client is too old") == 1);
  CHECK(Relay::count(alice.asked, "\"phase\":3") == 0);
  CHECK(alice.peer("bob").session != SessionState::established);
  pair.pass_all();  // and after the update
  relay.advance(5'000);
  CHECK(alice.delivered == 1);
}

TEST_CASE("a call that comes while a step of ours is out waits for it") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  std::string call;  // an old call of bob's
  relay.pass = [&](Guest&, Guest&, const std::string& message) { call = message; };
  bob.say("alice", "zero");
  REQUIRE(call.find(phase_1) != std::string::npos);
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    relay.give(to, message);
    if (&from == &bob && message.find("\"phase\":4") != std::string::npos) {
      REQUIRE_FALSE(alice.works.empty());
      relay.give(alice, call);
    }
  };
  relay.hide("bob");
  relay.show("bob", bob.id);
  alice.say("bob", "one");
  relay.advance(40'000);
  pair.pass_all();
  relay.advance(90'000);
  CHECK(alice.delivered == 1);
  CHECK(bob.delivered == 1);
}

TEST_CASE("an error of the server about a text ends the session, and the client retries") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    if (Relay::type_of(message) != "client-com") return relay.give(to, message);
    proto::Error error;
    error.code = proto::ErrorCode::not_connected;
    error.dst = to.id;
    error.id = from.line->received() - 1;
    relay.give(from, proto::encode(error));
  };
  const auto serial = alice.say("bob", "two");
  CHECK(alice.delivery("bob", *serial) == client::Delivery::queued);
  CHECK(alice.peer("bob").session != SessionState::established);
  pair.pass_all();
  relay.advance(5'000);
  CHECK(alice.delivery("bob", *serial) == client::Delivery::delivered);
}

TEST_CASE("a text that the server will never take fails, the next ones go on") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  bool once = true;
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    if (Relay::type_of(message) != "client-com" || !std::exchange(once, false))
      return relay.give(to, message);
    proto::Error error;
    error.code = proto::ErrorCode::too_large;
    error.code_text = "too-large";
    error.dst = to.id;
    error.id = from.line->received() - 1;
    relay.give(from, proto::encode(error));
  };
  const auto serial = alice.say("bob", "two");
  CHECK(alice.delivery("bob", *serial) == client::Delivery::failed);
  REQUIRE(alice.say("bob", "three"));
  // It names the one before it, which alice sent and the server refused: bob waits a minute for
  // that.
  CHECK(bob.heard == std::vector<std::string>{"alice: one"});
  relay.advance(61'000);
  CHECK(bob.heard == std::vector<std::string>{"alice: one", "alice: three"});
}

TEST_CASE("costly keys are made one at a time") {
  Relay relay;
  Guest& alice = relay.add("alice");
  std::vector<Guest*> callers;
  client::CoreOptions rsa;
  rsa.suites = {crypto::find_suite_by_label("rsa")};
  for (int i = 0; i < 4; ++i)
    callers.push_back(&relay.add("u" + std::to_string(i), rsa));
  relay.listed["alice"] = alice.id;
  for (auto* caller : callers) {
    relay.listed[caller->name] = caller->id;
    relay.befriend(alice, *caller);  // strangers' keys are rationed
  }
  alice.connect();
  for (auto* caller : callers)
    caller->connect();
  alice.busy = true;
  for (auto* caller : callers)
    REQUIRE(caller->say("alice", "hello"));
  CHECK(Relay::count(callers[3]->asked, "\"phase\":3") == 1);
  CHECK(alice.works.size() == 1);
  alice.busy = false;
  relay.settle();
  CHECK(alice.heard.size() == 4);
}

TEST_CASE("attack 45: a costly key for a stranger, made in spare time, holds up no contact's") {
  Relay relay;
  Guest& alice = relay.add("alice");
  client::CoreOptions rsa;
  rsa.suites = {crypto::find_suite_by_label("rsa")};
  Guest& stranger = relay.add("stranger", rsa);
  Guest& bob = relay.add("bob", rsa);
  relay.listed = {{"alice", alice.id}, {"bob", bob.id}, {"stranger", stranger.id}};
  relay.befriend(alice, bob);
  for (Guest* one : {&alice, &bob, &stranger})
    one->connect();
  alice.busy = true;
  REQUIRE(stranger.say("alice", "hello"));
  REQUIRE(alice.works.size() == 1);
  auto slow = std::move(alice.works.front());
  REQUIRE(slow->in_spare_time());
  alice.works.clear();
  alice.busy = false;
  REQUIRE(bob.say("alice", "meanwhile"));
  CHECK(alice.heard == std::vector<std::string>{"bob: meanwhile"});
  slow->run();
  alice.core->work_done(std::move(slow), relay.now);
  relay.settle();
  CHECK(alice.heard.back() == "stranger: hello");
}
