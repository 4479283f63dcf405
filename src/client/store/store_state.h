// The store's inside. Included by store*.cc alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/store/seal.h"
#include "client/store/store.h"
#include "crypto/scrypt.h"
#include "os/files.h"
#include "os/sqlite.h"

namespace sims::client {

// What is small and asked for often, as it is on disk or will be with the next commit.
struct StorePins {
  std::map<std::string, PinnedServer> servers;
  std::map<std::pair<Id, std::string>, PinnedPeer> peers;
  Settings settings;
};

// The one row of the table `store`.
struct StoreHead {
  Id id;
  std::int64_t generation = 0;  // raised by each program that holds the store
  Store::Lock lock = Store::Lock::none;
  ByteArray<16> salt{};
  crypto::ScryptCost cost;
  SecretBytes master;    // Lock::none: the key as it is; else a token
  std::string identity;  // a token: the seed
};

struct Store::State {
  State(std::string in, sqlite::Database opened) : folder(std::move(in)), db(std::move(opened)) {}

  const std::string folder;
  std::string note;  // where the newest generation is noted, outside of the folder; empty: nowhere
  sqlite::Database db;
  StoreHead head;
  bool made = false, restored = false;
  std::string read_only;  // why it can't be written; empty: it can
  bool unclean = false;   // as it was found
  std::optional<FileLock> held;
  bool raised = false;  // the generation, by us
  int commits = 0;      // since it was

  // While unlocked:
  std::optional<Secret<32>> master;
  std::optional<Sealer> sealer;
  std::optional<crypto::SigningKey> identity;
  StorePins pins;
  std::map<Id, std::vector<Id>> server_ids;  // ids_of(), once it was read: each text asks

  // Since the last commit:
  std::optional<sqlite::Transaction> transaction;
  std::optional<StorePins> committed;  // the pins, if they were changed since
  std::string failed;                  // why all of it is undone already; commit() says so
  bool owed = false;                   // the core wrote, too: if all is undone commit() must say so
  std::string misread;                 // why a question has a wrong answer; empty: none has
  bool scrub = false;                  // something was to leave no trace in the file
  std::uint64_t last_row = 0;          // given to a row; no failed commit makes one be given again
  std::int64_t forgot_on = 0;          // the day on which old names were last forgotten
  bool adopted = false;                // what an older version left to be sent says for whom

  std::string path() const { return folder + "/store.db"; }
  std::string in_file(std::string_view why) const { return path() + ": " + std::string(why); }
  std::string damaged(std::string_view what) const { return in_file(sqlite::damaged(what)); }

  // --- store.cc
  Result<void> read_head();
  void compare_with_note();
  Result<void> hold();
  Result<bool> try_hold();
  // The generation grows as soon as we hold the store and it is unlocked, and as often as shows the age of a
  // copy that is made meanwhile: count_up() within a transaction, raise() in one of its own.
  Result<void> count_up();
  Result<void> raise();
  void raise_if_written();
  void note_down();
  Result<void> ready();  // to be written to
  Result<void> begin();
  Result<void> commit();  // failed stays
  Result<void> save();
  void undo(std::string why);
  // For a question whose answer cannot be an error: the next write and commit fail, for they would build on a
  // wrong answer.
  void could_not_read(const std::string& why) { misread = why; }
  void undo_if_misread();
  // f: Result<void>(); what it fails with undoes everything since the last commit.
  template <class F>
  Result<void> write(F f) {
    if (auto begun = begin(); !begun) return begun;
    auto done = f();
    if (done) return done;
    undo(in_file(done.error()));
    return fail(failed);
  }
  template <class F>
  Result<void> write_for_core(F f) {
    auto done = write(f);
    if (done) owed = true;
    return done;
  }

  // --- store_health.cc
  std::string mark() const { return folder + "/unclean"; }  // a file that is there while the store is held
  std::string note_of_check() const { return folder + "/checked"; }
  void note_beginning();
  void note_end() const;

  // --- store_keys.cc
  Result<void> open_with(Secret<32> key);
  Result<void> wrap(Store::Lock lock, const ByteArray<16>& salt, const crypto::ScryptCost& cost,
                    std::string_view wrapped);

  // --- store_pins.cc
  Result<void> load_pins();
  Result<void> check_sum(const StorePins& read);
  Result<void> put_sum();  // with each change of the pins or the generation
  Result<void> put_row(const char* sql, std::string_view table, const Tag& tag, std::string_view plain);
  Result<void> put_server(const std::string& host_port, const PinnedServer& server);
  Result<void> put_peer(const Id& server, const std::string& name, const PinnedPeer& peer);
  Result<void> drop_peer(const Id& server, const std::string& name);
  Result<void> put_settings(const Settings& settings);
  StorePins& changing_pins() {
    if (!committed) committed = pins;
    return pins;
  }

  // --- store_history.cc
  Result<bool> has_history(const Id& server);
  Result<void> move_history(const Id& from, const Id& to);

  // --- store/text_names.cc
  Result<void> note_received(const PeerKey& peer, const HistoryEntry& entry);  // added, or shown at last
  Result<void> note_left(const PeerKey& peer, const HistoryEntry& entry);
  // The ids of this server: the one of today, then those before it, under which names and chains may be kept.
  const std::vector<Id>& ids_of(const Id& server);
  Result<void> move_names(const Id& from, const Id& to);  // and chains; after the pins were moved

  // --- store/pending_rows.cc
  Result<void> adopt_outbox();  // the first thing of the first transaction
};

// --- what a row holds (store_history.cc)
std::string seal_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                       const HistoryEntry& entry);
Tag conversation_tag(const Sealer& sealer, const PeerKey& peer);

// Where rows are, for Sealer. No two tables' places have the same length.
std::string row_place(std::string_view table, ByteView tag);
std::string row_place(std::string_view table, std::uint64_t number, std::uint64_t other);
constexpr const char* put_value = "INSERT OR REPLACE INTO value (tag, token) VALUES (?, ?)";

// What a token of the tables `conversation` and `history` holds; nullopt: not what was sealed there.
std::optional<PeerKey> read_conversation(Sealer& sealer, std::uint64_t number, ByteView tag,
                                         std::string_view token);
// `kind`: the column's, which must agree with what was sealed.
std::optional<HistoryEntry> read_entry(Sealer& sealer, std::uint64_t row, std::uint64_t conversation,
                                       std::int64_t kind, std::string_view token);

// --- store_file.cc
// The folder's store.db, made from the older layout's files or anew if it is missing, of this version's
// schema.
Result<std::unique_ptr<Store::State>> open_store_file(const std::string& folder);

}  // namespace sims::client
