// How rows of the client's store are sealed. sims-protocol(7) is about the wire and does not cover this. The
// threat: an attacker who gets the file (a stolen disk, a backup, a synchronised folder) learns that and how
// much was said, but not the texts, the peers or the times.
//
// A random master key is kept in the store, wrapped by the key that opens it. HKDF-SHA-256 derives
// two keys from it, with a label each:
//   - a Fernet key (the token format of sims-protocol(7) section 4, so no new cipher). Each token has
//     a fresh random IV, since a row is sealed again and again under the same key and place. The
//     token's time is 0: it would reveal when something was said.
//   - an HMAC key, whose tags replace the values by which a row is looked up. A name or uid in clear
//     would reveal it, and a plain hash could be guessed.
// The plaintext begins with the row's place (its table and number or tag), so that a row moved to
// another place does not open there. One sealed row holds the file's generation and a tag over all
// servers, peers and settings, so that none of them can be removed or replaced by an older copy alone.
// Removed or older messages are not noticed, nor is an older file as a whole (but see
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

using Tag = ByteArray<16>;  // half an HMAC: a collision by chance takes about 2^64 rows

class Sealer {
 public:
  // rng outlives it.
  Sealer(ByteView master, crypto::Rng& rng);

  std::string seal(std::string_view place, std::string_view plain);
  // The plaintext, valid until the next open(); nullopt: not sealed here for this place.
  std::optional<std::string_view> open(std::string_view place, std::string_view token);
  // `kind` is a literal. The same value has another tag as another kind.
  Tag tag(std::string_view kind, std::string_view a, std::string_view b = {}) const;

 private:
  crypto::Rng& rng_;
  crypto::Fernet rows_;
  crypto::HmacKey tags_;
  SecretBytes opened_;
};

// Wraps the master key under a key from a passphrase or key file. `id`: the store's identity.
std::string wrap_master(ByteView master, ByteView under, std::string_view id, crypto::Rng& rng);
std::optional<Secret<32>> unwrap_master(std::string_view token, ByteView under, std::string_view id);
// The key that a key file's bytes give.
Secret<32> key_of_file(ByteView bytes, ByteView salt);

}  // namespace sims::client
