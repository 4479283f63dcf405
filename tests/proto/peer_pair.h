// Two PeerSessions that share a handshake's result, and the way of a message between them. The handshake
// itself is tested elsewhere; here its result is made up.
#pragma once

#include <doctest/doctest.h>

#include "proto/peer_session.h"
#include "support/fixed_rng.h"

namespace sims::test {

using namespace sims::proto;

template <class T>
T decode_as(std::string text) {
  JsonTape tape;
  auto root = tape.parse(text);
  REQUIRE(root);
  auto message = decode_from_server(*root);
  REQUIRE(message);
  REQUIRE(std::holds_alternative<T>(*message));
  return std::get<T>(std::move(*message));
}
inline ClientCom com_of(const std::string& text) {
  return decode_as<ClientCom>(text);
}
inline PeerAck ack_of(const std::string& text) {
  return decode_as<PeerAck>(text);
}

inline const crypto::Suite& ecdhe() {
  return *crypto::find_suite("ECDHE_WITH_AES_128_CBC_SHA256");
}
inline const crypto::Suite& rsa() {
  return *crypto::find_suite("RSA_WITH_AES_128_CBC_SHA256");
}
inline std::array<const crypto::Suite*, 2> both_suites() {
  return {&ecdhe(), &rsa()};
}

// alice is the initiator. Another seed: the same identities, another handshake.
struct PeerPair {
  explicit PeerPair(const crypto::Suite& suite, std::uint64_t seed = 1) : PeerPair(suite, suite, seed) {}
  // Each side may have a row of its own for one suite: a test's variant.
  PeerPair(const crypto::Suite& alice_suite, const crypto::Suite& bob_suite, std::uint64_t seed)
      : alice_identity(identity(1)),
        bob_identity(identity(2)),
        alice_random(seed * 2),
        bob_random(seed * 2 + 1) {
    FixedRng random(seed);
    random.fill(master);
    crypto::Digest transcript;
    random.fill(transcript);
    auto alice_key = crypto::P384Key::generate(random), bob_key = crypto::P384Key::generate(random);
    auto result = [&](const crypto::Suite& suite, Role role, const crypto::P384Key& own,
                      const crypto::P384Key& peer) {
      HandshakeResult out;
      out.suite = &suite;
      out.role = role;
      auto alice_id = Id::of(alice_identity.public_key()), bob_id = Id::of(bob_identity.public_key());
      out.self = role == Role::initiator ? alice_id : bob_id;
      out.peer = role == Role::initiator ? bob_id : alice_id;
      out.master = Secret<32>(master);
      out.transcript = transcript;
      if (suite.rekeying == crypto::Rekeying::double_ratchet) {
        out.ratchet_key = own.clone();
        out.peer_ratchet_key = peer.public_point();
      }
      return out;
    };
    alice.emplace(result(alice_suite, Role::initiator, alice_key, bob_key), alice_identity, alice_random);
    bob.emplace(result(bob_suite, Role::responder, bob_key, alice_key), bob_identity, bob_random);
  }

  // Another RSA key than the last one (there are two; a really fresh one takes too long to make).
  std::unique_ptr<crypto::ResponderKey> fresh_key() {
    static const std::vector<Bytes> keys = [] {
      const auto file = read_json(own("client-connect-rsa.json"));
      std::vector<Bytes> out{unpem(text(file["responder"], "rsa_private_pem"))};
      for (const auto& step : file["steps"].GetArray()) {
        if (step.HasMember("rsa_private_pem")) out.push_back(unpem(text(step, "rsa_private_pem")));
      }
      REQUIRE(out.size() == 2);
      REQUIRE(out[0] != out[1]);
      return out;
    }();
    bob_random.push_rsa(keys[keys_used_++ % keys.size()]);
    return rsa().make_responder_key(bob_random);
  }
  // A whole re-key, bob being the responder.
  void rekey() {
    auto five = alice->receive_rekey(bob->start_rekey(fresh_key()));
    REQUIRE(five);
    auto six = bob->receive_rekey(*five);
    REQUIRE(six);
    auto end = alice->receive_rekey(*six);
    REQUIRE(end);
    CHECK(end->empty());
  }

  static crypto::SigningKey identity(std::uint64_t seed) {
    FixedRng random(seed);
    return crypto::SigningKey::generate(random);
  }

  ByteArray<32> master{};  // K
  crypto::SigningKey alice_identity, bob_identity;
  FixedEphemerals alice_random, bob_random;
  std::optional<PeerSession> alice, bob;
  Now now{1'000'000, 1'767'225'600'000};

 private:
  std::size_t keys_used_ = 0;
};

// Seals at one side, opens at the other, takes the ack back: a message that arrives at once.
inline void pass(PeerSession& from, PeerSession& to, std::string_view text, Now now) {
  auto sealed = from.seal(text, now);
  auto opened = to.open(com_of(sealed.message), now);
  REQUIRE(opened);
  CHECK(opened->id == sealed.id);
  CHECK_FALSE(opened->duplicate);
  CHECK(opened->plaintext == text);
  CHECK(from.take_ack(ack_of(opened->ack)) == sealed.id);
}

// The message is refused as `expected`, and nothing in the session has changed.
inline void check_refused(PeerSession& session, const ClientCom& com, OpenError expected, Now now) {
  const auto before = session.state_digest();
  auto opened = session.open(com, now);
  REQUIRE_FALSE(opened);
  CHECK(opened.error() == expected);
  CHECK(session.state_digest() == before);
}

}  // namespace sims::test
