// The sender's side of a mail session (sims-protocol(7) section 8): up to letters_per_session letters to the
// owner of one prekey, within mail_session_s. It lives in memory alone. Pure; not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "crypto/suite.h"
#include "proto/mail/prekey.h"
#include "proto/mail/receipt.h"
#include "proto/session/skipped_keys.h"
#include "proto/wire/mail_message.h"

namespace sims::proto {

class MailSender {
 public:
  // The public-key work: ECDHE 1.5 ms, RSA 0.1 ms. A job may do it: it shares `identity`, whose sign() any
  // thread may call, and uses it for this call only. nullopt: the key exchange failed, which no honest
  // owner's does.
  static std::optional<MailSender> open(const CheckedPrekey& prekey, const crypto::SigningKey& identity,
                                        crypto::EphemeralSource& ephemerals, Now now);

  // True: its letters or its day are over, so the next letter needs another session.
  bool spent(Now now) const;

  struct Sealed {
    std::string message;     // the client-mail, to be kept until the hop's ack
    AwaitedReceipt awaited;  // to be stored, sealed, before the message leaves
  };
  // `plaintext` comes from encode_content(). A letter of a session whose letters are over is our bug
  // (assert).
  Sealed seal(std::string_view plaintext, Now now);

 private:
  MailSender(const Id& self, const Id& owner, MailHeader header, Chain chain, Now now);

  Id self_, owner_;
  MailHeader header_;
  Bytes header_bytes_;
  Chain chain_;
  Now opened_;
};

}  // namespace sims::proto
