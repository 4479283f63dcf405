// A server that swaps, drops, alters, replays and forges messages (the C rows of the attack list),
// against real clients.
#include <doctest/doctest.h>

#include "client/conversation/conversation.h"
#include "client/core/relay.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Line;
using client::SessionState;
using client::Trust;

namespace {

const std::string phase_1 = "\"phase\":1";

struct Pair {
  explicit Pair(bool friends = true) : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    if (friends) relay.befriend(alice, bob);
    alice.connect();
    bob.connect();
    REQUIRE(alice.peer("bob").online);
    REQUIRE(bob.peer("alice").online);
  }
  // An identity of the server's own, under a name that it shows to others.
  Guest& impostor(const std::string& name) {
    client::CoreOptions options;
    options.accept_strangers = true;
    Guest& guest = relay.add(name, options);
    guest.connect();
    return guest;
  }
  // A wrong byte in the middle of the token.
  static std::string corrupt(std::string message) {
    const auto at = message.find("\"data\":\"") + 60;
    message[at] = message[at] == 'A' ? 'B' : 'A';
    return message;
  }

  Relay relay;
  Guest& alice;
  Guest& bob;
};

}  // namespace

TEST_CASE("attack 1: the server swaps bob's id at first contact") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  Guest& mallory = pair.impostor("bob");
  Guest& carol = relay.add("carol");
  relay.listed["bob"] = mallory.id;
  carol.connect();
  relay.show("carol", carol.id);
  const auto serial = carol.say("bob", "are you bob?");
  CHECK(carol.peer("bob").trust == Trust::unverified);
  CHECK(carol.peer("bob").id == mallory.id);
  CHECK(carol.delivery("bob", *serial) ==
        Delivery::delivered);  // to the man in the middle: alice cannot know more
  // The number on bob's own screen differs.
  const auto at_bob = proto::safety_number(bob.id, carol.id);
  CHECK(*carol.core->safety_number("bob") != at_bob);
  CHECK_FALSE(carol.core->verify("bob", at_bob, relay.now).has_value());
  CHECK(carol.peer("bob").trust == Trust::unverified);
}

TEST_CASE("attack 2: the server shows another id under a known name") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "hello"));
  REQUIRE(bob.heard.size() == 1);
  Guest& mallory = pair.impostor("bob");
  const auto server = proto::Id::of(relay.identity.public_key());
  const auto before = alice.asked.size();

  relay.show("bob", mallory.id);
  CHECK(alice.peer("bob").trust == Trust::changed);
  CHECK(alice.peer("bob").id == bob.id);
  CHECK(alice.peer("bob").changed_to == mallory.id);
  CHECK(alice.peer("bob").session == SessionState::none);
  CHECK(alice.count("bob", Line::Kind::alert, "KEY CHANGED") == 1);
  CHECK(alice.trust.pinned[server].at("bob").id == bob.id);

  SUBCASE("nothing is sent, calls of the new key are not answered") {
    CHECK_FALSE(alice.say("bob", "secret").has_value());
    mallory.core->send_text("alice", "it is me", false, relay.now);
    relay.advance(120'000);
    CHECK(alice.count("bob", Line::Kind::alert, "under another key of bob was refused") >= 1);
    for (auto at = before; at < alice.asked.size(); ++at)
      CHECK(alice.asked[at].find("client-") == std::string::npos);
    CHECK(alice.heard.empty());
    CHECK(alice.trust.pinned[server].at("bob").id == bob.id);
  }
  SUBCASE("it ends by the new fingerprint alone") {
    CHECK_FALSE(alice.core->accept_changed("bob", bob.id.text(), relay.now).has_value());
    CHECK_FALSE(alice.core->accept_changed("bob", "", relay.now).has_value());
    CHECK(alice.core->accept("bob", relay.now).error() == "the key of bob changed: decide about that first");
    CHECK(alice.peer("bob").trust == Trust::changed);
    REQUIRE(alice.core->accept_changed("bob", " " + mallory.id.str() + "\n", relay.now).has_value());
    CHECK(alice.peer("bob").trust == Trust::unverified);
    CHECK(alice.peer("bob").id == mallory.id);
    REQUIRE(alice.say("bob", "new phone?"));
    CHECK(mallory.heard == std::vector<std::string>{"alice: new phone?"});
  }
  SUBCASE("it ends when the server shows the known key again") {
    relay.show("bob", bob.id);
    CHECK(alice.peer("bob").trust == Trust::unverified);
    REQUIRE(alice.say("bob", "there you are"));
    CHECK(bob.heard.back() == "alice: there you are");
    CHECK(mallory.heard.empty());
  }
}

TEST_CASE("attack 28: queued texts are not re-encrypted to a new key") {
  bool friends = true;
  SUBCASE("of a contact") {}
  SUBCASE("of a peer who was only in the list") {
    friends = false;
  }
  Pair pair(friends);
  auto& [relay, alice, bob] = pair;
  Guest& mallory = pair.impostor("bob");
  if (friends) {
    REQUIRE(alice.say("bob", "hello"));
  } else {
    relay.pass = [](Guest&, Guest&, const std::string&) {};  // the first call finds nobody
    alice.say("bob", "zero");
    relay.pass = [&](Guest&, Guest& to, const std::string& m) { relay.give(to, m); };
  }
  relay.hide("bob");
  std::vector<std::uint64_t> serials;
  for (const auto* text : {"one", "two", "three"})
    serials.push_back(*alice.say("bob", text));
  relay.show("bob", mallory.id);
  relay.advance(90'000);
  CHECK(alice.peer("bob").trust == Trust::changed);
  CHECK(mallory.heard.empty());
  for (auto serial : serials)
    CHECK(alice.delivery("bob", serial) == Delivery::queued);
  REQUIRE(alice.core->accept_changed("bob", mallory.id.text(), relay.now).has_value());
  relay.advance(5'000);
  // The new key was accepted for new texts, not for earlier ones.
  CHECK(mallory.heard.empty());
  const std::size_t held = friends ? 3 : 4;
  CHECK(alice.peer("bob").held == held);
  CHECK(alice.count("bob", Line::Kind::alert, "typed for an earlier key of bob are held") == 1);
  REQUIRE(alice.say("bob", "hello, new one"));
  CHECK(mallory.heard == std::vector<std::string>{"alice: hello, new one"});
  SUBCASE("resent") {
    CHECK(alice.core->resend_held("bob", relay.now).value() == held);
    relay.settle();
    CHECK(mallory.heard.size() == held + 1);
    CHECK(mallory.heard.back() == "alice: three");
    CHECK(alice.peer("bob").held == 0);
    CHECK_FALSE(alice.core->resend_held("bob", relay.now));
    CHECK(alice.count("bob", Line::Kind::text) == held + (friends ? 2 : 1));
    const auto words = [&] {
      std::vector<std::string> out;
      for (const auto& line : alice.peer("bob").lines)
        if (line.kind == Line::Kind::text) out.push_back(line.text);
      return out;
    };
    CHECK(words().back() == "three");
    const auto before = words();
    alice.core->load_older("bob", 100);  // nothing is shown twice
    CHECK(words() == before);
    relay.advance(2'000);  // the marks are on disk
    alice.restart();
    alice.core->mark_read("bob", relay.now);
    CHECK(words() == before);
  }
  SUBCASE("discarded, for good once that is said") {
    CHECK(alice.core->discard_held("bob", relay.now).value() == held);
    alice.restart();
    relay.settle();
    CHECK(alice.peer("bob").held == 0);
  }
  SUBCASE("discarded") {
    CHECK(alice.core->discard_held("bob", relay.now).value() == held);
    relay.advance(60'000);
    CHECK(mallory.heard.size() == 1);
    for (auto serial : serials)
      CHECK(alice.delivery("bob", serial) == Delivery::failed);
    alice.restart();
    relay.settle();
    CHECK(alice.peer("bob").held == 0);
    CHECK(mallory.heard.size() == 1);
  }
  SUBCASE("held also after a restart, for the same key in the end") {
    alice.restart();
    relay.settle();
    CHECK(alice.peer("bob").held == held);
    CHECK(mallory.heard.size() == 1);
  }
}

TEST_CASE("attack 28: queued texts go to no other key after the old one was forgotten") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  Guest& mallory = pair.impostor("bob");
  REQUIRE(alice.say("bob", "hello"));
  relay.hide("bob");
  REQUIRE(alice.say("bob", "my secret"));
  const auto server = proto::Id::of(relay.identity.public_key());
  alice.restart(false);
  alice.trust.pinned[server].erase("bob");  // sims forget bob
  relay.listed["bob"] = mallory.id;
  alice.connect();
  REQUIRE(alice.peer("bob").online);
  relay.advance(60'000);
  CHECK(mallory.heard.empty());
  REQUIRE(alice.say("bob", "who are you?"));
  relay.advance(5'000);
  CHECK(mallory.heard == std::vector<std::string>{"alice: who are you?"});
  CHECK(alice.peer("bob").held == 1);
  CHECK(alice.count("bob", Line::Kind::alert, "1 message typed for an earlier key of bob is held") == 1);
}

TEST_CASE("attack 7: one text dropped, the next two swapped") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  std::string held;
  relay.pass = [&](Guest&, Guest& to, const std::string& message) {
    if (Relay::type_of(message) != "client-com" || &to != &bob) return relay.give(to, message);
    const auto m = Relay::number_of(message, "id");
    if (m == 3) return;
    if (m == 4) held = message;
    if (m != 4) relay.give(to, message);
    if (m == 5) relay.give(to, held);
  };
  for (const auto* text : {"m0", "m1", "m2", "m3", "m4", "m5"})
    REQUIRE(alice.say("bob", text));
  // Texts after the gap wait a minute for the missing one.
  CHECK(bob.heard == std::vector<std::string>{"alice: m0", "alice: m1", "alice: m2"});
  CHECK(bob.count("alice", Line::Kind::notice, "1 message missing") == 1);
  CHECK(bob.count("alice", Line::Kind::notice, "2 messages missing") == 0);
  // It was not proved delivered, so it is sent again, and shown once.
  relay.pass = [&](Guest&, Guest& to, const std::string& message) { relay.give(to, message); };
  relay.advance(25'000);
  CHECK(bob.heard == std::vector<std::string>{"alice: m0", "alice: m1", "alice: m2", "alice: m3", "alice: m4",
                                              "alice: m5"});
  CHECK(bob.count("alice", Line::Kind::notice, "missing") == 0);
  CHECK(alice.delivered == 6);
}

TEST_CASE("attack 8: returned to the sender, twice, and in the next session") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  std::vector<std::string> coms;
  std::size_t acks = 0;
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    if (Relay::type_of(message) == "client-com" && &from == &alice) coms.push_back(message);
    if (Relay::type_of(message) == "ack" && &from == &bob) ++acks;
    relay.give(to, message);
  };
  REQUIRE(alice.say("bob", "only once"));
  REQUIRE(coms.size() == 1);
  REQUIRE(acks == 1);

  relay.give(alice, coms[0]);
  relay.settle();
  CHECK(alice.heard.empty());
  CHECK(alice.alerts("") == 1);

  relay.give(bob, coms[0]);
  relay.settle();
  CHECK(acks == 2);
  CHECK(bob.heard.size() == 1);
  CHECK(alice.delivered == 1);

  alice.core->end_session("bob", "", relay.now);
  relay.settle();
  REQUIRE(bob.peer("alice").session == SessionState::none);
  relay.advance(5'000);
  REQUIRE(alice.say("bob", "next session"));
  relay.give(bob, coms[0]);
  relay.settle();
  CHECK(bob.heard == std::vector<std::string>{"alice: only once", "alice: next session"});
  CHECK(bob.alerts("alice") == 1);
  REQUIRE(alice.say("bob", "still fine"));
  CHECK(bob.heard.back() == "alice: still fine");
}

TEST_CASE("attack 24: one corrupt message loses itself only, and is reported") {
  for (const auto* label : {"ecdhe", "rsa"}) {
    CAPTURE(label);
    Pair pair;
    auto& [relay, alice, bob] = pair;
    int number = 0;
    relay.pass = [&](Guest&, Guest& to, const std::string& message) {
      const bool hit = Relay::type_of(message) == "client-com" && &to == &bob && number++ == 1;
      relay.give(to, hit ? Pair::corrupt(message) : message);
    };
    for (const auto* text : {"a", "b", "c"})
      REQUIRE(alice.say("bob", text));
    CHECK(bob.heard == std::vector<std::string>{"alice: a"});  // c waits for the text before it
    CHECK(bob.alerts("alice") == 1);
    CHECK(bob.peer("alice").session == SessionState::established);
    relay.advance(25'000);
    CHECK(bob.heard == std::vector<std::string>{"alice: a", "alice: b", "alice: c"});
    CHECK(alice.delivered == 3);
  }
}

TEST_CASE("attack 27: every message corrupted: few handshakes an hour, the user is warned, the pin holds") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "before"));
  relay.pass = [&](Guest&, Guest& to, const std::string& message) {
    relay.give(to, Relay::type_of(message) == "client-com" ? Pair::corrupt(message) : message);
  };
  const auto calls = Relay::count(alice.asked, phase_1) + Relay::count(bob.asked, phase_1);
  const auto serial = alice.say("bob", "never comes");
  relay.advance(3'600'000);
  CHECK(Relay::count(alice.asked, phase_1) + Relay::count(bob.asked, phase_1) - calls <= 12);
  CHECK(bob.alerts("alice") >= 1);
  CHECK(alice.delivery("bob", *serial) != Delivery::delivered);
  CHECK(alice.peer("bob").id == bob.id);
  relay.pass = [&](Guest&, Guest& to, const std::string& message) { relay.give(to, message); };
  relay.advance(700'000);
  CHECK(alice.delivery("bob", *serial) == Delivery::delivered);
}

TEST_CASE("attack 29: forged and replayed acks never mark delivered") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  std::vector<std::string> acks;
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    if (Relay::type_of(message) == "ack" && &from == &bob)
      acks.push_back(message);
    else
      relay.give(to, message);
  };
  const auto first = alice.say("bob", "first");
  const auto second = alice.say("bob", "second");
  REQUIRE(acks.size() == 2);
  CHECK(alice.delivery("bob", *first) == Delivery::sent);

  proto::PeerAck forged;
  forged.src = bob.id;
  forged.dst = alice.id;
  relay.give(alice, proto::encode(forged));
  std::string renumbered = acks[0];
  renumbered.replace(renumbered.find("\"id\":0"), 6, "\"id\":1");
  relay.give(alice, renumbered);
  CHECK(alice.delivered == 0);
  CHECK(alice.delivery("bob", *second) == Delivery::sent);

  relay.give(alice, acks[1]);
  CHECK(alice.delivery("bob", *second) == Delivery::delivered);
  relay.give(alice, acks[1]);
  CHECK(alice.delivery("bob", *first) == Delivery::sent);
  CHECK(alice.delivered == 1);

  // In the next session an ack of the old one is ignored.
  relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    if (Relay::type_of(message) == "ack" && &from == &bob) return;
    relay.give(to, message);
  };
  relay.advance(25'000);
  relay.give(alice, acks[0]);
  CHECK(alice.delivery("bob", *first) == Delivery::sent);
}

TEST_CASE("attack 43: a forged client-disconnect is ignored") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  REQUIRE(alice.say("bob", "hello"));
  proto::ClientDisconnect forged;
  forged.src = bob.id;
  forged.dst = alice.id;
  forged.reason = "bye";
  relay.give(alice, proto::encode(forged));
  CHECK(alice.peer("bob").session == SessionState::established);
  CHECK(alice.alerts("bob") == 1);
}

TEST_CASE("attack 45: a contact's calls without end are answered twice a second, the others are refused") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  std::string call;
  relay.pass = [&](Guest&, Guest&, const std::string& message) { call = message; };
  alice.say("bob", "hello");
  REQUIRE(call.find(phase_1) != std::string::npos);
  relay.pass = [](Guest&, Guest&, const std::string&) {};
  for (int i = 0; i < 600; ++i) {
    relay.give(bob, call);
    relay.settle();
    relay.now.steady_ms += 100;
  }
  CHECK(Relay::count(bob.asked, "\"phase\":2") <= 60 + 120);
  CHECK(Relay::count(bob.asked, "\"phase\":2") + Relay::count(bob.asked, "\"code\":\"busy\"") == 600);
  CHECK(bob.alerts("alice") <= 6);
}

TEST_CASE("a peer's malformed message is not the server's fault") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.give(alice,
             R"({"type":"client-com","src":")" + bob.id.str() + R"(","dst":")" + alice.id.str() + R"("})");
  relay.give(alice, R"({"type":"client-connect","src":")" + bob.id.str() + R"(","dst":"","phase":9})");
  CHECK(alice.model().link == client::LinkState::online);
  CHECK(alice.alerts("") == 2);
  REQUIRE(alice.say("bob", "hello"));
  CHECK(bob.heard.size() == 1);
}

TEST_CASE("a stranger who sent an ack, a close or a text without a session, and is gone after a reconnect") {
  for (const char* type : {"ack", "client-disconnect", "client-com"}) {
    CAPTURE(type);
    Pair pair;
    auto& [relay, alice, bob] = pair;
    Guest& eve = relay.add("eve");
    relay.show("eve", eve.id);
    proto::PeerAck ack;
    ack.src = eve.id;
    ack.dst = alice.id;
    proto::ClientDisconnect close{eve.id, alice.id, "bye", {}};
    proto::ClientCom com;
    com.src = eve.id;
    com.dst = alice.id;
    com.ratchet.epoch = 0;
    com.data = "junk";
    const std::string message = std::string(type) == "ack"          ? encode(ack)
                                : std::string(type) == "client-com" ? encode(com)
                                                                    : encode(close);
    relay.give(alice, message);
    relay.listed.erase("eve");
    relay.hang_up(alice);
    relay.advance(60'000);
    REQUIRE(alice.model().link == client::LinkState::online);
    CHECK_FALSE(alice.knows("eve"));
    REQUIRE(alice.say("bob", "still here"));
    CHECK(bob.heard.size() == 1);
  }
}

TEST_CASE("frames that wait for work are limited for all peers together") {
  std::size_t total = 0;
  std::vector<std::unique_ptr<client::WaitingFrames>> peers;
  const std::string frame(60'000, 'x');
  for (int peer = 0; peer < 50; ++peer) {
    auto& one = *peers.emplace_back(std::make_unique<client::WaitingFrames>(total));
    for (int i = 0; i < 50; ++i)
      one.push({proto::PeerAck{}, frame});
  }
  CHECK(total <= std::size_t{4} << 20);
  CHECK(total > std::size_t{3} << 20);
  CHECK_FALSE(peers.front()->empty());
  CHECK(peers.back()->empty());
  CHECK(peers.front()->pop().raw == frame);
  peers.front()->clear();
  CHECK(peers.front()->empty());
  for (int i = 0; i < 1'000; ++i)
    peers.back()->push({proto::PeerAck{}, "short"});
  int kept = 0;
  for (; !peers.back()->empty(); ++kept)
    CHECK(peers.back()->pop().raw == "short");
  CHECK(kept == 256);
  peers.clear();
  CHECK(total == 0);
}

TEST_CASE("the server lists carol's id as bob: carol's own name gives it away") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  Guest& carol = relay.add("carol");
  relay.listed["bob"] = carol.id;
  carol.connect();
  relay.show("bob", carol.id);
  Guest& dave = relay.add("dave");
  dave.connect();
  relay.show("dave", dave.id);
  REQUIRE(dave.say("bob", "for bob only"));
  relay.advance(5'000);
  CHECK(carol.heard.empty());
  CHECK(dave.delivered == 0);
  CHECK(dave.peer("bob").session == SessionState::none);
  CHECK(dave.count("bob", Line::Kind::alert, "calls itself carol") >= 1);
}

TEST_CASE("an unsigned refusal does not keep a known client away") {
  Pair pair;
  auto& [relay, alice, bob] = pair;
  relay.refuse_login = proto::encode_error(proto::ErrorCode::name_taken, "forged") + "\n";
  relay.hang_up(alice);
  relay.advance(20'000);
  CHECK(alice.model().link == client::LinkState::waiting);
  relay.refuse_login.reset();
  relay.advance(120'000);
  CHECK(alice.model().link == client::LinkState::online);
}
