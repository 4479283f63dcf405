// The mailboxes of a server (sims-protocol(7) section 8): letters and receipts that wait for their owners, and
// the owners' prekeys. Two interfaces, which one object implements: MemoryMailbox (tests) and SqliteMailbox
// (mail.db). Both pass one contract, tests/server/mailbox/mailbox_test.cc.
//
// All functions are called on the relay's thread and return at once; none waits for a disk. Each question that
// has a ticket is answered exactly once, by an element of take_answers(), also when it failed. The `wake`
// given to the constructors is called, on any thread, when answers are ready. An answer that says that
// something was written comes after the fsync of the transaction that wrote it.
//
// Order: the puts of one sender are made in the order in which they were asked for, and so are the other changes
// of one owner's box. An answer counts at least the puts that were answered before its question, and every other
// change of that owner that was asked for before it, so a status() counts the strikes asked for before it. It may
// count later ones, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crypto/kdf.h"
#include "proto/identity.h"
#include "proto/wire/mail_message.h"
#include "server/policy/budgets.h"

namespace sims::server {

using Ticket = std::uint64_t;  // chosen by the caller; never used twice

enum class MailKind : std::uint8_t { letter = 0, receipt = 1 };

// An item of a mailbox, byte for byte as its sender sent it.
struct MailItem {
  std::uint64_t number = 0;  // grows in its box in the order in which items were taken over; never used again
  MailKind kind = MailKind::letter;
  crypto::Digest hash{};  // SHA-256 of `bytes`: how the server knows an item
  std::string bytes;      // the sub-message
};

// An item as its owner was given it.
struct GivenItem {
  crypto::Digest hash{};
  std::uint64_t number = 0;
};

struct MailPut {
  proto::Id owner, sender;
  MailKind kind = MailKind::letter;
  std::string bytes;
  bool newcomer = false;  // its sender registered within a day, where registration is open
};

// The fate of a put.
enum class PutFate : std::uint8_t {
  stored,
  known,    // these bytes wait there already
  full,     // a bound on letters was reached: `mailbox-full`
  dropped,  // a bound on receipts was reached: nobody is told
  failed,   // the disk failed or is full, or the queue is: `busy`. It may still be on the disk
};
// Which bound, for the log and the metrics. Of `stored` and `known`: none.
enum class MailBound : std::uint8_t { none, owner, sender, last_fifth, newcomer, total, disk, queue };

struct PutAnswer {
  Ticket ticket = 0;
  PutFate fate = PutFate::failed;
  MailBound bound = MailBound::none;
};
struct TakeAnswer {
  Ticket ticket = 0;
  bool failed = false;          // the disk failed: ask again later
  std::vector<MailItem> items;  // in order
  bool more = false;            // items wait behind these
};
struct StrikeAnswer {
  Ticket ticket = 0;
  bool failed = false;  // none was struck off, or it is not known: ask again later
};
struct StatusAnswer {
  Ticket ticket = 0;
  bool failed = false;
  proto::PrekeysStatus status;
};
struct PublishAnswer {
  Ticket ticket = 0;
  enum class Fate : std::uint8_t { stored, too_many, failed } fate = Fate::failed;
  proto::PrekeysStatus status;  // after it; of `stored`
};
struct ClaimAnswer {
  Ticket ticket = 0;
  bool failed = false;                  // not known whether the key is burned; it is not given
  std::optional<proto::Prekey> prekey;  // nullopt: there is none
  bool few_left = false;                // it took one of its owner's last `once` keys of that suite: tell it
};
// Counts and ages of one box; never its content.
struct BoxSummary {
  std::uint64_t letters = 0, receipts = 0, bytes = 0;
  std::uint64_t oldest_unix_s = 0;  // 0: it is empty
  std::uint64_t senders = 0;
  proto::PrekeysStatus prekeys;
};
struct SummaryAnswer {
  Ticket ticket = 0;
  bool failed = false;
  BoxSummary box;
};
// Of purge, forget, drop_all, backup and expire.
struct DoneAnswer {
  Ticket ticket = 0;
  std::string error;          // empty: done
  std::uint64_t removed = 0;  // items; of drop_all() prekeys
};
using MailAnswer = std::variant<PutAnswer, TakeAnswer, StrikeAnswer, StatusAnswer, PublishAnswer, ClaimAnswer,
                                SummaryAnswer, DoneAnswer>;

// Numbers for status, stats and metrics; as of the last commit.
struct MailStats {
  std::uint64_t letters = 0, receipts = 0, bytes = 0;  // waiting, in all boxes
  std::uint64_t oldest_unix_s = 0;                     // of them; 0: none waits
  std::uint64_t prekeys = 0;                           // `once` keys that are left, of all owners
  std::uint64_t disk_bytes = 0;                        // of mail.db and its log
  // Since the start:
  std::uint64_t stored = 0, struck = 0, expired = 0, full = 0, dropped_receipts = 0, failed = 0, commits = 0;
  std::uint64_t waiting_puts = 0, waiting_put_bytes = 0;  // given to put() and not answered
  std::string trouble;  // why letters are refused or boxes wait now, in words; empty: all is well
};

class Mailbox {
 public:
  virtual ~Mailbox() = default;

  // After a letter was answered `full` or `failed`, every further letter of its sender to its owner gets the
  // same answer until the caller has taken the first one with take_answers(): no letter overtakes another.
  virtual void put(Ticket ticket, MailPut put, std::uint64_t unix_s) = 0;
  // Up to `most` items and about `most_bytes` (one item at least) behind number `after`; 0: from the start.
  virtual void take(Ticket ticket, const proto::Id& owner, std::uint64_t after, std::size_t most,
                    std::size_t most_bytes) = 0;
  // Strikes off items that the owner has acked, by their hashes; one that is not there is skipped. Each one
  // that was there adds one to the owner's `taken`. The same bytes under a higher number stay: their sender put
  // them again, and the owner was not given these.
  virtual void strike(Ticket ticket, const proto::Id& owner, std::vector<GivenItem> items) = 0;
  virtual void summary(Ticket ticket, const proto::Id& owner) = 0;  // SummaryAnswer
  // DoneAnswer: removes the letters and receipts of one box, without adding to `taken`.
  virtual void purge(Ticket ticket, const proto::Id& owner) = 0;
  // DoneAnswer: of a released or banned id: also its prekeys and its counts. Its letters in others' boxes stay.
  virtual void forget(Ticket ticket, const proto::Id& owner) = 0;
  // DoneAnswer: removes items that are older than the limit's days, and prekeys at their `expires`. Call it
  // every minute.
  virtual void expire(Ticket ticket, std::uint64_t unix_s) = 0;
  // DoneAnswer: writes a snapshot, which can replace mail.db, to a new file.
  virtual void backup(Ticket ticket, const std::string& path) = 0;

  virtual const MailStats& stats() = 0;  // valid until the next call
  virtual void set_limits(const MailLimits& limits) = 0;
  // Those that are ready, of both interfaces. There may be more: then `wake` is called again.
  virtual std::vector<MailAnswer> take_answers() = 0;
};

class Prekeys {
 public:
  virtual ~Prekeys() = default;

  // Adds prekeys of one owner. A number that is there or was ever handed out is skipped; a `many` key replaces
  // the earlier one of its suite; `fresh`: all earlier ones are dropped first. Over the counts of crypto::Suite
  // (an unknown suite has none): `too_many`, and nothing changes. Over the total of the server: `failed`. The
  // caller checks signature and `expires`.
  virtual void publish(Ticket ticket, const proto::Id& owner, std::vector<proto::Prekey> prekeys, bool fresh,
                       std::uint64_t unix_s) = 0;
  // `suites`, best first: hands out a prekey of the first one for which there is any for this asker. A `once`
  // key is struck off on disk before it is in the answer, and its number is remembered until it expires. An
  // asker that has had its `once` keys of this owner for this hour gets a `many` key.
  virtual void claim(Ticket ticket, const proto::Id& owner, const proto::Id& asker,
                     std::vector<std::string> suites, std::uint64_t unix_s) = 0;
  virtual void status(Ticket ticket, const proto::Id& owner) = 0;  // StatusAnswer
  // DoneAnswer: drops the prekeys of all owners: an older mail.db was put back, which may hold keys that were
  // handed out since. Their owners are told no `last`, and publish again.
  virtual void drop_all(Ticket ticket) = 0;
};

}  // namespace sims::server
