// Strangers and peers that send messages no client sends, and a server that helps them (the C rows
// 30, 43 and 45 of the attack list).
#include <doctest/doctest.h>

#include <algorithm>

#include "client/conversation/context.h"
#include "client/core/relay.h"
#include "proto/session/peer_session.h"
#include "proto/wire/content.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Line;
using client::LinkState;
using client::SessionState;
using client::Standing;

namespace {

constexpr std::string_view rsa_only = "rsa";

// A peer controlled by the test, with a name and a key in the list and no client.
class Puppet {
 public:
  Puppet(Relay& relay, Guest& self, Guest& victim, std::string_view suite = "ecdhe")
      : relay_(relay), self_(self), victim_(victim), suite_(suite) {}

  // Sends phase 1, and the phases that the answers ask for.
  void call() {
    proto::HandshakeOptions options;
    options.kind = proto::HandshakeKind::client_client;
    options.role = proto::Role::initiator;
    options.identity = &self_.identity;
    options.name = self_.name;
    options.suites = {crypto::find_suite_by_label(suite_)};
    options.peer = victim_.id;
    handshake_.emplace(options, self_.ephemerals);
    relay_.give(victim_, handshake_->start());
    relay_.settle();
  }
  void take(const std::string& message) {
    if (Relay::type_of(message) != "client-connect" || !handshake_) return;
    const auto answer = handshake_->receive(message);
    if (!answer) return handshake_.reset();
    if (handshake_->done()) {
      session_.emplace(handshake_->take_result(), self_.identity, self_.ephemerals);
      handshake_.reset();
    }
    if (!answer->empty()) relay_.give(victim_, *answer);
  }
  void say(std::string plaintext) {
    if (!session_) return;
    plaintext.resize(std::max<std::size_t>(128, plaintext.size()), ' ');
    relay_.give(victim_, session_->seal(plaintext, relay_.now).message);
  }
  // Sends a message that is lost, then one that does not verify.
  void skip() { static_cast<void>(session_->seal(std::string(128, ' '), relay_.now)); }
  void garble() {
    std::string message = session_->seal(std::string(128, ' '), relay_.now).message;
    const auto at = message.find("\"data\":\"") + 60;
    message[at] = message[at] == 'A' ? 'B' : 'A';
    relay_.give(victim_, message);
  }
  bool in_session() const { return session_.has_value(); }

 private:
  Relay& relay_;
  Guest& self_;
  Guest& victim_;
  std::string suite_;
  std::optional<proto::Handshake> handshake_;
  std::optional<proto::PeerSession> session_;
};

// Alice online, and mallory a puppet.
struct Stranger {
  explicit Stranger(std::string_view suite = "ecdhe")
      : alice(relay.add("alice")), self(relay.add("mallory")), mallory(relay, self, alice, suite) {
    relay.listed = {{"alice", alice.id}, {"mallory", self.id}};
    relay.pass = [this](Guest&, Guest& to, const std::string& message) {
      if (&to == &self) mallory.take(message);
    };
    alice.connect();
    REQUIRE(alice.model().link == LinkState::online);
    alice.asked.clear();
  }
  std::size_t answers(int phase) const {
    return Relay::count(alice.asked, "\"phase\":" + std::to_string(phase));
  }
  Relay relay;
  Guest& alice;
  Guest& self;
  Puppet mallory;
};

std::string text_content(crypto::Rng& random, const std::string& body) {
  proto::TextContent text;
  text.uid = proto::make_uid(random);
  text.body = body;
  return proto::encode_content(text).value();
}

// Alice with a session to bob and one to carol.
struct Three {
  Three() : alice(relay.add("alice")), bob(relay.add("bob")), carol(relay.add("carol")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}, {"carol", carol.id}};
    relay.befriend(alice, bob);
    relay.befriend(alice, carol);
    relay.pass = [this](Guest& from, Guest& to, const std::string& message) {
      passed.push_back({&from, &to, message});
      relay.give(to, message);
    };
    for (Guest* guest : {&alice, &bob, &carol})
      guest->connect();
    REQUIRE(alice.say("bob", "to bob"));
    REQUIRE(alice.say("carol", "to carol"));
    REQUIRE(alice.peer("carol").session == SessionState::established);
  }
  struct Passed {
    Guest *from, *to;
    std::string message;
  };
  // The last message of this type between the two.
  std::string last(std::string_view type, const Guest& from, const Guest& to) const {
    const auto at = std::find_if(passed.rbegin(), passed.rend(), [&](const Passed& p) {
      return p.from == &from && p.to == &to && Relay::type_of(p.message) == type;
    });
    REQUIRE(at != passed.rend());
    return at->message;
  }
  static std::string with(std::string message, const proto::Id& was, const proto::Id& is) {
    const auto at = message.find(was.text());
    REQUIRE(at != std::string::npos);
    return message.replace(at, was.text().size(), is.text());
  }
  void check_both_go_on() {
    CHECK(alice.peer("bob").session == SessionState::established);
    CHECK(alice.peer("carol").session == SessionState::established);
    REQUIRE(alice.say("bob", "still here"));
    REQUIRE(bob.say("alice", "so am I"));
    relay.advance(25'000);  // a text behind a lost one waits until that was sent again
    CHECK(bob.heard.back() == "alice: still here");
    CHECK(alice.heard.back() == "bob: so am I");
  }
  Relay relay;
  Guest& alice;
  Guest& bob;
  Guest& carol;
  std::vector<Passed> passed;
};

}  // namespace

TEST_CASE("attack 30: a stranger's hundred messages a second, of every kind, get nothing back") {
  Stranger two;
  auto& [relay, alice, self, mallory] = two;
  alice.core->set_receipt_settings({true, true});
  for (int i = 0; i < 6'000; ++i) {
    // Any message that is no text ends the session at alice's side, and is followed by new calls.
    if (i % 100 == 0) mallory.call();
    switch (i % 50) {
      case 40:
        mallory.say(R"({"kind":"hologram"})");
        break;
      case 41:
        mallory.say("");
        break;
      case 42:
        mallory.say(R"({"kind":"typing","on":true})");
        break;
      case 43:
        mallory.say(R"({"kind":"read","uid":"AAAAAAAAAAAAAAAAAAAAAA"})");
        break;
      default:
        mallory.say(text_content(relay.random, i % 2 == 0 ? "hello" : ""));
    }
    relay.settle();
    if (i % 50 == 49) relay.advance(500);
  }
  REQUIRE(mallory.in_session());
  CHECK(alice.peer("mallory").standing == Standing::request);
  CHECK(alice.heard.size() <= 50);
  CHECK(alice.trust.rows.size() <= 50);
  CHECK_FALSE(alice.peer("mallory").typing);
  CHECK(alice.alerts("mallory") <= 12);
  CHECK(alice.alerts("") == 0);
  // Only handshakes are answered, a few a minute.
  for (const auto& message : alice.asked)
    if (message.find("\"dst\"") != std::string::npos) CHECK(Relay::type_of(message) == "client-connect");
  CHECK(two.answers(2) <= 12);
  alice.asked.clear();
  REQUIRE(alice.core->accept("mallory", relay.now));
  relay.settle();
  CHECK(Relay::count(alice.asked, "\"type\":\"ack\",\"src\"") <= 100);
}

TEST_CASE("attack 30: a contact's repeated and unknown messages are acked and noticed a few times a minute") {
  Stranger two;
  auto& [relay, alice, self, mallory] = two;
  relay.befriend(alice, self);
  alice.restart();
  relay.settle();
  mallory.call();
  REQUIRE(mallory.in_session());
  const auto acks = [&] { return Relay::count(alice.asked, "\"type\":\"ack\",\"src\""); };
  const auto said = [&] { return alice.count("mallory", Line::Kind::notice) + alice.alerts("mallory"); };
  alice.asked.clear();
  const std::size_t before = said();
  SUBCASE("one uid, 300 times") {
    const auto text = text_content(relay.random, "hello");
    for (int i = 0; i < 300; ++i)
      mallory.say(text);
    relay.settle();
    CHECK(alice.heard.size() == 1);
    CHECK(acks() == 4);
    relay.advance(61'000);
    mallory.say(text);
    relay.settle();
    CHECK(acks() == 5);
  }
  SUBCASE("many uids, each twice") {
    for (int i = 0; i < 200; ++i) {
      const auto text = text_content(relay.random, "hello");
      mallory.say(text);
      mallory.say(text);
    }
    relay.settle();
    CHECK(alice.heard.size() == 200);
    CHECK(acks() == 260);
  }
  SUBCASE("500 unknown kinds") {
    for (int i = 0; i < 500; ++i)
      mallory.say(R"({"kind":"hologram"})");
    relay.settle();
    CHECK(acks() == 3);
    CHECK(said() - before == 11);
    CHECK(alice.peer("mallory").lines.back().text ==
          "More notices about mallory were held back in this minute: 490");
  }
  SUBCASE("a repeated uid with gaps, texts after unknown ones, and forged frames") {
    for (int i = 0; i < 300; ++i) {
      proto::TextContent text;
      text.uid = proto::make_uid(relay.random);
      text.body = "x";
      text.after = proto::make_uid(relay.random);
      mallory.skip();
      mallory.say(proto::encode_content(text).value());
      mallory.garble();
    }
    relay.advance(59'000);
    CHECK(said() - before == 11);
    relay.advance(2'000);
    CHECK(alice.heard.size() == 300);
    CHECK(said() - before <= 22);
  }
}

TEST_CASE("attack 66: one uid by two authors: both texts are shown") {
  Three three;
  auto& [relay, alice, bob, carol, passed] = three;
  const auto server = proto::Id::of(relay.identity.public_key());
  const auto uid_of = [&](const Guest& author, const std::string& body) {
    for (const auto& row : author.trust.rows)
      if (row.entry.body == body) return row.entry.uid;
    return std::string();
  };
  const std::string uid = uid_of(alice, "to bob");
  REQUIRE_FALSE(uid.empty());
  // Carol's next text takes that uid, and waits under it in her outbox.
  relay.hide("bob");
  client::HistoryEntry entry;
  entry.mine = true;
  entry.peer_id = bob.id;
  entry.uid = uid;
  entry.body = "the same uid";
  entry.delivery = Delivery::queued;
  relay.befriend(carol, bob);
  REQUIRE(carol.trust.add({server, "bob"}, entry));
  REQUIRE(carol.trust.commit());
  carol.restart();
  relay.show("bob", bob.id);
  relay.advance(5'000);
  CHECK(bob.heard == std::vector<std::string>{"alice: to bob", "carol: the same uid"});
}

TEST_CASE("attack 45: a stranger calls again and again with the RSA suite: few keys, and a quiet screen") {
  Stranger two(rsa_only);
  auto& [relay, alice, self, mallory] = two;
  for (int i = 0; i < 120; ++i) {
    mallory.call();
    relay.advance(500);
  }
  REQUIRE(mallory.in_session());
  CHECK(two.answers(4) >= 1);
  CHECK(two.answers(4) <= 2);  // each holds a key that took a second to make
  const auto& peer = alice.peer("mallory");
  CHECK(peer.standing == Standing::stranger);
  CHECK_FALSE(peer.attention);
  CHECK(peer.unread == 0);
  CHECK(peer.lines.empty());
  CHECK(alice.alerts("") == 0);
  CHECK(alice.trust.pinned[alice.model().server_id].empty());
}

TEST_CASE("attack 45: many strangers at once with the RSA suite: one key at a time, contacts before them") {
  Relay relay;
  Guest& alice = relay.add("alice");
  Guest& bob = relay.add("bob");
  relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
  relay.befriend(alice, bob);
  std::map<const Guest*, std::unique_ptr<Puppet>> puppets;
  std::vector<Puppet*> strangers;
  const auto puppet = [&](Guest& self) {
    return (puppets[&self] = std::make_unique<Puppet>(relay, self, alice, rsa_only)).get();
  };
  for (int i = 0; i < 40; ++i) {
    Guest& self = relay.add("u" + std::to_string(i));
    relay.listed[self.name] = self.id;
    strangers.push_back(puppet(self));
  }
  Puppet* friendly = puppet(bob);
  relay.pass = [&](Guest&, Guest& to, const std::string& message) { puppets.at(&to)->take(message); };
  alice.connect();

  // The key in progress takes its time.
  alice.busy = true;
  const auto costly = [&](bool of_stranger) {
    return std::count_if(alice.works.begin(), alice.works.end(), [&](const auto& work) {
      const auto* call = dynamic_cast<const client::PeerWork*>(work.get());
      return call && call->makes_costly_key && call->of_stranger == of_stranger;
    });
  };
  for (Puppet* one : strangers) {
    one->call();
    REQUIRE(costly(true) == 1);
  }
  friendly->call();
  const auto in_session = [&] {
    return std::count_if(strangers.begin(), strangers.end(), [](const Puppet* p) { return p->in_session(); });
  };
  while (!friendly->in_session() && !alice.works.empty()) {
    auto work = std::move(alice.works.front());
    alice.works.pop_front();
    work->run();
    alice.core->work_done(std::move(work), relay.now);
    REQUIRE(costly(true) <= 1);
    REQUIRE(costly(false) <= 1);
    relay.settle();
  }
  CHECK(friendly->in_session());
  CHECK(in_session() <= 1);  // the one in progress
  alice.busy = false;
  relay.settle();
  CHECK(in_session() == 2);  // the others are not kept
  relay.advance(61'000);
  for (Puppet* one : strangers)
    if (!one->in_session()) one->call();  // and may call again
  CHECK(in_session() > 2);
  CHECK(in_session() <= 4);
}

TEST_CASE("attack 43: messages under somebody else's id") {
  Three three;
  auto& [relay, alice, bob, carol, passed] = three;
  const std::string com = three.last("client-com", alice, carol), ack = three.last("ack", carol, alice);
  REQUIRE(carol.say("alice", "from carol"));
  const std::string genuine = three.last("client-com", carol, alice);
  const auto heard = alice.heard;
  const int delivered = alice.delivered;
  SUBCASE("carol's text as bob's") {
    relay.give(alice, Three::with(genuine, carol.id, bob.id));
    CHECK(alice.alerts("bob") == 1);
  }
  SUBCASE("carol's ack as bob's") {
    relay.pass = [](Guest&, Guest&, const std::string&) {};
    const auto serial = alice.say("bob", "not there yet");
    relay.give(alice, Three::with(ack, carol.id, bob.id));
    CHECK(alice.delivery("bob", *serial) == Delivery::sent);
    relay.pass = [&, pass = relay.pass](Guest&, Guest& to, const std::string& m) { relay.give(to, m); };
  }
  SUBCASE("as our own") {
    relay.give(alice, Three::with(genuine, carol.id, alice.id));
    CHECK(alice.alerts("") == 1);
  }
  SUBCASE("a message for another peer") {
    relay.give(alice, com);
    CHECK(alice.alerts("") == 1);
  }
  SUBCASE("under no id") {
    FixedRng random(9);
    const auto nobody = proto::Id::of(crypto::SigningKey::generate(random).public_key());
    relay.give(alice, Three::with(genuine, carol.id, nobody));
    CHECK(alice.model().peers.size() == 2);
  }
  relay.settle();
  CHECK(alice.heard == heard);
  CHECK(alice.delivered == delivered);
  three.check_both_go_on();
}

TEST_CASE("attack 43: ends of a session that are not the peer's, or not this one's") {
  Three three;
  auto& [relay, alice, bob, carol, passed] = three;
  bob.core->end_session("alice", "really", relay.now);
  relay.settle();
  const std::string close = three.last("client-disconnect", bob, alice);
  REQUIRE(alice.count("bob", Line::Kind::notice, "ended the session: really") == 1);
  relay.advance(5'000);
  REQUIRE(alice.say("bob", "again"));
  REQUIRE(alice.peer("bob").session == SessionState::established);
  const auto alerts = alice.alerts("bob") + alice.alerts("carol") + alice.alerts("");
  SUBCASE("of the session before") {
    relay.give(alice, close);
  }
  SUBCASE("bob's as carol's") {
    relay.give(alice, Three::with(close, bob.id, carol.id));
  }
  SUBCASE("with another reason") {
    std::string other = close;
    other.replace(other.find("really"), 6, "surely");
    relay.give(alice, other);
  }
  SUBCASE("back to its sender") {
    relay.give(bob, close);
    CHECK(bob.alerts("") == 1);
    alice.core->send_text("bob", "fine", false, relay.now);
    relay.settle();
    relay.give(alice, close);
  }
  CHECK(alice.alerts("bob") + alice.alerts("carol") + alice.alerts("") == alerts + 1);
  CHECK(alice.count("bob", Line::Kind::notice, "ended the session") == 1);
  CHECK(alice.count("carol", Line::Kind::notice, "ended the session") == 0);
  three.check_both_go_on();
}

TEST_CASE("attack 43: unknown types are answered, and the connection goes on") {
  Three three;
  auto& [relay, alice, bob, carol, passed] = three;
  alice.asked.clear();
  relay.give(alice, R"({"type":"weather","data":{"rain":[1,2,3]}})");
  relay.settle();
  CHECK(Relay::count(alice.asked, "bad-message") == 1);
  relay.give(alice,
             R"({"type":"weather","src":")" + bob.id.str() + R"(","dst":")" + alice.id.str() + R"("})");
  relay.settle();
  CHECK(Relay::count(alice.asked, "bad-message") == 2);
  CHECK(alice.model().link == LinkState::online);
  three.check_both_go_on();
}

TEST_CASE("attack 43: a message that a server may not send ends the connection, and it starts again") {
  for (const char* what :
       {R"({"type":"connect","phase":1})", R"({"type":"secure","epoch":0,"seq":9,"payload":""})",
        R"({"type":"list","event":"online","data":[{"id":"short","name":"x","since":1}]})", R"({"type":7})",
        R"([])", "not JSON"}) {
    CAPTURE(what);
    Three three;
    auto& [relay, alice, bob, carol, passed] = three;
    relay.give(alice, what);
    relay.settle();
    CHECK(alice.model().link == LinkState::waiting);
    relay.advance(20'000);
    REQUIRE(alice.model().link == LinkState::online);
    REQUIRE(alice.say("bob", "back"));
    CHECK(bob.heard.back() == "alice: back");
  }
}
