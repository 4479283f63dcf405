// The questions to a SqliteMailbox that wait for its threads, and the order that they keep. It decides what goes
// into one transaction. Pure: the caller locks it.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <unordered_map>
#include <variant>
#include <vector>

#include "server/mailbox/mail_rules.h"
#include "server/mailbox/mailbox.h"

namespace sims::server {

// --- changes
struct QueuedStrike {
  std::vector<GivenItem> items;
};
struct QueuedPut {
  MailPut put;
  std::uint64_t unix_s = 0;
};
struct QueuedPurge {};
struct QueuedForget {};
struct QueuedExpiry {
  std::uint64_t unix_s = 0;
  std::uint64_t removed = 0;  // until now
};
struct QueuedPublish {
  std::vector<proto::Prekey> prekeys;
  bool fresh = false;
  std::uint64_t unix_s = 0;
};
struct QueuedClaim {
  proto::Id asker;
  std::vector<std::string> suites;
  std::uint64_t unix_s = 0;
};
struct QueuedDropAll {};
// --- reads
struct QueuedTake {
  std::uint64_t after = 0;
  std::size_t most = 0, most_bytes = 0;
};
struct QueuedStatus {};
struct QueuedSummary {};
// --- copies
struct QueuedBackup {
  std::string path;
};

struct MailQuestion {
  Ticket ticket = 0;
  proto::Id owner;  // empty: of all owners
  std::variant<QueuedPut, QueuedStrike, QueuedPurge, QueuedForget, QueuedExpiry, QueuedPublish, QueuedClaim,
               QueuedDropAll, QueuedTake, QueuedStatus, QueuedSummary, QueuedBackup>
      asked;
  std::uint64_t number = 0;  // given by the queue
};

// Which thread answers it. SQLite has one writer, so claims are changes: they share their fsync with puts.
enum class MailLane { change, read, copy };
MailLane lane_of(const MailQuestion& question);

// Puts wait by sender, and senders take turns: a sender that puts many letters delays its own. All other changes
// keep their order. A read waits for the changes of its owner that were asked for before it, but not for puts.
class MailQueue {
 public:
  static constexpr std::size_t batch_puts = 64;

  void add(MailQuestion question);

  // The changes of the next transaction, in the order in which they were added: about batch_puts puts, and a
  // bounded number of other rows. `puts_alone`: the others stay.
  std::vector<MailQuestion> next_batch(bool puts_alone);
  // Reads that wait for these changes go on.
  void done(const std::vector<MailQuestion>& batch);
  void put_back(std::vector<MailQuestion> batch);  // to the front
  void continue_later(MailQuestion change);        // to the end, under its old number
  // Take puts out, without an answer.
  std::vector<MailQuestion> take_refused(const Refusals& refused);
  std::vector<MailQuestion> take_puts();  // all

  std::optional<MailQuestion> next_read();
  void put_back(MailQuestion read);
  std::optional<MailQuestion> next_copy();

  bool full() const { return puts_ >= batch_puts; }  // more puts would wait for a second transaction
  bool has_changes() const { return !changes_.empty() || has_puts(); }
  bool has_reads() const { return !reads_.empty(); }
  bool has_puts() const { return puts_ > 0; }
  std::size_t put_bytes_of(const proto::Id& sender) const;  // of the items that wait
  std::size_t other_bytes() const {
    return other_bytes_;
  }  // of memory, of changes and reads that are no puts

 private:
  struct Sender {
    std::list<MailQuestion> puts;
    std::size_t bytes = 0;  // of their items
  };
  void add_puts(std::vector<MailQuestion>& batch, std::size_t most);
  template <class F>
  void move_puts(Sender& sender, std::vector<MailQuestion>& out, F which);

  std::unordered_map<proto::Id, Sender> senders_;
  std::deque<proto::Id> turns_;  // all of senders_, each once; one without puts goes when its turn comes
  std::size_t puts_ = 0;         // of all senders
  std::deque<MailQuestion> changes_, reads_, copies_;
  std::size_t other_bytes_ = 0;
  std::uint64_t number_ = 0;                                         // of the last question
  std::unordered_map<proto::Id, std::uint64_t> last_change_;         // of each owner, that is not done
  std::map<std::uint64_t, std::vector<MailQuestion>> reads_behind_;  // by the change that they wait for
};

// Of memory, while it waits.
std::size_t memory_of(const MailQuestion& question);

}  // namespace sims::server
