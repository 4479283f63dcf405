// The ephemeral secrets of a user in a simulation. Prekeys come from one pool: a client makes a hundred of them, a
// millisecond each, and in a run of hundreds of clients that would be most of the time. All other keys are fresh, so
// the two sides of a handshake never have the same key. For one thread.
#pragma once

#include <vector>

#include "support/fixed_rng.h"

namespace sims::test {

class Ephemerals final : public crypto::EphemeralSource {
 public:
  explicit Ephemerals(std::uint64_t seed) : fresh_(seed) {}

  crypto::Rng& rng() override { return fresh_.rng(); }
  crypto::P384Key p384() override {
    if (!makes_prekeys) return fresh_.p384();
    return pool()[fresh_.random.pick(pool().size())].clone();
  }
  std::optional<crypto::RsaKey> rsa() override { return fresh_.rsa(); }

  bool makes_prekeys = false;

 private:
  static const std::vector<crypto::P384Key>& pool() {
    static const auto keys = [] {
      FixedRng random(384);
      std::vector<crypto::P384Key> out;
      for (int i = 0; i < 64; ++i)
        out.push_back(crypto::P384Key::generate(random));
      return out;
    }();
    return keys;
  }

  FixedEphemerals fresh_;
};

}  // namespace sims::test
