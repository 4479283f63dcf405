// The owner's side of mail sessions (sims-protocol(7) section 8): opens letters with a prekey's private half,
// or with what a session's earlier letters left. Pure; not thread-safe.
//
// A letter is refused cheapest first. The client refuses one of a blocked or changed id, then refuse_unread()
// says whether its number may open anything, then the client looks at the sender's budget. Only then come a
// signature, and last the private half. A letter that fails any check changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/rng.h"
#include "proto/mail/prekey.h"
#include "proto/session/skipped_keys.h"
#include "proto/wire/mail_message.h"

namespace sims::proto {

enum class LetterRefusal : std::uint8_t {
  again,  // its M was opened: receipted again if the kept receipt has its token_hash()
  unknown_prekey,
  used_prekey,   // a `once` key that another sender or nonce opened
  past_session,  // M over 99
  signature,     // not the sender's, or not the one that opened the session
  verification,
  token,
};
// Whether it counts against its sender's budget: 10 an hour.
bool counts_against_sender(LetterRefusal why);

// What opened a session: the session is known by it and by the prekey's number.
struct MailOpener {
  Id sender;
  ByteArray<32> nonce{};
  friend bool operator==(const MailOpener&, const MailOpener&) = default;
};
MailOpener opener_of(const ClientMail& letter);

// Why a letter without a session of ours is refused before any work. `own`: our prekey of that number, also
// when its private half is wiped; nullptr: we hold none. `opened_by`: who opened that key, if it is a `once`
// key and has been opened.
std::optional<LetterRefusal> refuse_unread(const ClientMail& letter, const Prekey* own,
                                           const std::optional<MailOpener>& opened_by);

struct OpenedLetter {
  std::string plaintext;
  std::string
      receipt;  // the client-receipt: to be stored with the letter, and sent until a hop's ack covers it
};

// What R keeps of one session: its chain and the keys of letters that have not come. A value for the owner's
// store, which seals it.
class MailSession {
 public:
  struct First;
  // Opens the first letter that comes of a session, whatever its M: the public-key work, ECDHE 1 ms, RSA 6
  // ms. A job may do it. `own` has that letter's number. On success a `once` key's private half is to be
  // wiped in the transaction that stores the letter.
  static Result<First, LetterRefusal> open_first(const ClientMail& letter, const OwnPrekey& own,
                                                 const Id& owner, crypto::Rng& rng);

  // Opens a later letter, which has the session's number, sender and nonce. Changes the session only on
  // success; store it then with the letter.
  Result<OpenedLetter, LetterRefusal> open(const ClientMail& letter);

  // True: all its letters were opened, and it holds no key any more.
  bool finished() const;

  // The whole state, for sealed storage, and back. nullopt: not what to_bytes() writes.
  SecretBytes to_bytes() const;
  static std::optional<MailSession> from_bytes(ByteView stored);

 private:
  MailSession(const crypto::Digest& opening, Chain chain) : opening_(opening), chain_(std::move(chain)) {}

  crypto::Digest opening_;  // of src, dst and header: the same in each letter of the session
  Chain chain_;
  std::map<std::uint64_t, MessageKey> skipped_;  // by M; each under chain_.n
};

struct MailSession::First {
  OpenedLetter letter;
  MailSession session;
};

}  // namespace sims::proto
