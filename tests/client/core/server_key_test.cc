// Tests of a server's key: the first one, a changed one, and the data that moves to a new one.
#include <doctest/doctest.h>

#include "client/core/relay.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Line;
using client::LinkState;
using client::Question;

namespace {

// A guest that asks before it trusts a server.
Guest& careful(Relay& relay, const std::string& name) {
  Guest& guest = relay.add(name);
  client::CoreOptions options;
  options.identity = &guest.identity;
  options.name = name;
  guest.trust.servers.clear();
  guest.core = std::make_unique<client::ClientCore>(options, guest.trust, guest.ephemerals, guest);
  return guest;
}

}  // namespace

TEST_CASE("first contact with a server is a question") {
  Relay relay;
  Guest& alice = careful(relay, "alice");
  alice.connect();
  const auto id = proto::Id::of(relay.identity.public_key());
  REQUIRE(alice.model().link == LinkState::asking);
  REQUIRE(alice.model().question);
  CHECK(alice.model().question->kind == Question::Kind::server_first);
  CHECK(alice.model().question->shown == id);
  CHECK(alice.trust.servers.empty());
  CHECK_FALSE(alice.line);

  SUBCASE("yes: pinned, online") {
    alice.core->answer(true, relay.now);
    relay.settle();
    CHECK(alice.model().link == LinkState::online);
    CHECK(alice.model().server_id == id);
    CHECK(alice.model().server_name == "relay");
    CHECK_FALSE(alice.model().suite.empty());
    CHECK(alice.trust.servers.at("server:7467").id == id);
  }
  SUBCASE("yes, and refused for another reason: the key is not asked about again") {
    relay.refuse_login = error_frame("name-taken", "");
    alice.core->answer(true, relay.now);
    relay.settle();
    CHECK(alice.model().link == LinkState::waiting);
    relay.refuse_login.reset();
    alice.connect();
    CHECK(alice.model().link == LinkState::online);
  }
  SUBCASE("no: offline, and it stays so") {
    alice.core->answer(false, relay.now);
    relay.advance(60'000);
    CHECK(alice.model().link == LinkState::offline);
    CHECK_FALSE(alice.model().question);
    CHECK(alice.trust.servers.empty());
    CHECK(alice.opened == 1);
  }
  SUBCASE("yes, but it can't be stored") {
    alice.trust.broken = true;
    alice.core->answer(true, relay.now);
    relay.settle();
    CHECK(alice.model().link == LinkState::offline);
    CHECK(alice.alerts("") == 1);
  }
}

TEST_CASE("accepting without asking stops at a server that could not be remembered") {
  Relay relay;
  client::CoreOptions options;
  options.accept_new = true;
  Guest& alice = relay.add("alice", options);
  alice.trust.servers.clear();
  alice.trust.broken = true;
  alice.connect();
  relay.advance(60'000);
  CHECK(alice.model().link == LinkState::offline);
  CHECK(alice.model().problem == "the server's key could not be stored: disk full");
  CHECK(alice.opened == 1);
  alice.trust.broken = false;
  alice.connect();
  CHECK(alice.model().link == LinkState::online);
  CHECK(alice.trust.servers.contains("server:7467"));
}

TEST_CASE("a changed server key is a full stop") {
  Relay relay;
  Guest& alice = relay.add("alice");
  const auto other = proto::Id::of(crypto::SigningKey::generate(relay.random).public_key());
  alice.trust.servers["server:7467"] = {other, 1'600'000'000'000};
  const auto bob = proto::Id::of(crypto::SigningKey::generate(relay.random).public_key());
  client::HistoryEntry said;
  said.peer_id = bob;
  said.uid = "uid";
  said.body = "said before";
  said.at_unix_ms = 5;
  const auto row = alice.trust.add({other, "bob"}, said).value();
  said.mine = true;
  said.body = "still to be sent";
  said.delivery = Delivery::queued;
  alice.trust.add({other, "bob"}, said).value();
  REQUIRE(alice.trust.commit());
  alice.trust.pinned[other]["bob"] = {bob, true, 1'600'000'000'000, client::Standing::contact, row};
  alice.connect();
  const auto id = proto::Id::of(relay.identity.public_key());
  REQUIRE(alice.model().question);
  CHECK(alice.model().question->kind == Question::Kind::server_changed);
  CHECK(alice.model().question->shown == id);
  CHECK(alice.model().question->pinned == other);
  CHECK(alice.model().question->pinned_since_unix_ms == 1'600'000'000'000);

  alice.core->answer(true, relay.now);
  relay.advance(60'000);
  CHECK(alice.model().link == LinkState::asking);
  CHECK_FALSE(alice.core->accept_changed_server(other.text(), relay.now).has_value());
  CHECK(alice.trust.servers["server:7467"].id == other);
  SUBCASE("leaving") {
    alice.core->answer(false, relay.now);
    CHECK(alice.model().link == LinkState::offline);
    CHECK(alice.trust.servers["server:7467"].id == other);
    CHECK(alice.trust.pinned[id].empty());
    CHECK(alice.trust.outbox(other).value().contains("bob"));
  }
  SUBCASE("later: nothing is accepted, and the client retries in case the old key is back") {
    alice.core->ask_later(relay.now);
    CHECK(alice.model().link == LinkState::waiting);
    CHECK_FALSE(alice.model().question);
    relay.advance(4'000);
    CHECK(alice.model().link == LinkState::waiting);
    relay.advance(10'000);
    REQUIRE(alice.model().question);
    CHECK(alice.model().question->pinned == other);
    CHECK(alice.trust.pinned[id].empty());
    alice.core->ask_later(relay.now);
    alice.trust.servers["server:7467"].id = id;  // as if the old key were back
    relay.advance(25'000);
    CHECK(alice.model().link == LinkState::online);
  }
  SUBCASE("another one than it can prove") {
    REQUIRE(alice.core->accept_changed_server(id.text(), relay.now).has_value());
    relay.identity = crypto::SigningKey::generate(relay.random);
    relay.settle();
    REQUIRE(alice.model().question);
    CHECK(alice.model().question->kind == Question::Kind::server_changed);
    CHECK(alice.model().question->pinned == other);
    CHECK(alice.trust.servers["server:7467"].id == other);
    CHECK(alice.trust.outbox(other).value().contains("bob"));
    CHECK(alice.trust.outbox(id).value().empty());
  }
  SUBCASE("the old key is back before the new one was proved") {
    REQUIRE(alice.core->accept_changed_server(id.text(), relay.now).has_value());
    relay.identity = crypto::SigningKey::generate(relay.random);
    alice.trust.servers["server:7467"].id = proto::Id::of(relay.identity.public_key());
    relay.settle();
    CHECK_FALSE(alice.model().question);
    relay.advance(3'000);
    CHECK(alice.model().link == LinkState::online);
  }
  SUBCASE("the new fingerprint, typed") {
    REQUIRE(alice.core->accept_changed_server(id.text(), relay.now).has_value());
    REQUIRE(alice.core->send_text("bob", "typed meanwhile", false, relay.now));
    relay.settle();
    CHECK(alice.model().link == LinkState::online);
    CHECK(alice.trust.servers["server:7467"].id == id);
    // A server's new key is no reason to accept another key for bob.
    CHECK(alice.trust.pinned[id].at("bob").id == bob);
    CHECK(alice.trust.pinned[id].at("bob").verified);
    CHECK(alice.peer("bob").trust == client::Trust::verified);
    // The history and unsent texts are not lost.
    const auto& lines = alice.peer("bob").lines;
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].text == "said before");
    CHECK(lines[1].delivery == Delivery::queued);
    CHECK(lines[2].text == "typed meanwhile");
    CHECK(lines[2].delivery == Delivery::queued);
    CHECK(alice.trust.outbox(id).value().at("bob").size() == 2);
    CHECK(alice.peer("bob").unread == 0);
  }
}

TEST_CASE("a server's new key that is known already takes over none of the old one's users") {
  Relay relay;
  Guest& alice = relay.add("alice");
  const auto old = proto::Id::of(crypto::SigningKey::generate(relay.random).public_key());
  const auto id = proto::Id::of(relay.identity.public_key());
  const auto bob = proto::Id::of(crypto::SigningKey::generate(relay.random).public_key());
  alice.trust.servers["server:7467"] = {old, 5};
  alice.trust.servers["honest:7467"] = {id, 5};
  alice.trust.pinned[old]["bob"] = {bob, true, 5, client::Standing::contact, 0};
  alice.connect();
  REQUIRE(alice.core->accept_changed_server(id.text(), relay.now).has_value());
  relay.settle();
  CHECK(alice.model().link == LinkState::online);
  CHECK(alice.trust.pinned[id].empty());
  CHECK(alice.trust.pinned[old].contains("bob"));
  const auto& status = alice.model().status;
  CHECK(std::any_of(status.begin(), status.end(), [](const Line& line) {
    return line.kind == Line::Kind::alert &&
           line.text.find("stay with the server's old key") != line.text.npos;
  }));
}
