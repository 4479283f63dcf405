// Ed25519 (RFC 8032): the long-term identity key of a client or server.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/rng.h"

namespace sims::crypto {

using PublicKey = ByteArray<32>;
using Signature = ByteArray<64>;

// True for the canonical encoding (y < p) of a point on the curve that is not of small order.
bool valid_public_key(const PublicKey& key);

// False also for S >= L and for a key that valid_public_key refuses.
bool verify(const PublicKey& key, ByteView message, const Signature& signature);

// Owns the 32-byte seed and wipes it on destruction. sign() may be called from several threads at once.
class SigningKey {
 public:
  static SigningKey generate(Rng& rng);
  static SigningKey from_seed(ByteView seed32);
  SigningKey(SigningKey&&) noexcept = default;
  SigningKey& operator=(SigningKey&&) noexcept = default;

  const PublicKey& public_key() const { return public_; }
  ByteView seed() const { return seed_.view(); }
  Signature sign(ByteView message) const;

 private:
  SigningKey() = default;
  Secret<32> seed_;
  PublicKey public_{};
};

}  // namespace sims::crypto
