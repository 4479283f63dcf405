// A running hash over an object's state, so that tests can check that a refused message changed nothing
// without a getter for each secret. Length-prefixed: different states never give the same bytes.
#pragma once

#include "crypto/kdf.h"

namespace sims::proto {

class StateHash {
 public:
  StateHash& mix(ByteView bytes) {
    digest_ = crypto::sha256({digest_, u64be(bytes.size()), bytes});
    return *this;
  }
  StateHash& mix(std::uint64_t number) { return mix(ByteView(u64be(number))); }
  const crypto::Digest& digest() const { return digest_; }

 private:
  crypto::Digest digest_{};
};

}  // namespace sims::proto
