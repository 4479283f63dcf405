// The mailboxes and prekeys of mail.db. Questions wait in a queue; three functions carry them out, each to be called
// by one thread of its own (MailboxThreads) or, in tests and the simulation, by hand:
//   - change(): one transaction with what has gathered: puts, strikes, prekeys. One fsync for all of them.
//   - read():   one question, on a connection of its own.
//   - copy():   one backup.
//
// A transaction that fails is rolled back, and everything in it is answered `failed`, as are the puts that wait
// behind it: none of a sender's letters overtakes another. The next one tries again, so a disk that has room again
// needs no attention.
//
// Damage in mail.db is found by the statement that reads it. Then change() moves what can be read to a new file
// (mail_rescue.h), some at a time. Meanwhile puts go on, and everything else waits.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "server/mailbox/mail_database.h"
#include "server/mailbox/mail_queue.h"
#include "server/mailbox/mail_rescue.h"

namespace sims::server {

class SqliteMailbox : public Mailbox, public Prekeys {
 public:
  // Opens or creates the file (0600), and goes on with a rescue that a restart interrupted. Looks at its header,
  // version and schema, not at what waits. Fails in words for a file of a newer version or of another program.
  static Result<std::unique_ptr<SqliteMailbox>> open(const std::string& path, const MailLimits& limits,
                                                     std::function<void()> wake);

  // --- for the threads
  // Called, on any thread, when a lane has work and its function had returned false before; and when a whole batch
  // of puts has gathered. Whoever sets it then calls each lane's function once: questions may be there.
  void on_work(std::function<void(MailLane)> work) { work_ = std::move(work); }
  bool batch_full() const;  // so change() need not wait for more
  // Each returns whether it is to be called again now.
  bool change();
  bool read();
  bool copy();
  void stop_copies() { stop_copies_ = true; }  // any thread; the present one fails soon, and so do later ones

  void put(Ticket ticket, MailPut put, std::uint64_t unix_s) override;
  void take(Ticket ticket, const proto::Id& owner, std::uint64_t after, std::size_t most,
            std::size_t most_bytes) override;
  void strike(Ticket ticket, const proto::Id& owner, std::vector<GivenItem> items) override;
  void summary(Ticket ticket, const proto::Id& owner) override;
  void purge(Ticket ticket, const proto::Id& owner) override;
  void forget(Ticket ticket, const proto::Id& owner) override;
  void expire(Ticket ticket, std::uint64_t unix_s) override;
  void backup(Ticket ticket, const std::string& path) override;
  const MailStats& stats() override;
  void set_limits(const MailLimits& limits) override;
  std::vector<MailAnswer> take_answers() override;

  void publish(Ticket ticket, const proto::Id& owner, std::vector<proto::Prekey> prekeys, bool fresh,
               std::uint64_t unix_s) override;
  void claim(Ticket ticket, const proto::Id& owner, const proto::Id& asker, std::vector<std::string> suites,
             std::uint64_t unix_s) override;
  void status(Ticket ticket, const proto::Id& owner) override;
  void drop_all(Ticket ticket) override;

 private:
  using Batch = std::vector<MailQuestion>;
  // What a transaction did, or `error`: it was rolled back.
  struct Outcome {
    std::vector<MailAnswer> answers;
    Batch later;  // they go on in another transaction
    Refusals refused;
    std::uint64_t stored = 0, struck = 0, expired = 0, full = 0, dropped_receipts = 0;
    bool rescued = false;  // nothing is left to move
    std::string error;
  };
  class Run;  // one transaction
  static constexpr const char* moving = "mail.db is damaged: what can be read is being moved to a new file";

  SqliteMailbox(const std::string& path, const MailLimits& limits, std::function<void()> wake);
  Result<void> open_files();
  void ask(MailQuestion question);
  void answer(MailAnswer answer);

  // With mutex_ held.
  bool enqueue(MailQuestion question);  // whether to call work_
  bool has_room(const MailPut& put) const;
  std::optional<Verdict> refused_now(const MailPut& put);
  void forget_refusals(std::size_t taken);
  void settle(Batch batch, Outcome outcome);
  void settle_failed(const Batch& batch, const std::string& why);
  void answer_put(const MailQuestion& question, Verdict verdict);
  void set_trouble(const std::string& why);

  Result<MailAnswer> run_read(const MailQuestion& question);
  void look_at_disk();  // totals, sizes
  bool rescue_due() const;
  Result<void> begin_rescue();
  Result<void> end_rescue();
  bool cannot_change(const std::string& why);  // false

  const std::string path_;
  const std::function<void()> wake_;
  std::function<void(MailLane)> work_ = [](MailLane) {};
  std::atomic<bool> stop_copies_ = false;
  std::atomic<std::uint64_t> unix_s_ = 0;  // as of the last question that had a time

  // Of change() alone.
  std::unique_ptr<MailDatabase> writer_;  // nullptr: a rescue could not begin, or not end, and is due
  std::unique_ptr<MailRescue> rescue_;
  MailDatabase::Totals totals_;  // as of the last commit

  std::mutex reading_;                    // held for each read; taken before mutex_
  std::unique_ptr<MailDatabase> reader_;  // nullptr: reads wait for a rescue
  std::string read_error_;                // of the last read; logged once

  mutable std::mutex mutex_;  // guards all below; never held across I/O
  MailQueue queue_;
  MailLimits limits_;
  MailStats stats_;
  LogBudget log_budget_{Rate{1, 10, 10'000}};
  std::string damage_;                 // found, and not mended yet
  bool idle_[3] = {true, true, true};  // lanes whose function has returned false
  Refusals refusals_;                  // not taken yet
  std::deque<MailAnswer> answers_;
  Refusals old_refusals_;        // likewise, until this many answers are taken
  std::size_t old_answers_ = 0;  // the first ones
  std::size_t item_bytes_ = 0;   // of the items in answers_

  MailStats seen_;  // what stats() returned
};

}  // namespace sims::server
