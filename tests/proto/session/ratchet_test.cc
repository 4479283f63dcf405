// The parts of the ratchets alone, and sessions made by real handshakes.
#include "crypto/fernet.h"
#include "proto/labels.h"
#include "proto/limits.h"
#include "proto/session/double_ratchet.h"
#include "proto/session/message_keys.h"
#include "proto/session/peer_checks.h"
#include "proto/session/rsa_chains.h"

namespace {

using namespace sims;
using namespace sims::test;

// alice's side of the RSA suite by hand: a peer that has the session's keys and breaks the rules.
struct RogueAlice {
  explicit RogueAlice(const PeerPair& pair)
      : chains(Role::initiator, RootKey(crypto::hkdf_expand<32>(pair.master, labels::root).view())),
        self(pair.bob->peer()),
        peer(pair.alice->peer()) {}

  // A message with a valid verification over any token.
  ClientCom message(auto&& token_of) {
    auto [header, message_key] = chains.next_to_send();
    ClientCom com;
    com.src = self;
    com.dst = peer;
    com.id = header.n;
    com.ratchet = header;
    auto raw = crypto::hkdf_expand<112>(message_key.view(), labels::message);
    com.data = token_of(raw);
    com.verification = MessageKeys(message_key).verification(com, header_bytes(com.ratchet));
    return com;
  }

  RsaChains chains;
  Id self, peer;
};

std::string fernet(ByteView key, ByteView iv, std::string_view plaintext) {
  ByteArray<16> fixed;
  std::copy(iv.begin(), iv.end(), fixed.begin());
  return crypto::Fernet(key).seal(bytes_of(plaintext), 0, fixed);
}

HandshakeOptions options(Role role, const crypto::SigningKey& identity, const Id& peer,
                         const crypto::Suite& suite) {
  HandshakeOptions out;
  out.kind = HandshakeKind::client_client;
  out.role = role;
  out.identity = &identity;
  out.name = role == Role::initiator ? "alice" : "bob";
  out.suites = {&suite};
  out.peer = peer;
  return out;
}

}  // namespace

TEST_CASE("a bad token with a genuine verification is refused and changes nothing") {
  PeerPair pair(rsa());
  RogueAlice rogue(pair);
  auto token = [](const Secret<112>& k) { return fernet(k.part(0, 32), k.part(32, 16), "text"); };
  auto other_iv = [](const Secret<112>& k) { return fernet(k.part(0, 32), k.part(33, 16), "text"); };
  auto other_key = [](const Secret<112>& k) { return fernet(k.part(1, 32), k.part(32, 16), "text"); };
  auto unpadded = [](const Secret<112>& k) {
    auto text = fernet(k.part(0, 32), k.part(32, 16), "text");
    while (text.back() == '=')
      text.pop_back();
    return text;
  };
  auto empty = [](const Secret<112>&) { return std::string(); };
  auto garbage = [](const Secret<112>&) { return std::string(3'000, '\xff'); };
  check_refused(*pair.bob, rogue.message(other_iv), OpenError::forged, pair.now);
  check_refused(*pair.bob, rogue.message(other_key), OpenError::forged, pair.now);
  check_refused(*pair.bob, rogue.message(unpadded), OpenError::forged, pair.now);
  check_refused(*pair.bob, rogue.message(empty), OpenError::forged, pair.now);
  check_refused(*pair.bob, rogue.message(garbage), OpenError::forged, pair.now);
  auto opened = pair.bob->open(rogue.message(token), pair.now);
  REQUIRE(opened);
  CHECK(opened->plaintext == "text");
}

TEST_CASE("another message under an opened id is refused") {
  PeerPair pair(rsa());
  RogueAlice rogue(pair);
  auto token = [](const Secret<112>& k) { return fernet(k.part(0, 32), k.part(32, 16), "text"); };
  CHECK(pair.bob->open(rogue.message(token), pair.now));
  auto [header, message_key] = rogue.chains.next_to_send();
  ClientCom com;
  com.src = rogue.self;
  com.dst = rogue.peer;
  com.id = 0;
  com.ratchet = header;
  com.data = MessageKeys(message_key).seal("again", 0);
  com.verification = MessageKeys(message_key).verification(com, header_bytes(com.ratchet));
  check_refused(*pair.bob, com, OpenError::forged, pair.now);
}

TEST_CASE("skipped keys: found by chain and number, the oldest dropped first") {
  SkippedKeys keys;
  const auto zero = epoch_chain(0), one = epoch_chain(1);
  CHECK(zero != one);
  Chain chain{ChainKey(), 0};
  std::vector<SkippedKey> batch;
  chain.skip_to(3, zero, batch);
  CHECK(chain.n == 3);
  CHECK_FALSE(crypto::equal(batch[0].key.view(), batch[1].key.view()));
  keys.add(std::move(batch));
  CHECK(keys.find(zero, 2) != nullptr);
  CHECK(keys.find(zero, 3) == nullptr);
  CHECK(keys.find(one, 2) == nullptr);
  keys.remove(zero, 1);
  keys.remove(one, 0);
  CHECK(keys.size() == 2);
  std::vector<SkippedKey> many;
  chain.skip_to(3 + max_skipped_keys - 1, one, many);
  keys.add(std::move(many));
  CHECK(keys.size() == max_skipped_keys);
  CHECK(keys.find(zero, 0) == nullptr);
  CHECK(keys.find(zero, 2) != nullptr);
}

TEST_CASE("failed ratchet steps: a burst is allowed, then one a second; a clock that goes back adds none") {
  StepAllowance allowance;
  Now now{5'000, 0};
  for (int i = 0; i < failed_dh_burst; ++i)
    CHECK(allowance.take(now));
  CHECK_FALSE(allowance.take(now));
  now.steady_ms -= 5'000;
  CHECK_FALSE(allowance.take(now));
  now.steady_ms += 1'000;
  CHECK(allowance.take(now));
  CHECK_FALSE(allowance.take(now));
  allowance.give_back();
  CHECK(allowance.take(now));
  now.steady_ms += 1'000'000'000;
  for (int i = 0; i < failed_dh_burst; ++i)
    CHECK(allowance.take(now));
  CHECK_FALSE(allowance.take(now));
}

TEST_CASE("sessions made by real handshakes talk, re-key and end") {
  for (const auto* suite : both_suites()) {
    auto alice_identity = PeerPair::identity(1), bob_identity = PeerPair::identity(2);
    const auto alice_id = Id::of(alice_identity.public_key()), bob_id = Id::of(bob_identity.public_key());
    FixedEphemerals alice_random(1), bob_random(2);
    Handshake a(options(Role::initiator, alice_identity, bob_id, *suite), alice_random);
    Handshake b(options(Role::responder, bob_identity, alice_id, *suite), bob_random);
    for (std::string frame = a.start(); !a.done() || !b.done();) {
      frame = b.receive(frame).value();
      frame = a.receive(frame).value();
    }
    PeerSession alice(a.take_result(), alice_identity, alice_random);
    PeerSession bob(b.take_result(), bob_identity, bob_random);
    const Now now{};
    for (int i = 0; i < 100; ++i) {
      pass(alice, bob, "to bob", now);
      pass(bob, alice, "to alice", now);
      if (!bob.wants_rekey()) continue;
      auto five = alice.receive_rekey(bob.start_rekey(suite->make_responder_key(bob_random))).value();
      CHECK(alice.receive_rekey(bob.receive_rekey(five).value()).value().empty());
    }
    CHECK(alice.epoch() == (suite == &rsa() ? 2 : 100));
    CHECK(bob.verify_close(decode_as<ClientDisconnect>(alice.close("bye"))));
  }
}
