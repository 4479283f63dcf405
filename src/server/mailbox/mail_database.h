// mail.db: the mailboxes and prekeys in SQLite, with WAL and synchronous FULL. Synchronous, and for one thread
// at a time; several objects may have the same file open. Changes are made between begin() and commit(), which
// makes them durable. A failure of a change ends the transaction: roll_back(). Errors are words; those that
// begin with "damaged: " call for a MailRescue.
//
// Somebody of whom nothing waits, and who never had prekeys or took an item, is not in the file.
//
// Struck off letters are overwritten with zeros (secure_delete) in mail.db. Its log, mail.db-wal, keeps older
// pages until it is written over.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "os/sqlite.h"
#include "server/mailbox/mail_rules.h"
#include "server/mailbox/mailbox.h"

namespace sims::server {

class MailDatabase {
 public:
  // Counts of everything, kept by each transaction, so that nothing is counted at the start.
  struct Totals {
    std::uint64_t next = 1;  // number
    std::uint64_t letters = 0, receipts = 0, bytes = 0;
    std::uint64_t once = 0;   // prekeys
    std::uint64_t moved = 0;  // by a MailRescue: the items of the damaged file up to this number
    bool operator==(const Totals&) const = default;
  };
  struct Expired {
    std::uint64_t removed = 0;  // items
    bool more = false;          // call it again
  };

  // Opens or creates the file (0600). Looks at its header, its version and its schema alone. Fails in words
  // for a file from a newer version or not ours.
  static Result<std::unique_ptr<MailDatabase>> open(const std::string& path);
  MailDatabase(const MailDatabase&) = delete;
  MailDatabase& operator=(const MailDatabase&) = delete;

  // --- changes
  Result<void> begin();  // waits for another's transaction, up to 5 s
  Result<void> commit();
  void roll_back();

  Result<Verdict> put(const MailPut& put, std::uint64_t unix_s, const MailLimits& limits);
  Result<std::uint64_t> strike(const proto::Id& owner, const std::vector<GivenItem>& items);
  Result<std::uint64_t> purge(const proto::Id& owner);   // the number of items
  Result<std::uint64_t> forget(const proto::Id& owner);  // the number of items
  // Looks at up to `most` of the oldest items and as many prekeys.
  Result<Expired> expire(std::uint64_t unix_s, std::uint64_t days, std::size_t most);
  Result<PublishAnswer> publish(const proto::Id& owner, std::vector<proto::Prekey> prekeys, bool fresh,
                                std::uint64_t unix_s, const MailLimits& limits);  // without ticket
  Result<ClaimAnswer> claim(const proto::Id& owner, const proto::Id& asker,
                            const std::vector<std::string>& suites, std::uint64_t unix_s,
                            const MailLimits& limits);  // without ticket
  Result<std::uint64_t> drop_prekeys();                 // of all; their number
  // Makes commit() write something, so that it shows whether the disk takes it: uses up a number. (SQLite writes
  // no row that stays the same.)
  void touch() { ++totals_.next; }

  // --- questions
  Result<TakeAnswer> take(const proto::Id& owner, std::uint64_t after, std::size_t most,
                          std::size_t most_bytes);  // without ticket
  Result<proto::PrekeysStatus> status(const proto::Id& owner);
  Result<BoxSummary> summary(const proto::Id& owner);
  Result<Totals> totals();
  Result<std::uint64_t> oldest();  // unix s; 0: nothing waits
  // Bytes of the file that are in use, and of the file with its log.
  Result<std::uint64_t> used_bytes();
  Result<std::uint64_t> disk_bytes();
  bool moved() const { return db_.moved(); }  // the file was replaced or removed

  // --- for a MailRescue, within a transaction
  struct Row {  // of the table of items, its ids resolved
    proto::Id owner, sender;
    std::uint64_t unix_s = 0;
    MailItem item;
  };
  Result<void> adopt(const Row& row);  // replaces the same item, which was put again meanwhile
  Result<void> adopt_taken(const proto::Id& owner, std::uint64_t taken);
  Result<void> adopt_given(const proto::Id& owner, const proto::PrekeyNumber& number, std::uint64_t expires);
  void set_moved(std::uint64_t number) { totals_.moved = number; }
  void number_from(std::uint64_t number) { totals_.next = std::max(totals_.next, number); }
  sqlite::Database& raw() { return db_; }

 private:
  struct Person {
    std::int64_t key = 0;  // 0: not in the table
    MailCounts box;
    std::uint64_t sent_letters = 0, taken = 0, given = 0;
    std::optional<proto::PrekeyNumber> last;
  };
  MailDatabase(sqlite::Database db, std::string path) : db_(std::move(db)), path_(std::move(path)) {}
  Result<void> prepare();  // settings, schema
  Result<void> make_schema();
  Result<void> check_schema();

  Result<void> store_totals();
  Result<Person> person(const proto::Id& id);
  Result<std::int64_t> key_of(const proto::Id& id);  // makes one
  Result<MailCounts> counts_of(std::int64_t owner, std::int64_t sender);
  Result<bool> has(std::int64_t owner, const crypto::Digest& hash);
  Result<void> insert(std::int64_t owner, std::int64_t sender, std::uint64_t unix_s, const MailItem& item);
  // What some items of one sender and owner add to the counts, or take from them.
  Result<void> count(std::int64_t owner, std::int64_t sender, const MailCounts& change, bool more);
  Result<std::uint64_t> remove_all(std::int64_t owner);
  Result<void> drop_unused_people();
  Result<std::uint64_t> remove_one(std::int64_t owner, const GivenItem& item);  // 0 or 1

  Result<std::uint64_t> prekeys_of(std::int64_t owner, std::string_view suite);  // `once` ones
  Result<proto::PrekeysStatus> status_of(const Person& person);
  Result<void> drop_prekeys_of(std::int64_t owner);
  Result<void> drop_prekey(std::int64_t owner, const proto::PrekeyNumber& number);
  Result<void> add_prekey(std::int64_t owner, const proto::Prekey& key);
  Result<std::optional<PublishPlan>> plan(std::int64_t owner, std::vector<proto::Prekey> prekeys, bool fresh,
                                          std::uint64_t unix_s);
  Result<std::optional<proto::Prekey>> find_prekey(std::int64_t owner, std::string_view suite,
                                                   proto::PrekeyUse use, std::uint64_t unix_s);
  Result<void> hand_out(std::int64_t owner, const proto::Prekey& key, const proto::Id& asker,
                        std::uint64_t unix_s);
  Result<bool> expire_prekeys(std::uint64_t unix_s, std::size_t most);  // whether there may be more

  sqlite::Database db_;
  std::string path_;
  std::optional<sqlite::Transaction> transaction_;
  Totals before_, totals_;           // of the open transaction
  std::uint64_t used_bytes_ = 0;     // of the open transaction, an estimate
  std::set<std::int64_t> unused_;    // people of whom the open transaction may have removed the last row
  std::uint64_t expired_until_ = 0;  // number; where expire() goes on
};

// Where a MailRescue makes the new file, while the damaged one is at `path`.
std::string rescue_path(const std::string& path);

// Writes a snapshot of the file at `path` to a new one (0600), on a connection of its own: changes go on
// meanwhile. Blocks on the disk; for any thread. Fails in words, also once `stop` is true, and leaves nothing
// behind.
Result<void> back_up_mail(const std::string& path, const std::string& to, const std::atomic<bool>& stop);

// An id as a row holds it, and back; nullopt: damaged.
ByteArray<32> packed(const proto::Id& id);
std::optional<proto::Id> unpacked(ByteView bytes);

}  // namespace sims::server
