// Receipts: their HMAC, which is that of an end-to-end ack, and the signature of one that was not opened.
#include "proto/mail/receipt.h"

#include "proto/labels.h"
#include "proto/session/message_keys.h"

namespace sims::proto {

namespace {

Bytes unopened_input(const Id& sender, const crypto::Digest& token_hash) {
  const auto key = sender.key();
  Bytes out(labels::unopened.begin(), labels::unopened.end());
  out.insert(out.end(), key.begin(), key.end());
  out.insert(out.end(), token_hash.begin(), token_hash.end());
  return out;
}

}  // namespace

crypto::Digest token_hash(const ClientMail& letter) {
  return crypto::sha256({bytes_of(letter.data)});
}

ClientReceipt make_receipt(const ClientMail& letter, const AckKey& ack_key) {
  const crypto::Digest hash = token_hash(letter);
  const auto verification = ack_verification(ack_key, letter.dst, letter.src, letter.id, hash);
  return {letter.dst, letter.src, hash, LetterDelivered{letter.id, verification}};
}

ClientReceipt sign_unopened(const ClientMail& letter, const crypto::SigningKey& identity) {
  const crypto::Digest hash = token_hash(letter);
  return {letter.dst, letter.src, hash, LetterUnopened{identity.sign(unopened_input(letter.src, hash))}};
}

bool proves_delivery(const ClientReceipt& receipt, const Id& self, const AwaitedReceipt& awaited) {
  const auto* delivered = std::get_if<LetterDelivered>(&receipt.outcome);
  if (delivered == nullptr || receipt.src != awaited.owner || receipt.dst != self ||
      delivered->id != awaited.id)
    return false;
  const auto expected =
      ack_verification(awaited.ack_key, receipt.src, receipt.dst, delivered->id, awaited.token_hash);
  // Both comparisons always run, so that timing does not reveal which one failed.
  const bool same_token = crypto::equal(awaited.token_hash, receipt.data);
  const bool same_mac = crypto::equal(expected, delivered->verification);
  return same_token && same_mac;
}

bool proves_unopened(const ClientReceipt& receipt, const Id& self, const Id& owner,
                     const crypto::Digest& token_hash) {
  const auto* unopened = std::get_if<LetterUnopened>(&receipt.outcome);
  return unopened != nullptr && receipt.src == owner && receipt.dst == self && receipt.data == token_hash &&
         crypto::verify(owner.key(), unopened_input(self, token_hash), unopened->signature);
}

}  // namespace sims::proto
