// Tests of strangers: the limits on what they can show, store and send.
#include <doctest/doctest.h>

#include "client/core/relay.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Line;
using client::SessionState;
using client::Standing;
using client::Trust;

namespace {

// Bob is a stranger to alice. She becomes a contact of his as soon as he writes.
struct Strangers {
  explicit Strangers(client::CoreOptions options = {})
      : alice(relay.add("alice", options)), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    alice.connect();
    bob.connect();
  }
  const client::PinnedPeer* pin() {
    const auto& peers = alice.trust.pinned[alice.model().server_id];
    auto at = peers.find("bob");
    return at == peers.end() ? nullptr : &at->second;
  }
  std::size_t acks() const { return Relay::count(alice.asked, R"("type":"ack","src")"); }

  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("a stranger's text is a request: shown and stored, and nothing goes back until it is accepted") {
  Strangers two;
  auto& [relay, alice, bob] = two;
  const auto serial = bob.say("alice", "may I?");
  REQUIRE(alice.heard == std::vector<std::string>{"bob: may I?"});
  CHECK(alice.peer("bob").standing == Standing::request);
  CHECK(alice.peer("bob").attention);
  CHECK(alice.peer("bob").unread == 1);
  CHECK(alice.count("bob", Line::Kind::notice, "A request") == 1);
  REQUIRE(two.pin());
  CHECK(two.pin()->standing == Standing::request);
  CHECK(two.pin()->id == bob.id);
  CHECK(two.acks() == 0);
  CHECK(bob.delivery("alice", *serial) == Delivery::sent);

  SUBCASE("accepted while the session stands") {
    REQUIRE(bob.say("alice", "hello?"));
    REQUIRE(alice.core->accept("bob", relay.now));
    relay.settle();
    CHECK(two.acks() == 2);
    CHECK(bob.delivered == 2);
    CHECK(alice.peer("bob").known());
    CHECK(two.pin()->standing == Standing::contact);
    CHECK(two.pin()->first_seen_unix_ms == relay.now.unix_ms);
    CHECK_FALSE(alice.core->accept("bob", relay.now).has_value());
  }
  SUBCASE("accepted by writing") {
    REQUIRE(alice.say("bob", "you may"));
    CHECK(bob.delivered == 1);
    CHECK(alice.peer("bob").known());
    CHECK(bob.heard == std::vector<std::string>{"alice: you may"});
  }
  SUBCASE("accepted after the session ended: the other side sends again, and it is shown once") {
    relay.hang_up(bob);
    relay.advance(5'000);
    relay.pass = [](Guest&, Guest&, const std::string&) {};
    relay.advance(3'000);
    relay.pass = [&](Guest&, Guest& to, const std::string& m) { relay.give(to, m); };
    REQUIRE(alice.core->accept("bob", relay.now));
    relay.advance(3'000);
    CHECK(bob.delivered == 1);
    CHECK(alice.heard.size() == 1);
  }
  SUBCASE("after a restart it is still one") {
    alice.core->mark_read("bob", relay.now);
    alice.restart();
    CHECK(alice.peer("bob").standing == Standing::request);
    relay.advance(120'000);  // bob's client tries again
    CHECK(alice.heard.size() == 1);
    CHECK(bob.delivered == 0);
    REQUIRE(alice.core->accept("bob", relay.now));
    relay.advance(1'000);
    CHECK(bob.delivered == 1);
  }
  SUBCASE("declined: forgotten, the sender is not told, the same text is not shown again") {
    alice.asked.clear();
    REQUIRE(alice.core->decline("bob", relay.now));
    relay.settle();
    CHECK(alice.asked.empty());
    CHECK_FALSE(two.pin());
    CHECK(alice.trust.rows.empty());
    CHECK(alice.peer("bob").standing == Standing::stranger);
    CHECK(alice.peer("bob").lines.empty());
    CHECK(alice.peer("bob").session == SessionState::none);
    relay.advance(120'000);
    CHECK(alice.heard.size() == 1);
    CHECK(alice.peer("bob").standing == Standing::stranger);
    CHECK(alice.peer("bob").lines.empty());
    CHECK(bob.delivered == 0);
    REQUIRE(bob.say("alice", "another"));
    CHECK(alice.peer("bob").standing == Standing::request);
    CHECK(alice.heard.back() == "bob: another");
  }
}

TEST_CASE("a call alone, or a message without a text, makes no request and no notice") {
  Strangers two;
  auto& [relay, alice, bob] = two;
  bob.core->set_receipt_settings({true, true});
  relay.pass = [&](Guest&, Guest& to, const std::string& message) {
    if (Relay::type_of(message) != "client-com") relay.give(to, message);
  };
  REQUIRE(bob.say("alice", "lost"));
  CHECK(alice.peer("bob").session == SessionState::established);
  relay.pass = [&](Guest&, Guest& to, const std::string& m) { relay.give(to, m); };
  bob.core->typing("alice", true, relay.now);
  relay.settle();
  CHECK(alice.peer("bob").standing == Standing::stranger);
  CHECK_FALSE(alice.peer("bob").typing);
  CHECK_FALSE(alice.peer("bob").attention);
  CHECK(alice.peer("bob").lines.empty());
  CHECK_FALSE(two.pin());
  CHECK(two.acks() == 0);
}

TEST_CASE("a blocked peer's messages are dropped: now, after a restart, under another key, by another name") {
  Strangers two;
  auto& [relay, alice, bob] = two;
  REQUIRE(bob.say("alice", "you!"));
  SUBCASE("a request") {}
  SUBCASE("a contact") {
    REQUIRE(alice.core->accept("bob", relay.now));
    relay.settle();
  }
  const bool contact = alice.peer("bob").known();
  REQUIRE(alice.core->block("bob", relay.now));
  CHECK(alice.peer("bob").standing == Standing::blocked);
  CHECK(alice.trust.rows.empty() == !contact);  // a contact's texts stay
  alice.heard.clear();
  alice.asked.clear();
  const auto quiet = [&] {
    for (const auto& message : alice.asked) {
      CHECK(message.find("client-") == std::string::npos);
      CHECK(message.find("\"dst\"") == std::string::npos);
    }
    CHECK(alice.heard.empty());
    CHECK_FALSE(alice.peer("bob").attention);
    CHECK(alice.alerts("bob") == 0);
  };
  bob.say("alice", "still there?");
  relay.advance(90'000);
  quiet();
  CHECK_FALSE(alice.say("bob", "no").has_value());

  alice.restart();
  CHECK(alice.peer("bob").standing == Standing::blocked);
  bob.say("alice", "hello hello");
  relay.advance(90'000);
  quiet();

  SUBCASE("under another key") {
    client::CoreOptions options;
    options.accept_strangers = true;
    Guest& again = relay.add("bob", options);
    relay.show("bob", again.id);
    again.connect();
    again.say("alice", "a new me");
    relay.advance(30'000);
    quiet();
    CHECK(alice.peer("bob").trust == Trust::changed);
    REQUIRE(alice.core->accept_changed("bob", again.id.text(), relay.now));
    CHECK(alice.peer("bob").standing == Standing::blocked);
    relay.advance(60'000);
    quiet();
  }
  SUBCASE("by another name") {
    relay.hide("bob");
    relay.show("robert", bob.id);
    bob.say("alice", "it is only robert");
    relay.advance(60'000);
    quiet();
    CHECK(alice.peer("robert").lines.empty());
  }
  SUBCASE("until accepted") {
    REQUIRE(alice.core->accept("bob", relay.now));
    relay.advance(700'000);
    CHECK(alice.heard.size() == 2);
    CHECK(alice.heard.back() == "bob: hello hello");
  }
}

TEST_CASE("attack 30: strangers' texts are limited, and the rest stays with their senders") {
  Strangers two;
  auto& [relay, alice, bob] = two;
  for (int i = 0; i < 60; ++i)
    REQUIRE(bob.core->send_text("alice", std::to_string(i), false, relay.now));
  relay.advance(120'000);
  CHECK(alice.heard.size() == 50);
  CHECK(alice.trust.rows.size() == 50);
  CHECK(bob.delivered == 0);
  CHECK(two.acks() == 0);
  REQUIRE(alice.core->accept("bob", relay.now));
  relay.advance(5'000);
  CHECK(alice.heard.size() == 60);
  CHECK(bob.delivered == 60);
  for (int i = 0; i < 60; ++i)
    CHECK(alice.heard[static_cast<std::size_t>(i)] == "bob: " + std::to_string(i));
}

TEST_CASE("attack 30: at most a hundred requests of strangers are kept") {
  Relay relay;
  Guest& alice = relay.add("alice");
  relay.listed["alice"] = alice.id;
  std::vector<Guest*> strangers;
  for (int i = 0; i < 103; ++i) {
    Guest& one = *strangers.emplace_back(&relay.add("u" + std::to_string(100 + i)));
    relay.listed[one.name] = one.id;
  }
  alice.connect();
  for (auto* one : strangers) {
    one->connect();
    REQUIRE(one->say("alice", "hello"));
  }
  CHECK(alice.heard.size() == 100);
  CHECK(alice.trust.pinned[alice.model().server_id].size() == 100);
  CHECK(alice.count("", Line::Kind::alert, "Too many requests") >= 1);
  CHECK(alice.peer("u202").standing == Standing::stranger);
  CHECK(alice.peer("u202").lines.empty());
  // A decided request makes room.
  REQUIRE(alice.core->decline("u100", relay.now));
  relay.advance(60'000);
  CHECK(alice.heard.size() == 101);
}

TEST_CASE("a request by a name that looks like a contact's is marked so") {
  Relay relay;
  Guest& alice = relay.add("alice");
  Guest& bob = relay.add("bob");
  Guest& fake = relay.add("b0b");
  relay.listed = {{"alice", alice.id}, {"bob", bob.id}, {"b0b", fake.id}};
  relay.befriend(alice, bob);
  alice.connect();
  fake.connect();
  REQUIRE(fake.say("alice", "it is me, bob"));
  CHECK(alice.peer("b0b").looks_like == "bob");
  CHECK(alice.count("b0b", Line::Kind::alert, "b0b is not your contact bob") == 1);
  alice.restart();
  CHECK(alice.peer("b0b").looks_like == "bob");
  REQUIRE(alice.core->accept("b0b", relay.now));
  CHECK_FALSE(alice.peer("b0b").looks_like);
}

TEST_CASE("accepting a first-seen server without asking still asks about strangers") {
  client::CoreOptions options;
  options.accept_new = true;
  Strangers two(options);
  auto& [relay, alice, bob] = two;
  REQUIRE(bob.say("alice", "hello"));
  CHECK_FALSE(alice.peer("bob").known());
  CHECK(bob.delivered == 0);
  CHECK(two.pin()->standing == Standing::request);
}

TEST_CASE("with accept_strangers strangers are contacts at once") {
  client::CoreOptions options;
  options.accept_strangers = true;
  Strangers two(options);
  auto& [relay, alice, bob] = two;
  REQUIRE(bob.say("alice", "hello"));
  CHECK(alice.peer("bob").known());
  CHECK(bob.delivered == 1);
  CHECK(two.pin()->standing == Standing::contact);
}
