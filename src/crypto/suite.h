// The cipher suites, as rows of one table: names, help, negotiation and tests iterate over it. To add a
// suite: a row here, its vectors, and a line in sims-protocol(7).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/ecdh.h"
#include "crypto/rng.h"
#include "crypto/rsa.h"

namespace sims::crypto {

// Where ephemeral secrets come from: fresh ones in programs, fixed ones in known-answer tests, a pool in
// simsd. Called from worker threads too; an implementation that keeps state locks it.
class EphemeralSource {
 public:
  virtual ~EphemeralSource() = default;
  virtual Rng& rng() = 0;  // nonces, uids, OAEP seeds and session secrets
  virtual P384Key p384() = 0;
  // nullopt: none is available now (the responder answers `busy`).
  virtual std::optional<RsaKey> rsa() = 0;
};

// Generates on the spot; rsa() takes up to a second. Stateless: one object for the whole program.
EphemeralSource& fresh_ephemerals();

// The responder's side of one key exchange: lives from phase 4 to phase 5 and is used once.
class ResponderKey {
 public:
  virtual ~ResponderKey() = default;
  // The `key` bytes of phase 4: SubjectPublicKeyInfo.
  virtual ByteView spki() const = 0;
  // Z from the `key` bytes of phase 5. nullopt: refused before any secret was touched (not a point, a
  // mirrored point). A ciphertext that fails to decrypt gives a random Z instead, so that `confirm` fails
  // (RFC 8017, 7.1.2).
  virtual std::optional<SecretBytes> agree(ByteView initiator_key, Rng& rng) = 0;
  // ECDHE, once and after agree: the private key, for the first ratchet step. nullopt for other suites.
  virtual std::optional<P384Key> take_ratchet_key() { return std::nullopt; }
};

// The initiator's side, made in phase 5.
struct InitiatorShare {
  Bytes key;  // the `key` bytes of phase 5
  SecretBytes z;
  std::optional<P384Key> ratchet_key;  // ECDHE: the private key, for the first ratchet step
};

// A responder's key made ahead, for a letter (section 8): it lies in a store until its initiator's share
// comes.
struct StoredKey {
  Bytes spki;          // the `key` bytes of phase 4
  SecretBytes secret;  // to be sealed
};

enum class Rekeying { double_ratchet, fresh_exchange };  // sims-protocol(7) section 6

struct Suite {
  std::string_view name;   // on the wire
  std::string_view label;  // in options and dialogs: "ecdhe"
  Rekeying rekeying;
  // sims-protocol(7) section 8, what a client keeps at its server: prekeys for one session each, at most, and
  // whether one for many sessions may stand beside them.
  std::size_t once_prekeys;
  bool many_prekey;
  std::unique_ptr<ResponderKey> (*make_responder_key)(EphemeralSource& source);  // nullptr: busy
  // From the `key` bytes of phase 4; nullopt: not an acceptable key.
  std::optional<InitiatorShare> (*make_initiator_share)(ByteView responder_spki, EphemeralSource& source);
  // Whether make_initiator_share would take this key: its form, and that a point is on the curve.
  bool (*acceptable_key)(ByteView responder_spki);

  std::size_t stored_size;                                               // bytes of StoredKey::secret
  std::optional<StoredKey> (*make_stored_key)(EphemeralSource& source);  // nullopt: busy
  // As ResponderKey::agree, any number of times: the secret is blinded by fresh randomness. nullopt also for
  // a secret that is none of this suite.
  std::optional<SecretBytes> (*agree_stored)(ByteView spki, const SecretBytes& secret, ByteView initiator_key,
                                             Rng& rng);
};

std::span<const Suite> all_suites();             // preferred first
const Suite* find_suite(std::string_view name);  // by wire name; nullptr: unknown (so is NONE)
const Suite* find_suite_by_label(std::string_view label);

using SuiteList = std::vector<const Suite*>;  // pointers into all_suites(), best first
SuiteList default_suites();

}  // namespace sims::crypto
