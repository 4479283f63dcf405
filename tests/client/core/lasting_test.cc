// Typed and received texts over restarts and disk errors.
#include <doctest/doctest.h>

#include "client/core/relay.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Line;
using client::LinkState;

namespace {

struct Pair {
  explicit Pair(client::CoreOptions options = {})
      : alice(relay.add("alice", options)), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
  }
  std::vector<std::string> texts(const Guest& guest, const std::string& other) {
    std::vector<std::string> all;
    for (const Line& line : guest.peer(other).lines)
      if (line.kind == Line::Kind::text || line.kind == Line::Kind::action) all.push_back(line.text);
    return all;
  }
  void lose_acks_of(Guest& who) {
    relay.pass = [this, &who](Guest& from, Guest& to, const std::string& message) {
      if (&from != &who || Relay::type_of(message) != "ack") relay.give(to, message);
    };
  }
  void pass_all() {
    relay.pass = [this](Guest&, Guest& to, const std::string& message) { relay.give(to, message); };
  }

  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("a typed text is committed before it is shown, and goes out after a restart, byte for byte") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.hide("bob");
  REQUIRE(alice.core->send_text("bob", "one", false, relay.now));
  CHECK(alice.trust.clean());
  relay.advance(3'000);
  REQUIRE(alice.core->send_text("bob", "waves", true, relay.now));
  const auto written = alice.trust.rows;

  alice.restart(false);
  alice.core->connect("server:7467", relay.now);
  // Before any message of the server.
  REQUIRE(pair.texts(alice, "bob") == std::vector<std::string>{"one", "waves"});
  CHECK(alice.peer("bob").lines.front().delivery == Delivery::queued);
  CHECK(alice.peer("bob").lines.back().kind == Line::Kind::action);
  relay.advance(60'000);
  CHECK(bob.heard.empty());
  CHECK(alice.alerts("") + alice.alerts("bob") == 0);

  relay.show("bob", bob.id);
  relay.advance(5'000);
  CHECK(bob.heard == std::vector<std::string>{"alice: one", "alice: waves"});
  CHECK(alice.delivered == 2);
  for (const Line& line : alice.peer("bob").lines)
    CHECK(line.delivery == Delivery::delivered);
  REQUIRE(bob.trust.rows.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(bob.trust.rows[i].entry.uid == written[i].entry.uid);
    CHECK(bob.trust.rows[i].entry.body == written[i].entry.body);
    CHECK(bob.trust.rows[i].entry.action == written[i].entry.action);
    CHECK(alice.trust.rows[i].entry.delivery == Delivery::delivered);
    CHECK(alice.trust.rows[i].entry.at_unix_ms == written[i].entry.at_unix_ms);
  }
  alice.restart();
  relay.advance(5'000);
  CHECK(bob.heard.size() == 2);
}

TEST_CASE("without a connection the history can be read and answered; the answer goes with the next one") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(bob.core->send_text("alice", "hello", false, relay.now));
  relay.advance(5'000);
  REQUIRE(pair.texts(alice, "bob") == std::vector<std::string>{"hello"});
  alice.restart(false);
  alice.core->show_remembered("server:7467", relay.now);
  CHECK(alice.core->model().link == LinkState::offline);
  alice.core->mark_read("bob", relay.now);
  CHECK(pair.texts(alice, "bob") == std::vector<std::string>{"hello"});
  REQUIRE(alice.core->send_text("bob", "and you", false, relay.now));
  relay.advance(60'000);
  CHECK(bob.heard.empty());
  CHECK(alice.peer("bob").lines.back().delivery == Delivery::queued);
  alice.core->connect("server:7467", relay.now);
  relay.advance(5'000);
  CHECK(bob.heard == std::vector<std::string>{"alice: and you"});
  CHECK(alice.peer("bob").lines.back().delivery == Delivery::delivered);
  alice.restart(false);
  alice.core->show_remembered("elsewhere:1", relay.now);  // nobody is known there
  CHECK(alice.core->model().peers.empty());
}

TEST_CASE("texts for one server wait while we are connected to another") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.hide("bob");
  const auto serial = alice.say("bob", "for later");
  REQUIRE(serial);
  alice.core->connect("elsewhere:7467", relay.now);
  CHECK_FALSE(alice.knows("bob"));
  CHECK(alice.trust.rows.back().entry.delivery == Delivery::queued);
  alice.connect();
  CHECK(pair.texts(alice, "bob") == std::vector<std::string>{"for later"});
  relay.show("bob", bob.id);
  relay.advance(2'000);
  CHECK(bob.heard == std::vector<std::string>{"alice: for later"});
}

TEST_CASE("unsent texts are shown in the history, in their places") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  pair.lose_acks_of(bob);
  REQUIRE(alice.say("bob", "two"));
  REQUIRE(bob.say("alice", "three"));
  alice.restart();
  CHECK(pair.texts(alice, "bob") == std::vector<std::string>{"one", "two", "three"});
  pair.pass_all();
  relay.advance(30'000);
  CHECK(bob.heard.size() == 2);  // shown once
  CHECK(alice.peer("bob").lines[1].delivery == Delivery::delivered);
  CHECK(pair.texts(alice, "bob") == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("unsent texts that could not be read yet are neither given up nor discarded") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.hide("bob");
  REQUIRE(alice.say("bob", "unsent"));
  const std::string uid = alice.peer("bob").lines.back().uid;
  alice.trust.unreadable = true;
  alice.restart();
  const std::string why = "unsent messages could not be read yet; try again in a moment";
  const auto given_up = alice.core->give_up("bob", uid, relay.now);
  const auto discarded = alice.core->discard_held("bob", relay.now);
  const auto resent = alice.core->resend_held("bob", relay.now);
  REQUIRE_FALSE(given_up);
  CHECK(given_up.error() == why);
  REQUIRE_FALSE(discarded);
  CHECK(discarded.error() == why);
  REQUIRE_FALSE(resent);
  CHECK(resent.error() == why);
  alice.trust.unreadable = false;
  CHECK(alice.core->give_up("bob", uid, relay.now));
  alice.end_turn();
  CHECK(alice.trust.outbox(alice.model().server_id).value().empty());
}

TEST_CASE("a text for a name whose key was forgotten waits until the user decides") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.hide("bob");
  REQUIRE(alice.say("bob", "to the bob I know"));
  REQUIRE(alice.trust.forget_peer(alice.model().server_id, "bob"));
  REQUIRE(alice.trust.commit());
  alice.restart();
  CHECK(pair.texts(alice, "bob") == std::vector<std::string>{"to the bob I know"});
  relay.show("bob", bob.id);
  relay.advance(60'000);
  CHECK(bob.heard.empty());
  REQUIRE(alice.core->accept("bob", relay.now));
  relay.advance(1'000);
  CHECK(bob.heard == std::vector<std::string>{"alice: to the bob I know"});
}

TEST_CASE(
    "a received text is committed before its ack leaves; in a flood one commit takes the texts of 20 ms") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "first"));
  bob.gather = true;
  relay.advance(1'000);
  const int before = bob.trust.commits, delivered = alice.delivered;
  REQUIRE(alice.say("bob", "after a while"));
  CHECK(alice.delivered == delivered + 1);  // at once
  CHECK(bob.trust.commits == before + 1);
  for (int i = 0; i < 10; ++i)
    REQUIRE(alice.say("bob", std::to_string(i)));
  CHECK(bob.heard.size() == 2);  // not reported before the commit
  CHECK(alice.delivered == delivered + 1);
  CHECK(bob.core->holds_writes());
  CHECK(bob.core->commit_at() == relay.now.steady_ms + 20);
  relay.now.steady_ms += 20;
  relay.settle();
  CHECK(bob.heard.size() == 12);
  CHECK(alice.delivered == delivered + 11);
  CHECK(bob.trust.commits == before + 2);
  CHECK_FALSE(bob.core->holds_writes());

  // A typed text does not wait, and commits received ones with it.
  REQUIRE(alice.say("bob", "one more"));
  REQUIRE(bob.core->holds_writes());
  REQUIRE(bob.core->send_text("alice", "mine", false, relay.now));
  CHECK_FALSE(bob.core->holds_writes());
  CHECK(bob.trust.clean());
}

TEST_CASE("a received text that could not be stored is taken back, not acked, and sent again") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "stored"));
  bob.core->mark_read("alice", relay.now);
  relay.advance(2'000);
  const int delivered = alice.delivered;
  SUBCASE("the write fails") {
    bob.trust.broken = true;
    REQUIRE(alice.say("bob", "lost"));
  }
  SUBCASE("the commit fails") {
    bob.gather = true;
    REQUIRE(alice.say("bob", "early"));
    REQUIRE(alice.say("bob", "lost"));
    REQUIRE(bob.peer("alice").unread == 2);
    bob.trust.broken = true;
    relay.now.steady_ms += 20;
    relay.settle();
    CHECK(alice.delivered == delivered + 1);
    CHECK(bob.peer("alice").unread == 1);
  }
  CHECK(bob.model().link == LinkState::waiting);
  CHECK(bob.model().problem.find("disk full") != std::string::npos);
  CHECK(bob.count("", Line::Kind::alert, "could not be stored (disk full)") == 1);
  CHECK(pair.texts(bob, "alice").back() != "lost");
  const auto shown = pair.texts(bob, "alice").size();
  CHECK(bob.trust.rows.size() == shown);
  CHECK(alice.delivery("bob", alice.peer("bob").lines.back().serial) != Delivery::delivered);

  bob.trust.broken = false;
  relay.advance(60'000);
  CHECK(pair.texts(bob, "alice").size() == shown + 1);
  CHECK(pair.texts(bob, "alice").back() == "lost");
  CHECK(alice.delivery("bob", alice.peer("bob").lines.back().serial) == Delivery::delivered);
}

TEST_CASE("attack 44: a full disk: a text is reported once, after its commit, however often it came") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "before"));
  bob.trust.full = true;
  int tries = 0;
  relay.pass = [&](Guest&, Guest& to, const std::string& message) {
    if (&to == &bob && Relay::type_of(message) == "client-com") ++tries;
    relay.give(to, message);
  };
  REQUIRE(alice.say("bob", "told once"));
  relay.advance(600'000);
  CHECK(tries >= 3);
  CHECK(bob.heard == std::vector<std::string>{"alice: before"});
  CHECK(alice.delivered == 1);
  bob.trust.full = false;
  relay.advance(600'000);
  CHECK(bob.heard == std::vector<std::string>{"alice: before", "alice: told once"});
  CHECK(alice.delivered == 2);
}

TEST_CASE("attack 44: a full disk is reported, however many notices others cause") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "before"));
  const auto forge = [&](const std::string& rest) {
    relay.give(bob, R"({"type":"client-com","src":")" + alice.id.str() + R"(","dst":")" + bob.id.str() +
                        "\"" + rest + "}");
  };
  for (int i = 0; i < 20; ++i) {
    forge("");
    forge(R"(,"id":9,"ratchet":{"epoch":0,"pn":0,"n":9},"verification":")" + std::string(43, 'A') +
          R"(=","data":"junk")");
  }
  REQUIRE(bob.count("", Line::Kind::alert, "More notices") == 1);
  REQUIRE(bob.count("alice", Line::Kind::alert, "More notices") == 1);
  SUBCASE("at the commit") {
    bob.trust.full = true;
    REQUIRE(alice.say("bob", "lost"));
    CHECK(bob.count("", Line::Kind::alert, "could not be stored") == 1);
  }
  SUBCASE("before it") {
    bob.trust.broken = true;
    REQUIRE(alice.say("bob", "lost"));
    CHECK(bob.count("alice", Line::Kind::alert, "could not be stored") == 1);
  }
}

TEST_CASE("attack 44: a full disk: a request that was not stored leaves no notice") {
  Relay relay;
  Guest& bob = relay.add("bob");
  Guest& b0b = relay.add("b0b");
  Guest& alice = relay.add("alice");
  relay.listed = {{"alice", alice.id}, {"bob", bob.id}, {"b0b", b0b.id}};
  relay.befriend(alice, bob);
  for (Guest* one : {&bob, &b0b, &alice})
    one->connect();
  alice.trust.full = true;
  REQUIRE(b0b.say("alice", "who am I?"));
  relay.advance(300'000);
  CHECK(alice.heard.empty());
  CHECK(alice.peer("b0b").standing == client::Standing::stranger);
  CHECK(alice.peer("b0b").lines.empty());
  alice.trust.full = false;
  relay.advance(600'000);
  CHECK(alice.heard == std::vector<std::string>{"b0b: who am I?"});
  CHECK(alice.count("b0b", Line::Kind::notice, "A request") == 1);
  CHECK(alice.count("b0b", Line::Kind::alert, "bob") == 1);  // looks like him
}

TEST_CASE("a contact that could not be stored does not count, and such a mark is written later") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  pair.lose_acks_of(bob);
  REQUIRE(alice.say("bob", "hello"));
  alice.trust.broken = true;
  CHECK_FALSE(alice.core->block("bob", relay.now).has_value());
  CHECK(alice.peer("bob").known());
  CHECK_FALSE(alice.core->erase_history("bob").has_value());
  CHECK(pair.texts(alice, "bob").size() == 1);
  pair.pass_all();
  relay.advance(25'000);  // sent again, acked
  CHECK(alice.delivered == 1);
  CHECK(alice.model().link == LinkState::online);
  CHECK(alice.count("", Line::Kind::alert, "A change could not be stored: disk full") >= 1);
  CHECK(alice.trust.rows.back().entry.delivery == Delivery::queued);
  alice.trust.broken = false;
  relay.advance(15'000);
  CHECK(alice.trust.rows.back().entry.delivery == Delivery::delivered);
}

TEST_CASE("the same text is shown once, also over a restart, and acked again") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  pair.lose_acks_of(bob);
  REQUIRE(alice.say("bob", "once"));
  REQUIRE(bob.heard.size() == 1);
  pair.pass_all();
  bob.restart();
  relay.advance(30'000);
  CHECK(bob.heard.size() == 1);
  CHECK(alice.delivered == 1);
}

TEST_CASE("unread counts survive a restart, and end when the window is looked at") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(bob.say("alice", "seen"));
  alice.core->mark_read("bob", relay.now);
  REQUIRE(bob.say("alice", "not seen"));
  REQUIRE(bob.say("alice", "this neither"));
  relay.advance(2'000);  // read marks last within a second
  alice.restart(false);
  alice.core->connect("server:7467", relay.now);
  CHECK(alice.peer("bob").unread == 2);
  CHECK(alice.peer("bob").attention);
  alice.core->mark_read("bob", relay.now);
  CHECK(alice.peer("bob").unread == 0);
  CHECK_FALSE(alice.peer("bob").attention);
  CHECK(pair.texts(alice, "bob") == std::vector<std::string>{"seen", "not seen", "this neither"});
  relay.settle();
  relay.advance(2'000);
  alice.restart();
  CHECK(alice.peer("bob").unread == 0);
}

TEST_CASE("a store from a backup is reported, once") {
  client::CoreOptions options;
  options.restored = true;
  Pair pair(options);
  auto& [relay, alice, bob] = pair;
  alice.connect();
  CHECK(alice.count("", Line::Kind::alert, "from a backup") == 1);
  CHECK(bob.count("", Line::Kind::alert) == 0);
}
