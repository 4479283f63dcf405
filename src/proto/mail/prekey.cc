// Making prekeys, and the checks of an asker, cheapest first.
#include "proto/mail/prekey.h"

#include <algorithm>
#include <cassert>

#include "proto/limits.h"
#include "proto/mail/mail_schedule.h"

namespace sims::proto {

std::optional<PrekeySecret> PrekeySecret::from_bytes(const crypto::Suite& suite, ByteView stored) {
  if (stored.size() != suite.stored_size) return std::nullopt;
  return PrekeySecret(SecretBytes(stored));
}

std::optional<OwnPrekey> make_prekey(const crypto::Suite& suite, PrekeyUse use, std::uint64_t expires,
                                     const crypto::SigningKey& identity,
                                     crypto::EphemeralSource& ephemerals) {
  assert(use == PrekeyUse::once || suite.many_prekey);
  auto key = suite.make_stored_key(ephemerals);
  if (!key) return std::nullopt;
  Prekey record;
  ephemerals.rng().fill(record.number);
  record.suite = suite.name;
  record.use = use;
  record.expires = expires;
  record.key = std::move(key->spki);
  record.signature = identity.sign(prekey_signed_input(record));
  return OwnPrekey{std::move(record), PrekeySecret(std::move(key->secret))};
}

std::string_view explain(PrekeyFault fault) {
  switch (fault) {
    case PrekeyFault::not_asked_for:
      return "it belongs to somebody else";
    case PrekeyFault::suite:
      return "it is of a cipher suite that was not asked for";
    case PrekeyFault::use:
      return "it claims to serve many sessions";
    case PrekeyFault::expired:
      return "it has expired";
    case PrekeyFault::signature:
      return "its signature is wrong";
    case PrekeyFault::key:
      return "its key is malformed";
  }
  return "";
}

Result<CheckedPrekey, PrekeyFault> check_prekey(const Prekey& prekey, const Id& of, const Id& owner,
                                                const crypto::SuiteList& accepted, Now now) {
  if (of != owner) return fail(PrekeyFault::not_asked_for);
  const auto suite = std::find_if(accepted.begin(), accepted.end(),
                                  [&](const crypto::Suite* s) { return s->name == prekey.suite; });
  if (suite == accepted.end()) return fail(PrekeyFault::suite);
  if (prekey.use == PrekeyUse::many && !(*suite)->many_prekey) return fail(PrekeyFault::use);
  if (prekey.expires + static_cast<std::uint64_t>(prekey_grace_s) < now.unix_s())
    return fail(PrekeyFault::expired);
  if (!crypto::verify(owner.key(), prekey_signed_input(prekey), prekey.signature))
    return fail(PrekeyFault::signature);
  if (!(*suite)->acceptable_key(prekey.key)) return fail(PrekeyFault::key);
  return CheckedPrekey(prekey, **suite, owner);
}

}  // namespace sims::proto
