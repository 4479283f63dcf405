// Two PeerSessions that share the result of a made-up handshake. A step that fails throws, since it is a fault
// of the test.
#pragma once

#include "proto/channel/handshake_pair.h"
#include "proto/session/peer_session.h"

namespace sims::test {

using namespace sims::proto;

inline void must(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

inline std::array<const crypto::Suite*, 2> both_suites() {
  return {&ecdhe(), &rsa()};
}

// alice is the initiator. Pairs with other seeds have the same identities and another handshake.
struct PeerPair {
  explicit PeerPair(const crypto::Suite& suite, std::uint64_t seed = 1) : PeerPair(suite, suite, seed) {}
  // For tests that give one side a variant of the suite.
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
      out.master = MasterSecret(master);
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

  // Another RSA key than the last one. There are only two, since making one takes too long.
  std::unique_ptr<crypto::ResponderKey> fresh_key() {
    static const std::vector<Bytes> keys = [] {
      const auto file = read_json(own("client-connect-rsa.json"));
      std::vector<Bytes> out{unpem(text(file["responder"], "rsa_private_pem"))};
      for (const auto& step : file["steps"].GetArray()) {
        if (step.HasMember("rsa_private_pem")) out.push_back(unpem(text(step, "rsa_private_pem")));
      }
      must(out.size() == 2 && out[0] != out[1], "two RSA keys in the vectors");
      return out;
    }();
    bob_random.push_rsa(keys[keys_used_++ % keys.size()]);
    return rsa().make_responder_key(bob_random);
  }
  // A whole re-key, with bob as responder.
  void rekey() {
    const auto five = alice->receive_rekey(bob->start_rekey(fresh_key()));
    must(five.has_value(), "phase 4 of a re-key");
    const auto six = bob->receive_rekey(*five);
    must(six.has_value(), "phase 5 of a re-key");
    const auto end = alice->receive_rekey(*six);
    must(end && end->empty(), "phase 6 of a re-key");
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

}  // namespace sims::test
