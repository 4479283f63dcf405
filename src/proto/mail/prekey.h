// Prekeys: phases 1 to 4 of a handshake, made ahead for letters (sims-protocol(7) section 8). Their owner
// makes them, and an asker checks them. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/sign.h"
#include "crypto/suite.h"
#include "proto/identity.h"
#include "proto/wire/mail_message.h"

namespace sims::proto {

// The private half of a prekey, for its owner's store, which seals it: wiped, never printed. It is on the
// disk before its prekey is sent, and is wiped in the transaction that stores the first letter opened with it
// (a `once` key) or prekey_kept_s after its successor (a `many` key).
class PrekeySecret {
 public:
  explicit PrekeySecret(SecretBytes bytes) : bytes_(std::move(bytes)) {}
  // nullopt: not the size of that suite's keys.
  static std::optional<PrekeySecret> from_bytes(const crypto::Suite& suite, ByteView stored);

  ByteView view() const { return bytes_.view(); }
  const SecretBytes& bytes() const { return bytes_; }
  PrekeySecret clone() const { return PrekeySecret(SecretBytes(view())); }

 private:
  SecretBytes bytes_;
};

// A prekey with its private half: what its owner holds until it is used.
struct OwnPrekey {
  Prekey record;
  PrekeySecret secret;
};

// Makes a prekey with a number of its own. `expires` is in unix seconds, at most prekey_life_s ahead. ECDHE:
// 1 ms; RSA: up to a second where the source makes the key, so this is a job; it shares `identity`, whose
// sign() any thread may call. nullopt: the source has no key now. A `many` key of a suite that has none is
// our bug (assert).
std::optional<OwnPrekey> make_prekey(const crypto::Suite& suite, PrekeyUse use, std::uint64_t expires,
                                     const crypto::SigningKey& identity, crypto::EphemeralSource& ephemerals);

// Why an asker refuses a prekey. The server that handed it out, or somebody behind it, is at fault.
enum class PrekeyFault : std::uint8_t {
  not_asked_for,  // of another owner
  suite,          // none that we accept
  use,            // for many sessions, of a suite whose keys serve one
  expired,        // more than prekey_grace_s ago
  signature,      // not its owner's
  key,            // not an acceptable key
};
std::string_view explain(PrekeyFault fault);  // for people: "its signature is wrong"

// A prekey that check_prekey() found good: what a MailSender takes.
class CheckedPrekey {
 public:
  const Prekey& record() const { return record_; }
  const crypto::Suite& suite() const { return *suite_; }
  const Id& owner() const { return owner_; }

 private:
  friend Result<CheckedPrekey, PrekeyFault> check_prekey(const Prekey& prekey, const Id& of, const Id& owner,
                                                         const crypto::SuiteList& accepted, Now now);
  CheckedPrekey(Prekey record, const crypto::Suite& suite, const Id& owner)
      : record_(std::move(record)), suite_(&suite), owner_(owner) {}
  Prekey record_;
  const crypto::Suite* suite_;
  Id owner_;
};

// Everything that an asker checks: `of` is the answer's dst, `owner` the id that we pinned and asked for, and
// `accepted` the suites that we asked for. About 0.1 ms.
Result<CheckedPrekey, PrekeyFault> check_prekey(const Prekey& prekey, const Id& of, const Id& owner,
                                                const crypto::SuiteList& accepted, Now now);

}  // namespace sims::proto
