// Opening a mail session with somebody's prekey, and sealing its letters.
#include "proto/mail/mail_sender.h"

#include <cassert>

#include "proto/channel/key_schedule.h"
#include "proto/labels.h"
#include "proto/limits.h"
#include "proto/mail/mail_schedule.h"
#include "proto/session/message_keys.h"
#include "proto/wire/encode.h"

namespace sims::proto {

MailSender::MailSender(const Id& self, const Id& owner, MailHeader header, Chain chain, Now now)
    : self_(self),
      owner_(owner),
      header_(std::move(header)),
      header_bytes_(header_bytes(header_)),
      chain_(std::move(chain)),
      opened_(now) {}

std::optional<MailSender> MailSender::open(const CheckedPrekey& prekey, const crypto::SigningKey& identity,
                                           crypto::EphemeralSource& ephemerals, Now now) {
  MailHeader header;
  header.number = prekey.record().number;
  ephemerals.rng().fill(header.nonce);
  auto share = prekey.suite().make_initiator_share(prekey.record().key, ephemerals);
  if (!share) return std::nullopt;
  const Id self = Id::of(identity.public_key());
  const auto tm = mail_transcript(self, prekey.owner(), prekey.record(), header.nonce);
  header.key = std::move(share->key);
  header.signature = sign_key(labels::sender, identity, tm, header.key);
  Chain chain = mail_chain(prekey.suite(), share->z.view(), tm, header.key);
  return MailSender(self, prekey.owner(), std::move(header), std::move(chain), now);
}

// Either clock may end the day: the steady one stands still while a machine sleeps, the other one jumps.
bool MailSender::spent(Now now) const {
  constexpr std::int64_t life_ms = mail_session_s * 1'000;
  return chain_.n >= letters_per_session || now.steady_ms - opened_.steady_ms >= life_ms ||
         now.unix_ms - opened_.unix_ms >= life_ms;
}

MailSender::Sealed MailSender::seal(std::string_view plaintext, Now now) {
  assert(chain_.n < letters_per_session);
  ClientMail letter;
  letter.src = self_;
  letter.dst = owner_;
  letter.id = chain_.n;
  letter.header = header_;
  const MessageKeys keys(chain_.step());
  letter.data = keys.seal(plaintext, now.unix_s());
  letter.verification = keys.verification(letter, header_bytes_);
  return {encode(letter), {owner_, letter.id, token_hash(letter), keys.ack_key()}};
}

}  // namespace sims::proto
