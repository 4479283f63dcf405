// Tests of the core: connecting, reconnecting, the server's messages, and refused intents.
#include <doctest/doctest.h>

#include "client/core/relay.h"
#include "proto/session/peer_session.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Line;
using client::LinkState;
using client::SessionState;
using client::Trust;

namespace {

struct Pair {
  Pair() : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
  }
  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("a login refused by a new server is not repeated; a busy server is tried again") {
  Relay relay;
  Guest& alice = relay.add("alice");
  const auto known = std::exchange(alice.trust.servers, {});
  for (const auto* code : {"name-taken", "id-taken", "banned", "not-registered", "unsupported-suite"}) {
    CAPTURE(code);
    relay.refuse_login = error_frame(code, "go away");
    alice.connect();
    const int opened = alice.opened;
    relay.advance(60'000);
    CHECK(alice.model().link == LinkState::offline);
    CHECK(alice.model().problem.find("the server says: go away") != std::string::npos);
    CHECK(alice.opened == opened);
  }
  alice.trust.servers = known;
  relay.refuse_login = error_frame("busy", "");
  alice.connect();
  CHECK(alice.model().link == LinkState::waiting);
  CHECK(alice.model().retry_at_ms > relay.now.steady_ms);
  CHECK(alice.model().retry_at_ms <= relay.now.steady_ms + 15'000);
  relay.refuse_login.reset();
  relay.advance(15'500);
  CHECK(alice.model().link == LinkState::online);
}

// A server that was never met. A known one is tried again, since phase 2 proves nothing.
TEST_CASE("a server of the first edition, which names no call in phase 2, is reported at once") {
  Relay relay;
  client::CoreOptions options;
  options.accept_new = true;
  Guest& alice = relay.add("alice", options);
  proto::HandshakeFrame frame;
  frame.phase = 2;
  frame.name = "relay";
  frame.id = proto::Id::of(relay.identity.public_key()).str();
  frame.ciphers = {std::string(crypto::default_suites().front()->name)};
  frame.versions = {1};
  frame.nonce.emplace();
  SUBCASE("unknown") {
    alice.trust.servers.clear();
    relay.refuse_login = proto::encode(frame);
    alice.connect();
    CHECK(alice.model().link == LinkState::offline);
  }
  SUBCASE("known") {
    alice.connect();
    REQUIRE(alice.model().link == LinkState::online);
    relay.refuse_login = proto::encode(frame);
    alice.restart();
    CHECK(alice.model().link == LinkState::waiting);
  }
  CHECK(alice.model().problem.find("the server is too old") == 0);
  CHECK(alice.model().refusal == proto::ErrorCode::unsupported_version);
  relay.refuse_login.reset();
  if (alice.model().link == LinkState::offline) alice.connect();
  relay.advance(20'000);
  CHECK(alice.model().link == LinkState::online);
}

TEST_CASE("attack 78: a refusal in clear does not keep a client away for good from a server that it knows") {
  for (const auto* code : {"name-taken", "id-taken", "name-invalid", "banned", "not-registered",
                           "unsupported-suite", "unsupported-version"}) {
    CAPTURE(code);
    Relay relay;
    Guest& alice = relay.add("alice");
    relay.refuse_login = error_frame(code, "go away");
    alice.connect();
    CHECK(alice.model().link == LinkState::waiting);
    CHECK(alice.model().problem.find("the server says: go away") != std::string::npos);
    CHECK(alice.model().refusal == proto::parse_error_code(code));
    CHECK(alice.model().retry_at_ms >= relay.now.steady_ms + 5'000);
    // An honest server sees few attempts in an hour, and a client waits at most five minutes.
    const int opened = alice.opened;
    relay.advance(3'600'000);
    CHECK(alice.opened - opened >= 12);
    CHECK(alice.opened - opened <= 60);
    relay.refuse_login.reset();
    relay.advance(300'500);
    CHECK(alice.model().link == LinkState::online);
  }
}

TEST_CASE("a refusal inside SECURE is final, also from a known server") {
  for (const auto code :
       {proto::ErrorCode::banned, proto::ErrorCode::id_taken, proto::ErrorCode::not_registered}) {
    Relay relay;
    Guest& alice = relay.add("alice");
    alice.connect();
    REQUIRE(alice.model().link == LinkState::online);
    relay.give(alice, proto::encode_error(code, ""));
    relay.settle();
    const int opened = alice.opened;
    relay.advance(600'000);
    CHECK(alice.model().link == LinkState::offline);
    CHECK(alice.opened == opened);
  }
}

TEST_CASE("a lost link reconnects with growing waits, and texts typed meanwhile are sent") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "one"));
  relay.hang_up(alice);
  CHECK(alice.model().link == LinkState::waiting);
  CHECK(alice.model().problem == "broken");
  CHECK_FALSE(alice.peer("bob").online);
  const auto serial = alice.say("bob", "two");
  REQUIRE(serial);
  CHECK(alice.delivery("bob", *serial) == Delivery::queued);

  relay.refuse_login = error_frame("busy", "");
  const int opened = alice.opened;
  relay.advance(120'000);
  CHECK(alice.opened - opened >= 120 / 15);
  CHECK(alice.opened - opened <= 30);
  relay.refuse_login.reset();
  relay.advance(16'000);
  CHECK(alice.model().link == LinkState::online);
  CHECK(alice.delivery("bob", *serial) == Delivery::delivered);
  CHECK(bob.heard == std::vector<std::string>{"alice: one", "alice: two"});
}

TEST_CASE("replaced by another login: offline, and no fight over it") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.give(alice, error_frame("id-taken", "replaced"));
  relay.advance(60'000);
  CHECK(alice.model().link == LinkState::offline);
  CHECK(alice.opened == 1);
}

TEST_CASE("disconnect says goodbye and stays away") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "hello"));
  alice.core->disconnect(relay.now);
  CHECK(alice.closed);
  alice.closed = false;  // the edge sends what was written first
  relay.settle();
  CHECK(bob.peer("alice").session == SessionState::none);
  CHECK(Relay::count(alice.asked, "\"type\":\"disconnect\"") == 1);
  relay.advance(60'000);
  CHECK(alice.model().link == LinkState::offline);
  CHECK(alice.opened == 1);
}

TEST_CASE("ping: the round trip is measured; no answer means the link is lost") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  CHECK(alice.model().round_trip_ms >= 0);
  relay.advance(40'000);
  CHECK(Relay::count(alice.asked, "\"ping\"") >= 2);
  CHECK(alice.model().link == LinkState::online);
  alice.line.reset();  // the server is frozen
  relay.advance(26'000);
  CHECK(alice.opened == 2);
}

TEST_CASE("unknown types are answered, malformed messages end the connection") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.give(alice, R"({"type":"fashion"})");
  relay.settle();
  CHECK(alice.model().link == LinkState::online);
  CHECK(Relay::count(alice.asked, "\"code\":\"bad-message\"") == 1);
  relay.give(alice, R"({"type":"list","data":7})");
  CHECK(alice.model().link == LinkState::waiting);
  CHECK(alice.alerts("") == 1);
  relay.settle();
  relay.advance(3'000);
  CHECK(alice.model().link == LinkState::online);
  relay.give(alice, "[1,2");
  CHECK(alice.model().link == LinkState::waiting);
}

TEST_CASE("a text that can't be sent is refused with a reason") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  CHECK_FALSE(alice.say("nobody", "hello").has_value());
  CHECK_FALSE(alice.say("bob", "").has_value());
  CHECK_FALSE(alice.say("bob", "\xff").has_value());
  CHECK_FALSE(alice.say("bob", std::string(16'385, 'a')).has_value());
  CHECK(alice.peer("bob").lines.empty());
  CHECK(alice.say("bob", std::string(16'384, 'a')).has_value());
  CHECK(bob.heard.size() == 1);
}

TEST_CASE("at most a thousand texts may wait; all arrive in order") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "first"));
  relay.hide("bob");
  for (int i = 0; i < 1'000; ++i)
    REQUIRE(alice.core->send_text("bob", std::to_string(i), false, relay.now));
  CHECK_FALSE(alice.say("bob", "one too many").has_value());
  relay.advance(10'000);
  relay.show("bob", bob.id);
  relay.advance(5'000);
  REQUIRE(bob.heard.size() == 1'001);
  for (int i = 0; i < 1'000; ++i)
    REQUIRE(bob.heard[static_cast<std::size_t>(i) + 1] == "alice: " + std::to_string(i));
  CHECK(alice.delivered == 1'001);
}

TEST_CASE("attention, unread, first contact and actions") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.core->send_text("bob", "waves", true, relay.now));
  relay.settle();
  CHECK(bob.peer("alice").attention);
  CHECK(bob.peer("alice").unread == 1);
  CHECK(bob.peer("alice").lines.back().kind == Line::Kind::action);
  CHECK_FALSE(alice.peer("bob").attention);
  bob.core->mark_read("alice", relay.now);
  CHECK_FALSE(bob.peer("alice").attention);
  CHECK(bob.peer("alice").unread == 0);
}

TEST_CASE("verifying compares, and lasts") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "hello"));
  const auto number = bob.core->safety_number("alice");
  REQUIRE(number);
  CHECK_FALSE(alice.core->verify("bob", "", relay.now).has_value());
  CHECK_FALSE(alice.core->verify("bob", "12345", relay.now).has_value());
  CHECK(alice.peer("bob").trust == Trust::unverified);
  REQUIRE(alice.core->verify("bob", *number, relay.now).has_value());
  CHECK(alice.peer("bob").trust == Trust::verified);
  relay.hang_up(alice);
  relay.advance(5'000);
  CHECK(alice.peer("bob").trust == Trust::verified);
  REQUIRE(alice.core->unverify("bob").has_value());
  CHECK(alice.peer("bob").trust == Trust::unverified);
  alice.trust.broken = true;
  CHECK_FALSE(alice.core->verify("bob", *number, relay.now).has_value());
  CHECK(alice.peer("bob").trust == Trust::unverified);
}

TEST_CASE("writing to a stranger makes a contact, whose key is remembered") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  Guest& carol = relay.add("carol");
  relay.show("carol", carol.id);
  REQUIRE_FALSE(alice.peer("carol").known());
  REQUIRE(alice.say("carol", "hello"));
  CHECK(alice.peer("carol").known());
  CHECK(alice.peer("carol").trust == Trust::unverified);
  CHECK(alice.count("carol", Line::Kind::notice, "First contact") == 1);
  CHECK(alice.trust.pinned[alice.model().server_id].at("carol").id == carol.id);
  CHECK(alice.trust.clean());
}

TEST_CASE("a text that could not be stored is not sent and not shown") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  Guest& carol = relay.add("carol");
  relay.show("carol", carol.id);
  const auto asked = alice.asked.size();
  alice.trust.broken = true;
  for (const char* name : {"bob", "carol"}) {
    CAPTURE(name);
    const auto refused = alice.say(name, "hello");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().find("could not be stored") != std::string::npos);
    CHECK(refused.error().find("disk full") != std::string::npos);
    CHECK(alice.peer(name).lines.empty());
  }
  CHECK_FALSE(alice.peer("carol").known());
  relay.advance(5'000);
  CHECK(alice.model().link == LinkState::online);
  CHECK(Relay::count(alice.asked, "client-connect") == 0);
  CHECK(alice.asked.size() <= asked + 2);  // may include pings
  CHECK(alice.say("bob", "hello").error() == "it could not be stored: disk full");
  alice.trust.doubtful = true;
  CHECK(
      alice.say("bob", "hello").error() ==
      "it could not be stored: disk full; if the program crashes now, it may still be sent: look before you "
      "type it again");
  alice.trust.broken = false;
  REQUIRE(alice.say("carol", "hello again"));
  CHECK(alice.peer("carol").known());
}

TEST_CASE("known peers are shown before we are online, strangers are dropped when they leave") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  Guest& carol = relay.add("carol");
  relay.show("carol", carol.id);
  REQUIRE(alice.knows("carol"));
  REQUIRE(alice.say("bob", "hello"));
  relay.hide("carol");
  relay.hide("bob");
  CHECK_FALSE(alice.knows("carol"));
  CHECK(alice.knows("bob"));
  CHECK_FALSE(alice.peer("bob").online);

  client::CoreOptions options;
  options.identity = &alice.identity;
  options.name = "alice";
  client::ClientCore fresh(options, alice.trust, alice.ephemerals, alice);
  fresh.connect("server:7467", relay.now);
  REQUIRE(fresh.model().peers.size() == 1);
  CHECK(fresh.model().peers.at("bob").id == bob.id);
}

TEST_CASE("the list comes in pages, and a server can't send us in circles") {
  Relay relay;
  Guest& alice = relay.add("alice");
  for (int i = 0; i < 10; ++i)
    relay.listed["u" + std::to_string(i)] =
        proto::Id::of(crypto::SigningKey::generate(relay.random).public_key());
  relay.page = 3;
  SUBCASE("to its end") {
    alice.connect();
    CHECK(Relay::count(alice.asked, "\"type\":\"list\"") == 4);
  }
  SUBCASE("without end") {
    relay.circles = true;
    alice.connect();
    CHECK(Relay::count(alice.asked, "\"type\":\"list\"") == 5);  // the last page had nothing new
  }
  CHECK(alice.model().peers.size() == 10);
  CHECK(alice.model().list_complete);
}

TEST_CASE("a call of a peer that is not listed yet waits for the list") {
  Relay relay;
  Guest& alice = relay.add("alice");
  Guest& bob = relay.add("bob");
  relay.listed = {{"bob", bob.id}};
  bob.connect();
  alice.connect();
  REQUIRE(alice.say("bob", "it is me"));
  CHECK(bob.heard.empty());
  CHECK_FALSE(bob.knows("alice"));  // the name in the call is only a claim
  relay.show("alice", alice.id);
  CHECK(bob.heard == std::vector<std::string>{"alice: it is me"});
}

TEST_CASE("contents of unknown kinds cause a notice, others are silent") {
  // A peer controlled by the test, for messages that the client never sends.
  Pair pair;
  auto& [relay, alice, bob] = pair;
  std::optional<proto::Handshake> handshake;
  std::optional<proto::PeerSession> session;
  relay.pass = [&](Guest&, Guest& to, const std::string& message) {
    if (&to != &bob) return relay.give(to, message);
    if (Relay::type_of(message) != "client-connect") return;
    auto answer = handshake->receive(message);
    REQUIRE(answer.has_value());
    relay.give(alice, *answer);
  };
  proto::HandshakeOptions options;
  options.kind = proto::HandshakeKind::client_client;
  options.role = proto::Role::responder;
  options.identity = &bob.identity;
  options.name = "bob";
  options.suites = crypto::default_suites();
  options.peer = alice.id;
  handshake.emplace(options, bob.ephemerals);
  REQUIRE(alice.say("bob", "hello"));
  REQUIRE(alice.peer("bob").session == SessionState::established);
  session.emplace(handshake->take_result(), bob.identity, bob.ephemerals);

  alice.asked.clear();
  const auto say = [&](std::string plaintext) {
    plaintext.resize(128, ' ');
    relay.give(alice, session->seal(plaintext, relay.now).message);
    relay.settle();
  };
  const auto acks = [&] { return Relay::count(alice.asked, "\"type\":\"ack\",\"src\""); };
  say(R"({"kind":"typing","on":true})");
  say(R"({"kind":"read","uid":"AAAAAAAAAAAAAAAAAAAAAA"})");
  CHECK(acks() == 0);
  CHECK(alice.count("bob", Line::Kind::notice, "unsupported message") == 0);
  say(R"({"kind":"hologram"})");
  CHECK(acks() == 1);
  CHECK(alice.count("bob", Line::Kind::notice, "unsupported message") == 1);
  say("no JSON at all");
  CHECK(acks() == 2);
  CHECK(alice.count("bob", Line::Kind::notice, "unsupported message") == 2);
  CHECK(alice.heard.empty());
  CHECK(alice.model().link == LinkState::online);

  // Each message with another uid is acked; repeated ones are rate-limited.
  for (int i = 10; i < 16; ++i)
    say(R"({"kind":"react","uid":"AAAAAAAAAAAAAAAAAAA)" + std::to_string(i) + R"(A","emoji":""})");
  CHECK(acks() == 8);
  for (int i = 0; i < 6; ++i)
    say(R"({"kind":"react","uid":"BBBBBBBBBBBBBBBBBBBBBA","emoji":""})");
  CHECK(acks() == 11);
}

TEST_CASE("a server that lets us in and hangs up at once is tried less and less often") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  const int before = alice.opened;
  for (int second = 0; second < 120; ++second) {
    if (alice.model().link == LinkState::online) relay.hang_up(alice);
    relay.advance(1'000);
  }
  CHECK(alice.opened - before <= 20);
  relay.advance(60'000);  // it stays: the next loss is a new one
  REQUIRE(alice.model().link == LinkState::online);
  relay.hang_up(alice);
  relay.advance(3'000);
  CHECK(alice.model().link == LinkState::online);
}
