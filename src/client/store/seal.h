// How a row of the client's store is sealed. This goes beyond sims-protocol(7), which is about the wire; what
// it is for: who takes the file (a stolen disk, a backup, a synchronised folder) learns from it that and how
// much was said, not what, with whom or when.
//
// A random master key is kept in the store under what opens it. From it, by HKDF-SHA-256 with a label each:
//   - a Fernet key (sims-protocol(7) section 4's token, so no new cipher), with a fresh random IV for each
//     token, for a row is sealed again and again under the same key and place; the token's time is 0, as it
//     would tell when something was said;
//   - an HMAC key, whose tags stand for what a row is looked up by: a name or uid in clear would be one, and
//   a
//     plain hash of it could be guessed.
// The plaintext begins with the row's place (its table and number or tag), so that a row moved to another
// place does not open there. One sealed row holds the file's generation and a tag over all servers, peers
// and settings, so that none of them can be taken away or put back from an older copy alone. That messages
// are missing, or are older than they were, is not noticed, nor is an older file as a whole (but see
// Store::restored()).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/fernet.h"
#include "crypto/kdf.h"
#include "crypto/rng.h"

namespace sims::client {

using Tag = ByteArray<16>;  // half an HMAC: 2^64 rows until two are the same by chance

class Sealer {
 public:
  // rng outlives it.
  Sealer(ByteView master, crypto::Rng& rng);

  std::string seal(std::string_view place, std::string_view plain);
  // The plaintext, valid until the next open(); nullopt: not sealed here for this place.
  std::optional<std::string_view> open(std::string_view place, std::string_view token);
  // `kind` is a literal: what is tagged as one kind is not as another.
  Tag tag(std::string_view kind, std::string_view a, std::string_view b = {}) const;

 private:
  crypto::Rng& rng_;
  crypto::Fernet rows_;
  crypto::HmacKey tags_;
  SecretBytes opened_;
};

// The master key under a key that a passphrase or key file gave. `id`: whose store it is.
std::string wrap_master(ByteView master, ByteView under, std::string_view id, crypto::Rng& rng);
std::optional<Secret<32>> unwrap_master(std::string_view token, ByteView under, std::string_view id);
// What a key file's bytes become.
Secret<32> key_of_file(ByteView bytes, ByteView salt);

}  // namespace sims::client
