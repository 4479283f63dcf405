// The store's one transaction: gathers writes until commit(), and undoes all of them if one fails.
// It also takes the store's lock before the first write, and counts the generation.
#pragma once

#include <optional>
#include <string>

#include "client/store/history_table.h"
#include "client/store/mail_table.h"
#include "client/store/store_use.h"

namespace sims::client {

class StoreTransaction {
 public:
  StoreTransaction(StoreFile& file, StoreUse& use, Vault& vault, PinTable& pins, TextNames& names,
                   HistoryTable& history, MailTable& mail)
      : file_(file),
        use_(use),
        vault_(vault),
        pins_(pins),
        names_(names),
        history_(history),
        mail_(mail),
        scrub_(file.log_left),
        has_traces_(file.log_left) {}

  Result<void> hold();
  Result<bool> try_hold();  // false: another program has it
  Result<void> unlocked();  // reads the pins with the vault's new keys
  // Called at the end: a copy made since the last raise is older from now on.
  void raise_if_written();

  bool open() const { return transaction_.has_value(); }
  Result<void> ready();  // an error if the store cannot be written
  // Runs f, a Result<void>(). Its error undoes everything since the last commit.
  template <class F>
  Result<void> write(F f) {
    TRY(begin());
    auto done = f();
    if (done) return done;
    undo(file_.in_file(done.error()));
    return fail(failed_);
  }
  // Likewise, for the core: if it is undone, or cannot begin, commit() reports it to the core, not save()
  // alone.
  template <class F>
  Result<void> write_for_core(F f) {
    auto done = write(f);
    if (!done && not_ours()) return done;
    owed_ = true;
    if (!done && failed_.empty()) undo(done.error());
    return done;
  }
  void scrub() { scrub_ = true; }  // the next commit leaves no trace of what was overwritten
  // Secrets of letters that are wiped are scrubbed later: see MailMemory.
  bool has_traces() const { return has_traces_; }
  void wipe_traces();
  Result<void> commit();  // the core's: ends a failure
  Result<void> save();    // for other callers
  void undo(std::string why);
  // A commit failed after it may have reached the disk, and nothing was written over it since.
  bool in_doubt() const { return in_doubt_; }

 private:
  Result<void> raise();
  Result<void> begin();
  void undo_if_misread();
  void forget_caches();  // the disk may have changed
  Result<void> finish();
  void write_over();
  // A write is refused because the store is locked or another program holds it. The core then takes no
  // texts.
  bool not_ours() const { return !vault_.unlocked() || held_elsewhere_; }
  void empty_log();

  StoreFile& file_;
  StoreUse& use_;
  Vault& vault_;
  PinTable& pins_;
  TextNames& names_;
  HistoryTable& history_;
  MailTable& mail_;

  std::optional<sqlite::Transaction> transaction_;
  std::string failed_;  // the error that undid everything; commit() returns it
  bool owed_ = false;   // the core wrote, too, so commit() must report an undo
  // The next commit empties the log: it has an old value that must leave no trace. The log of a program that
  // was killed, or that a power cut brought back, may have one, too.
  bool scrub_;
  bool has_traces_;              // of secrets of letters, in the log
  int wiping_commits_ = 0;       // since the log was emptied
  bool adopted_ = false;         // the outbox of an older version has got its keys
  bool raised_ = false;          // we raised the generation
  bool held_elsewhere_ = false;  // as of the last hold()
  bool in_doubt_ = false;
  int commits_ = 0;  // since it was raised
};

}  // namespace sims::client
