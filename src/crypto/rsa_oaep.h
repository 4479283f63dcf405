// OAEP under a key of any size, for known-answer tests only: RsaKey takes 4096 bits and nothing else. The
// same code decrypts for both.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/rng.h"

namespace sims::crypto {

struct RsaNumbers {  // big-endian
  ByteView n, e, d, p, q;
};

std::optional<SecretBytes> rsa_oaep_decrypt(const RsaNumbers& key, ByteView ciphertext, Rng& rng);

}  // namespace sims::crypto
