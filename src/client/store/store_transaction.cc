// StoreTransaction: takes the lock, begins, commits or undoes, and raises the generation.
#include "client/store/store_transaction.h"

#include <fmt/format.h>

namespace sims::client {

namespace {
constexpr std::string_view in_use =
    "; one program at a time may use an identity: quit the other one, or give this one its own --home DIR";
constexpr std::string_view replaced =
    "it was moved or replaced while this program used it: restart the program";
// To empty the log takes three fsyncs more than a commit. With 32 letters a commit that makes 0.75 ms a letter
// of 0.3 ms, here on a busy disk.
constexpr int most_wiping_commits = 16;
constexpr int raise_every = 100;  // commits; a copy younger than this many is not noticed
}  // namespace

// --- the lock and the generation -----------------------------------------------------------------

Result<void> StoreTransaction::hold() {
  const auto held = try_hold();
  held_elsewhere_ = held && !*held;
  TRY_LET(taken, held);
  if (!taken) return fail(fmt::format("{}: in use by another program{}", use_.lock_file(), in_use));
  return {};
}

Result<bool> StoreTransaction::try_hold() {
  if (use_.held) return true;
  if (!file_.read_only.empty()) return fail(file_.read_only);
  TRY_LET(lock, FileLock::try_take(use_.lock_file()));
  if (!lock) return false;
  if (file_.db.moved()) return fail(file_.in_file(replaced));
  TRY(vault_.read_head());
  vault_.compare_with_note();
  if (vault_.unlocked()) {
    forget_caches();
    TRY(pins_.load());
    TRY(raise());
  }
  use_.hold(std::move(*lock));
  return true;
}

Result<void> StoreTransaction::unlocked() {
  forget_caches();
  TRY(pins_.load());
  return use_.held && !raised_ ? raise() : Result<void>();
}

Result<void> StoreTransaction::raise() {
  auto all = sqlite::Transaction::begin(file_.db);
  if (!all) return fail(file_.in_file(all.error()));
  auto done = vault_.count_up();
  if (done) done = pins_.put_sum();
  if (done) done = all->commit();
  if (!done) {
    vault_.count_down();
    return fail(file_.in_file(done.error()));
  }
  raised_ = true;
  commits_ = 0;
  vault_.note_down();
  return {};
}

void StoreTransaction::raise_if_written() {
  if (use_.held && vault_.unlocked() && !transaction_ && commits_ > 0) static_cast<void>(raise());
}

// --- writes --------------------------------------------------------------------------------------

Result<void> StoreTransaction::ready() {
  if (!vault_.unlocked()) return fail("the store is locked");
  undo_if_misread();
  if (!failed_.empty()) return fail(failed_);
  return hold();
}

Result<void> StoreTransaction::begin() {
  TRY(ready());
  if (transaction_) return {};
  auto begun = sqlite::Transaction::begin(file_.db);
  if (!begun) return fail(file_.in_file(begun.error()));
  transaction_.emplace(std::move(*begun));
  if (adopted_) return {};
  adopted_ = true;
  auto done = history_.adopt_outbox();
  if (!done) undo(file_.in_file(done.error()));
  return done;
}

void StoreTransaction::undo(std::string why) {
  transaction_.reset();
  pins_.undo();
  forget_caches();
  adopted_ = false;
  failed_ = std::move(why);
}

void StoreTransaction::forget_caches() {
  names_.forget_cache();
  mail_.forget_cache();
}

void StoreTransaction::undo_if_misread() {
  const std::string why = names_.take_misread();
  if (why.empty()) return;
  if (failed_.empty()) undo(file_.in_file(why));
  owed_ = true;
}

Result<void> StoreTransaction::commit() {
  auto done = finish();
  owed_ = false;
  failed_.clear();
  return done;
}

Result<void> StoreTransaction::save() {
  auto done = finish();
  if (!owed_) failed_.clear();
  return done;
}

Result<void> StoreTransaction::finish() {
  undo_if_misread();
  if (!failed_.empty()) return fail(failed_);
  if (!transaction_) return {};
  // In doubt the new generation is a write that surely changes the file.
  const bool counts = vault_.unlocked() && (in_doubt_ || commits_ + 1 >= raise_every);
  Result<void> done;
  if (counts) done = vault_.count_up();
  // Locked: Store::lock() has put the sum.
  if (done && vault_.unlocked() && (counts || pins_.changed())) done = pins_.put_sum();
  if (done && file_.db.moved()) done = fail(std::string(replaced));
  const bool reached_disk = done.has_value();
  if (done) done = transaction_->commit();
  if (!done) {
    if (counts) vault_.count_down();
    undo(file_.in_file(done.error()));
    if (reached_disk) write_over();
    return fail(failed_);
  }
  if (counts) in_doubt_ = false;
  commits_ = counts ? 0 : commits_ + 1;
  if (counts) vault_.note_down();
  transaction_.reset();
  pins_.committed();
  owed_ = false;
  if (mail_.take_wiped()) {
    has_traces_ = true;
    if (++wiping_commits_ >= most_wiping_commits) scrub();
  }
  if (scrub_) empty_log();
  return {};
}

// With a transaction open SQLite cannot empty the log: its commit does. The log of another holder is not ours.
void StoreTransaction::wipe_traces() {
  if (!has_traces_ || !use_.held) return;
  scrub();
  if (!transaction_) empty_log();
}

// A commit of which only the fsync failed is whole in the write-ahead log: a program that opens the file
// after a crash takes it for done. The next transaction is written to the same place in the log.
void StoreTransaction::write_over() {
  in_doubt_ = true;
  if (vault_.unlocked() && raise()) in_doubt_ = false;
}

// The write-ahead log keeps overwritten data until it is empty. If a reader holds it, the next
// commit empties it, or closing.
void StoreTransaction::empty_log() {
  static_cast<void>(file_.db.execute("PRAGMA busy_timeout = 0"));
  scrub_ = file_.db.number("PRAGMA wal_checkpoint(TRUNCATE)") != 0;
  static_cast<void>(file_.db.execute("PRAGMA busy_timeout = 5000"));
  if (scrub_) return;
  has_traces_ = false;
  wiping_commits_ = 0;
}

}  // namespace sims::client
