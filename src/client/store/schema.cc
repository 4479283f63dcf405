// store.db as a file: 1. its schema, 2. making it whole or not at all, from the older layout's
// files if there are any, 3. opening it.
#include <fmt/format.h>

#include "client/store/legacy_files.h"
#include "client/store/store_parts.h"
#include "crypto/rng.h"
#include "os/files.h"

namespace sims::client {

namespace {

// --- 1. the schema -------------------------------------------------------------------------------

// The step from each version to the next; the first one makes it. Only columns that are needed to
// find, count, order and open rows are in clear. Tokens and tags are store/seal.h's.
constexpr const char* migrations[] = {
    R"sql(
  CREATE TABLE store (  -- one row
    id TEXT NOT NULL,             -- of the identity; public
    generation INTEGER NOT NULL,
    lock INTEGER NOT NULL,        -- 0 none, 1 passphrase, 2 key file
    salt BLOB NOT NULL,
    n INTEGER NOT NULL, r INTEGER NOT NULL, p INTEGER NOT NULL,  -- scrypt's
    master BLOB NOT NULL,         -- the key as it is, or a token under what opens it
    identity TEXT NOT NULL        -- the seed
  ) STRICT;
  CREATE TABLE server (tag BLOB PRIMARY KEY, token TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE peer (tag BLOB PRIMARY KEY, token TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE value (tag BLOB PRIMARY KEY, token TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE conversation (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tag BLOB NOT NULL UNIQUE,
    token TEXT NOT NULL           -- server and name
  ) STRICT;
  CREATE TABLE history (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL,
    kind INTEGER NOT NULL,        -- 0 received, 1 mine, 2 mine and still to be sent
    token TEXT NOT NULL
  ) STRICT;
  CREATE INDEX history_of ON history (conversation, row, kind);
  CREATE INDEX history_outgoing ON history (row) WHERE kind = 2;
  CREATE TABLE seen (             -- uids that came
    row INTEGER PRIMARY KEY,      -- the history's then
    tag BLOB NOT NULL UNIQUE
  ) STRICT;
)sql",
    // Kind 3 of `history`: received, its line waits for the text before it. The uids of `seen` get
    // today's date.
    R"sql(
  CREATE INDEX history_waiting ON history (row) WHERE kind = 3;
  CREATE TABLE name (             -- of texts that came
    tag BLOB PRIMARY KEY,
    day INTEGER NOT NULL          -- since 1970-01-01: when it came
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX name_day ON name (day);
  INSERT INTO name SELECT tag, CAST(strftime('%s', 'now') AS INTEGER) / 86400 FROM seen;
  DROP TABLE seen;
  CREATE TABLE chain (            -- the last text from, or to, a key
    tag BLOB PRIMARY KEY,
    token TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
)sql",
    // Letters. Each row belongs to a server by its number, so that a new id of the server changes one
    // row. `day` and `wipe` are days since 1970-01-01.
    R"sql(
  CREATE TABLE mail_server (
    number INTEGER PRIMARY KEY,
    tag BLOB NOT NULL UNIQUE,
    token TEXT NOT NULL           -- its id, and the account
  ) STRICT;
  CREATE TABLE prekey (           -- ours
    tag BLOB PRIMARY KEY,
    server INTEGER NOT NULL,
    wipe INTEGER NOT NULL,        -- when the row goes
    agreements INTEGER NOT NULL,  -- made with it
    strangers INTEGER NOT NULL,   -- those of strangers
    token TEXT NOT NULL           -- all but the private half
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE mail_session (     -- that others opened
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    tag BLOB NOT NULL UNIQUE,
    server INTEGER NOT NULL,
    sender BLOB NOT NULL,         -- a tag
    prekey BLOB NOT NULL,         -- the tag of that row
    kind INTEGER NOT NULL,        -- 0 closed, 1 open, 2 open and a stranger's
    day INTEGER NOT NULL          -- when its first letter came
  ) STRICT;
  CREATE INDEX mail_session_sender ON mail_session (sender, row) WHERE kind > 0;
  CREATE INDEX mail_session_stranger ON mail_session (server) WHERE kind = 2;
  CREATE INDEX mail_session_day ON mail_session (day) WHERE kind > 0;
  CREATE TABLE mail_secret (      -- private halves, and states of sessions: store/secret_table.h
    tag BLOB PRIMARY KEY,         -- that of the row which it belongs to
    pad BLOB NOT NULL,
    token TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE mail_receipt (     -- of ours, and our `unopened`
    row INTEGER PRIMARY KEY,
    tag BLOB NOT NULL UNIQUE,
    server INTEGER NOT NULL,
    sender BLOB NOT NULL,         -- a tag
    kind INTEGER NOT NULL,        -- 0 covered, 1 owed, 2 held
    turn INTEGER NOT NULL,        -- orders those that are owed or held
    day INTEGER NOT NULL,         -- when it was made
    token TEXT NOT NULL
  ) STRICT;
  CREATE INDEX mail_receipt_turn ON mail_receipt (turn) WHERE kind > 0;
  CREATE INDEX mail_receipt_held ON mail_receipt (server, sender) WHERE kind = 2;
  CREATE INDEX mail_receipt_day ON mail_receipt (day);
  CREATE TABLE mail_arrived (     -- letters that came and are not opened yet
    row INTEGER PRIMARY KEY,
    server INTEGER NOT NULL,
    sender BLOB NOT NULL,         -- a tag
    stranger INTEGER NOT NULL,    -- 1: its sender is one
    token TEXT NOT NULL
  ) STRICT;
  CREATE INDEX mail_arrived_sender ON mail_arrived (server, sender);
  CREATE INDEX mail_arrived_stranger ON mail_arrived (server) WHERE stranger = 1;
  CREATE TABLE mail_delivery (    -- of our texts
    server INTEGER NOT NULL,
    text INTEGER NOT NULL,        -- the row of the history
    tag BLOB NOT NULL,            -- of the recipient, too
    token TEXT NOT NULL,
    PRIMARY KEY (server, text, tag)
  ) STRICT, WITHOUT ROWID;
)sql",
};
constexpr std::int64_t schema_version = std::size(migrations);

// Secure delete: erased data is overwritten.
constexpr const char* settings =
    "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY";

// For a file that is not yet under its final name: it gets that name when it is whole, and is
// thrown away on failure.
constexpr const char* making =
    "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY";

Result<void> migrate(sqlite::Database& db, std::int64_t from) {
  TRY_LET(all, sqlite::Transaction::begin(db));
  for (std::int64_t at = from; at < schema_version; ++at)
    TRY(db.execute(migrations[at]));
  TRY(db.execute(fmt::format("PRAGMA user_version = {}", schema_version).c_str()));
  return all.commit();
}

// --- 2. made -------------------------------------------------------------------------------------

Result<void> fill(Store::Parts& p, const OldFiles& old) {
  Secret<32> master;
  crypto::system_rng().fill(master.writable());
  p.vault.make(master);
  TRY_LET(all, sqlite::Transaction::begin(p.file.db));
  const StoreHead& head = p.vault.head();
  const auto& seed = old.identity->seed();
  auto done =
      sqlite::Statement(p.file.db, "INSERT INTO store VALUES (?, 0, 0, ?, ?, ?, ?, ?, ?)",
                        Id::of(old.identity->public_key()).text(), ByteView(head.salt), head.cost.n,
                        static_cast<std::uint64_t>(head.cost.r), static_cast<std::uint64_t>(head.cost.p),
                        master.view(), p.vault.sealer().seal("identity", text_of(seed)))
          .run();
  for (auto at = old.pins.servers.begin(); done && at != old.pins.servers.end(); ++at)
    done = p.pins.put_server(at->first, at->second);
  for (auto at = old.pins.peers.begin(); done && at != old.pins.peers.end(); ++at)
    done = p.pins.put_peer(at->first.first, at->first.second, at->second);
  if (done) done = p.pins.put_settings(old.pins.settings);
  if (done) done = p.pins.put_sum();
  return done ? all.commit() : done;
}

Result<void> make_at(const std::string& folder, const std::string& path, const OldFiles& old) {
  auto db = sqlite::Database::open(path);
  auto done = db ? db->execute(making) : fail(db.error());
  if (done) done = migrate(*db, 0);
  if (!done) return done;
  Store::Parts parts(std::make_unique<StoreFile>(folder, std::move(*db)));
  if (done = fill(parts, old); done) done = parts.file.db.execute("PRAGMA journal_mode = WAL");
  return done;
}

// Uses another name until it is whole, so that an empty or half-written store.db always means
// damage.
Result<bool> make(const std::string& folder, const std::string& path) {
  TRY_LET(old, read_old_files(folder));
  const bool is_new = !old.identity;
  if (is_new) old.identity.emplace(crypto::SigningKey::generate(crypto::system_rng()));
  const std::string unfinished = path + ".unfinished";
  for (const char* left : {"", "-journal", "-wal", "-shm"})
    TRY(remove_secret_file(unfinished + left));
  auto file = NewFile::make(unfinished);
  auto done = file ? make_at(folder, unfinished, old) : fail(file.error());
  if (done) done = file->close();
  if (!done) {
    static_cast<void>(remove_secret_file(unfinished));
    return fail(fmt::format("{}: {}", path, done.error()));
  }
  TRY(move_file(unfinished, path));
  // A check is due; the file also shows that a store was here.
  static_cast<void>(make_empty_file(folder + "/checked"));
  return is_new;
}

// If a store is missing where there was one, as after a fault of the disk, no new identity is made
// in its place. A log that was left would also corrupt a new file.
Result<void> check_never_was(const std::string& folder, const std::string& path) {
  for (const std::string& left : {path + "-wal", path + "-shm", folder + "/checked", folder + "/unclean"})
    if (file_exists(left))
      return fail(
          fmt::format("{} is missing, but there was one: {} is there. Put a backup in its place; or, to "
                      "begin with a new identity, move what is left of the old one away",
                      path, left));
  return {};
}

// --- 3. opened -----------------------------------------------------------------------------------

Result<void> check_permissions(const std::string& path) {
  TRY(check_private_file(path));
  for (const char* beside : {"-wal", "-shm"})
    if (file_exists(path + beside)) TRY(check_private_file(path + beside));
  return {};
}

// Returns the file's schema version, if it is a store.
Result<std::int64_t> version_of(sqlite::Database& db) {
  auto version = db.number("PRAGMA user_version");
  TRY(version);
  if (*version > schema_version)
    return fail(fmt::format("made by a newer version of SIMS (schema {}, here {}): use that one", *version,
                            schema_version));
  if (*version < 1) return fail(sqlite::damaged("no store"));
  TRY_LET(foreign, db.number("SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')"));
  if (foreign != 0) return fail(sqlite::damaged("it has a trigger or view, which no store has"));
  return version;
}

Result<void> prepare(sqlite::Database& db, const std::string& folder) {
  auto version = version_of(db);
  TRY(version);
  auto set = db.execute(settings);
  if (set) set = db.execute("PRAGMA journal_mode = WAL");
  if (!set || *version == schema_version) return set;
  auto alone = FileLock::take(folder + "/lock", "; end the other program, for this version changes the file");
  TRY(alone);
  version = db.number("PRAGMA user_version");
  TRY(version);
  return migrate(db, *version);
}

struct Opened {
  sqlite::Database db;
  std::string read_only;  // the reason, or empty
};

// A store that cannot be written can still be read.
Result<Opened> open_database(const std::string& folder, const std::string& path) {
  TRY_LET(db, sqlite::Database::open(path));
  auto ready = prepare(db, folder);
  if (ready && db.writable()) return Opened{std::move(db), {}};
  // SQLite's error may be that of its second attempt, that a file which it could not make is
  // missing. So test the disk ourselves.
  std::string why = why_not_writable(folder);
  if (why.empty()) why = why_not_writable(path);
  if (why.empty() || !(ready || db.medium_failed()))
    why = ready ? "the file or its disk is read-only" : ready.error();
  std::string words = fmt::format("{}: it can only be read here: {}", path, why);
  if (ready) return Opened{std::move(db), std::move(words)};
  if (!db.medium_failed()) return fail(why);
  auto snapshot = sqlite::Database::open_snapshot(path);
  const auto version = snapshot ? version_of(*snapshot) : fail(snapshot.error());
  if (!version) return fail(why);
  if (*version != schema_version)
    return fail(why + "; an older version made it: it can be read once it could be written to");
  return Opened{std::move(*snapshot), std::move(words)};
}

}  // namespace

Result<std::unique_ptr<StoreFile>> open_store_file(const std::string& folder) {
  TRY(make_private_folder(folder));
  const std::string path = folder + "/store.db";
  bool is_new = false;
  std::optional<FileLock> alone;
  if (!file_exists(path)) {
    auto taken = FileLock::take(folder + "/lock");  // excludes two first uses at once, and older programs
    TRY(taken);
    alone = std::move(*taken);
    if (!file_exists(path)) {
      TRY(check_never_was(folder, path));
      TRY_LET(made, make(folder, path));
      is_new = made;
    }
  }
  TRY(check_permissions(path));
  const bool log_left = file_exists(path + "-wal");
  auto opened = open_database(folder, path);
  if (!opened) return fail(fmt::format("{}: {}", path, opened.error()));
  auto file = std::make_unique<StoreFile>(folder, std::move(opened->db));
  file->read_only = std::move(opened->read_only);
  file->made = is_new;
  file->log_left = log_left;
  if (!any_old_files(folder)) return file;
  if (!alone) {
    auto taken = FileLock::take(folder + "/lock");
    if (!taken) return file;  // another program migrates it
    alone = std::move(*taken);
  }
  Vault vault(*file);
  TRY(vault.read_head());
  TRY(remove_old_files(folder, vault.head().id));
  return file;
}

}  // namespace sims::client
