// Receipts of letters (sims-protocol(7) section 8): the proof that a letter was opened and stored, and the
// signed word that it could not be opened. Pure.
#pragma once

#include <cstdint>

#include "crypto/kdf.h"
#include "crypto/sign.h"
#include "proto/identity.h"
#include "proto/keys.h"
#include "proto/wire/mail_message.h"

namespace sims::proto {

// SHA(the token's text): names a letter in its receipts.
crypto::Digest token_hash(const ClientMail& letter);

// --- the reader of a letter ----------------------------------------------------------------------
// `ack_key` is the letter's.
ClientReceipt make_receipt(const ClientMail& letter, const AckKey& ack_key);
// `identity` is the reader's.
ClientReceipt sign_unopened(const ClientMail& letter, const crypto::SigningKey& identity);

// --- its sender ----------------------------------------------------------------------------------
// What the sender stores, sealed, before a letter leaves.
struct AwaitedReceipt {
  Id owner;              // whom the letter goes to
  std::uint64_t id = 0;  // M
  crypto::Digest token_hash{};
  AckKey ack_key;
};
// Whether the receipt proves that `awaited.owner` has opened that letter of ours. `self` is our id.
bool proves_delivery(const ClientReceipt& receipt, const Id& self, const AwaitedReceipt& awaited);
// Whether `owner` signed that it cannot open our letter with this token. Verifies the signature last, only
// when all other fields match.
bool proves_unopened(const ClientReceipt& receipt, const Id& self, const Id& owner,
                     const crypto::Digest& token_hash);

}  // namespace sims::proto
