// The client's persistent state of letters (sims-protocol(7) section 8), a part of Memory: our own prekeys, the
// sessions that others opened with them, the receipts that we owe, letters that came and are not opened yet, and
// the deliveries of our own texts. All belong to one server and move with it to a new id. The rules of Memory
// about commit() hold here as well.
//
// Secrets are in SecretBytes. A row that cannot be read now (a disk that fails) is an error, never "none". A damaged
// row never comes back, so it reads as none, and the others go on: a letter under a lost key is answered as
// `unopened` and comes again, a text whose delivery is lost goes again under its uid. A letter that was damaged
// before it was opened is not answered: its sender's text comes again in a session, or after 30 days.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/kdf.h"
#include "proto/identity.h"
#include "proto/wire/mail_message.h"

namespace sims::client {

using proto::Id;

// What the relay and we count alike (section 8, "A restored store is noticed by these").
struct MailAccount {
  std::uint64_t taken = 0;                  // items whose fate we have stored
  std::optional<proto::PrekeyNumber> last;  // the last prekey that the server acked; nullopt: none
  auto operator<=>(const MailAccount&) const = default;
};

// The session of another with one of our prekeys.
struct MailSessionKey {
  Id sender;
  proto::PrekeyNumber number{};
  ByteArray<32> nonce{};
  auto operator<=>(const MailSessionKey&) const = default;
};

struct OwnPrekey {
  proto::PrekeyNumber number{};
  std::string suite;  // wire name
  proto::PrekeyUse use = proto::PrekeyUse::once;
  std::uint64_t expires = 0;             // unix s
  SecretBytes secret;                    // the private half; empty: wiped, only the number is still known
  std::optional<MailSessionKey> opener;  // of a `once` key: who opened it
  std::int64_t acked_unix_s = 0;         // the server has it; 0: not yet
  std::int64_t wipe_unix_s = 0;          // the private half and the row go then
};

struct MailSessionRow {
  MailSessionKey key;
  SecretBytes state;              // proto/mail: chain and skipped keys; empty: closed, only its key is known
  std::int64_t since_unix_s = 0;  // its first letter was stored; 0 once it is closed
  bool stranger = false;          // its sender was not accepted then, and is not yet
};

// A letter that we have, and its receipt.
struct MailReceipt {
  MailSessionKey session;
  std::uint64_t m = 0;
  crypto::Digest token{};  // SHA of the token's text
  std::string message;     // the finished client-receipt
  enum class State : std::uint8_t {
    held,     // its sender is not accepted yet
    owed,     // to be sent until a hop's ack covers it
    covered,  // kept so that the same letter is receipted again
  } state = State::owed;
  std::int64_t at_unix_s = 0;
};
struct OwedReceipt {
  std::uint64_t row =
      0;  // grows in the order in which they are owed; a receipt that is owed again gets a new one
  std::string message;
};

// A letter as it came, stored and acked, and not opened yet.
struct ArrivedLetter {
  std::uint64_t row = 0;  // grows in order of arrival; given by add_arrived()
  Id sender;
  bool stranger = false;  // as MailSessionRow's
  std::string message;    // the client-mail
  std::int64_t at_unix_ms = 0;
};

// A letter of ours that left, or is to leave: what proves its delivery.
struct SentLetter {
  std::uint64_t m = 0;
  crypto::Digest token{};  // SHA of the token's text
  SecretBytes ack_key;
};
// A text of ours on its way to one recipient by letter. A text has one for each recipient.
struct MailDelivery {
  std::uint64_t row = 0;  // of the text, in the history
  Id to;
  std::string message;               // the letter's bytes until the hop's ack or error; empty: none is out
  std::vector<SentLetter> letters;   // oldest first
  std::int64_t mailed_unix_ms = 0;   // the relay has the newest one since then; 0: it has none
  std::uint64_t tries = 0;           // letters sent again because 30 days passed
  bool reopened = false;             // sent again because of a signed `unopened`
  std::int64_t next_unix_ms = 0;     // when it is tried next; 0: no time is set
  std::optional<std::string> after;  // what its letters say of the text before it
};

class MailMemory {
 public:
  virtual ~MailMemory() = default;

  virtual Result<MailAccount> mail_account(const Id& server) = 0;
  virtual Result<void> put_mail_account(const Id& server, const MailAccount& account) = 0;

  // --- our prekeys. Only prekey() gives the secret; in prekeys() it is empty. They come in no order.
  virtual Result<std::vector<OwnPrekey>> prekeys(const Id& server) = 0;
  virtual Result<std::optional<OwnPrekey>> prekey(const Id& server, const proto::PrekeyNumber& number) = 0;
  virtual Result<void> put_prekey(const Id& server,
                                  const OwnPrekey& prekey) = 0;  // new, or instead of its row
  virtual Result<void> erase_prekey(const Id& server, const proto::PrekeyNumber& number) = 0;

  // --- sessions that others opened
  virtual Result<std::optional<MailSessionRow>> mail_session(const Id& server, const MailSessionKey& key) = 0;
  // New, or instead of its row.
  virtual Result<void> put_mail_session(const Id& server, const MailSessionRow& session) = 0;
  // Closes the session of this sender that was put first: its state goes, its key stays known as long as the
  // prekey's row.
  virtual Result<void> close_oldest_session(const Id& server, const Id& sender) = 0;
  struct MailCounts {
    std::uint64_t sessions = 0;            // of this sender, open
    std::uint64_t strangers_sessions = 0;  // of all strangers, open
    std::uint64_t held = 0;                // this sender's receipts in state held, and its arrived letters
    std::uint64_t strangers_held = 0;      // receipts in state held, and arrived letters of strangers, of all
    std::uint64_t agreements = 0;          // made with the prekey asked for
    std::uint64_t strangers_agreements = 0;
    auto operator<=>(const MailCounts&) const = default;
  };
  virtual Result<MailCounts> mail_counts(const Id& server, const Id& sender,
                                         const proto::PrekeyNumber& number) = 0;
  // Counts an agreement with a `many` key, also a failed one. The count goes with its prekey.
  virtual Result<void> count_agreement(const Id& server, const proto::PrekeyNumber& number,
                                       bool stranger) = 0;

  // --- receipts
  virtual Result<std::optional<MailReceipt>> receipt(const Id& server, const MailSessionKey& session,
                                                     std::uint64_t m) = 0;
  virtual Result<void> put_receipt(const Id& server,
                                   const MailReceipt& receipt) = 0;  // or instead of its row
  // Those behind the row `after` (0: all), in their order.
  virtual Result<std::vector<OwedReceipt>> owed_receipts(const Id& server, std::uint64_t after = 0) = 0;
  virtual Result<void> receipt_covered(std::uint64_t row) = 0;  // also of an `unopened`
  // A signed `unopened` for the letter of this token: owed like a receipt. False: there was one already.
  virtual Result<bool> owe_unopened(const Id& server, const Id& sender, const crypto::Digest& token,
                                    const std::string& message, std::int64_t unix_s) = 0;
  // The sender was accepted: its held receipts are owed, its sessions and letters are no stranger's any more.
  virtual Result<void> accept_mail(const Id& server, const Id& sender) = 0;
  // The sender was declined or blocked: its arrived letters and its receipts that are held or owed go, and its
  // sessions are closed.
  virtual Result<void> drop_mail(const Id& server, const Id& sender) = 0;

  // --- letters that came and are not opened yet
  virtual Result<std::uint64_t> add_arrived(const Id& server, const ArrivedLetter& letter) = 0;  // its row
  virtual Result<std::vector<ArrivedLetter>> arrived(const Id& server) = 0;                      // in order
  virtual Result<void> drop_arrived(std::uint64_t row) = 0;

  // --- deliveries of our texts that are not settled
  virtual Result<std::vector<MailDelivery>> deliveries(const Id& server) = 0;  // by the text's row
  virtual Result<void> put_delivery(const Id& server,
                                    const MailDelivery& delivery) = 0;  // or instead of its row
  virtual Result<void> erase_delivery(const Id& server, std::uint64_t row, const Id& to) = 0;

  // Wipes prekeys whose time came; closes sessions after 32 days, and forgets closed ones whose prekey is gone;
  // forgets receipts after 33 days (section 8, "Wiping"). Days are those of UTC and must have ended: a file
  // tells no finer times.
  virtual Result<void> forget_old_mail(const Id& server, std::int64_t unix_s) = 0;

  // Which damage was found since the last call, in words; empty: none. Each kind is told once.
  virtual std::string take_damage() = 0;

  // --- traces: what a file may still hold of private halves and of sessions' states that a commit wiped or
  // replaced. To wipe them takes the disk several times as long as a commit, so a caller does it about a second
  // after such a commit, and not after each. Without that it is done with each 16th such commit and at the end.
  virtual bool has_traces() const = 0;
  virtual void wipe_traces() = 0;  // if that fails, they are still there
};

}  // namespace sims::client
