// SqliteAccounts: the schema of `accounts.db`, how it is loaded and checked, and durable changes.
#include "server/accounts/sqlite_accounts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "os/files.h"
#include "os/log.h"
#include "server/accounts/invitation.h"

namespace sims::server {

using sqlite::Statement;

namespace {

constexpr int schema_version = 2;

// A table, and the schema version that introduced it. check_schema() compares each text with the
// one in the file's sqlite_schema, letter by letter. So never change a text, not even a comment in it.
struct Table {
  int since;
  const char* name;
  const char* sql;
};
constexpr Table tables[] = {
    {1, "account", R"sql(CREATE TABLE account (
    name TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL UNIQUE,
    registered INTEGER NOT NULL  -- unix s
  ) STRICT)sql"},
    {2, "ban", R"sql(CREATE TABLE ban (
    kind TEXT NOT NULL,      -- id, name, address
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    made INTEGER NOT NULL,   -- unix s
    until INTEGER NOT NULL,  -- unix s; 0: for ever
    PRIMARY KEY (kind, value)
  ) STRICT, WITHOUT ROWID)sql"},
    {2, "invitation", R"sql(CREATE TABLE invitation (
    hash BLOB NOT NULL PRIMARY KEY,  -- SHA-256 of the code
    made INTEGER NOT NULL,           -- unix s
    until INTEGER NOT NULL           -- unix s; 0: for ever
  ) STRICT, WITHOUT ROWID)sql"},
};

// journal_size_limit is more than checkpoints need (some 4 MiB): a WAL that a backup made grow
// shrinks again.
constexpr const char* settings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;"
    "PRAGMA journal_size_limit = 8388608;";

std::uint64_t seconds(const Statement& row, int column) {
  return static_cast<std::uint64_t>(row.number(column));
}

// Creates the file if it is missing.
Result<void> touch(const std::string& path) {
  const bool made = !file_exists(path);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(path + ": " + std::strerror(errno));
  ::close(fd);
  return made ? sync_folder_of(path) : Result<void>();
}

}  // namespace

SqliteAccounts::~SqliteAccounts() = default;

Result<std::unique_ptr<SqliteAccounts>> SqliteAccounts::open(const std::string& path,
                                                             std::string_view if_empty) {
  if (if_empty.empty()) TRY(touch(path));
  auto db = sqlite::Database::open(path);
  if (!db) return fail(path + ": " + db.error());
  if (!if_empty.empty()) {
    const auto has = db->number("SELECT count(*) FROM sqlite_schema");
    if (!has) return fail(path + ": " + has.error());
    if (*has == 0) return fail(path + " holds nothing" + std::string(if_empty));
  }
  std::unique_ptr<SqliteAccounts> store(new SqliteAccounts(std::move(*db), path));
  auto done = store->prepare();
  if (done) done = store->load();
  if (!done) return fail(path + ": " + done.error());
  return store;
}

// --- the file -------------------------------------------------------------------------------------

Result<void> SqliteAccounts::prepare() {
  if (auto set = db_.execute(settings); !set) return set;
  // Not SQLite's quick check: names and ids are in the indexes too, so the full check finds one that
  // has changed.
  const auto damage = db_.check();
  TRY(damage);
  if (!damage->empty()) return fail(sqlite::damaged(*damage));
  const auto version = db_.number("PRAGMA user_version");
  TRY(version);
  if (*version > schema_version || *version < 0)
    return fail(fmt::format("made by another version of simsd (schema {}; this one knows up to {})", *version,
                            schema_version));
  if (*version < schema_version)
    if (auto made = make_schema(*version); !made) return made;
  return check_schema();
}

Result<void> SqliteAccounts::make_schema(std::int64_t from) {
  const auto there = db_.number("SELECT count(*) FROM sqlite_schema");
  TRY(there);
  if (from == 0 && *there != 0) return fail("not a file of simsd's: it has other tables");
  return write([&]() -> Result<void> {
    for (const auto& table : tables)
      if (table.since > from)
        if (auto made = db_.execute(table.sql); !made) return made;
    return db_.execute(fmt::format("PRAGMA user_version = {}", schema_version).c_str());
  });
}

Result<void> SqliteAccounts::check_schema() {
  for (const auto& table : tables) {
    Statement row(db_, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?",
                  std::string_view(table.name));
    const auto found = row.step();
    TRY(found);
    if (!*found || row.text(0) != table.sql)
      return fail(fmt::format("not a file of simsd's: its table {} is {}", table.name,
                              *found ? "another one" : "missing"));
  }
  return {};
}

Result<void> SqliteAccounts::load() {
  auto done = load_accounts();
  if (done) done = load_bans();
  if (done) done = load_invitations();
  return done;
}

Result<void> SqliteAccounts::load_accounts() {
  Statement row(db_, "SELECT name, id, registered FROM account");
  return row.each([&]() -> Result<void> {
    const auto id = proto::Id::shaped(row.text(1));
    const bool good = id && proto::valid_name(row.text(0)) &&
                      cache_.bind(std::string(row.text(0)), *id, true, seconds(row, 2)) == Binding::made;
    return good ? Result<void>() : fail(sqlite::damaged("a row that is no account"));
  });
}

Result<void> SqliteAccounts::load_bans() {
  Statement row(db_, "SELECT kind, value, reason, made, until FROM ban");
  return row.each([&]() -> Result<void> {
    const auto kind = parse_ban_kind(row.text(0));
    if (!kind) return fail(sqlite::damaged("a row that is no ban"));
    cache_.add_ban(
        {*kind, std::string(row.text(1)), std::string(row.text(2)), seconds(row, 3), seconds(row, 4)});
    return {};
  });
}

Result<void> SqliteAccounts::load_invitations() {
  Statement row(db_, "SELECT hash, until FROM invitation");
  return row.each([&]() -> Result<void> {
    crypto::Digest hash;
    if (row.blob(0).size() != hash.size()) return fail(sqlite::damaged("a row that is no invitation"));
    std::copy_n(row.blob(0).begin(), hash.size(), hash.begin());
    cache_.add_invitation(hash, seconds(row, 1));
    return {};
  });
}

template <class F>
Result<void> SqliteAccounts::write(F change) {
  // A change written now would be lost after a restart.
  if (db_.moved()) return fail("the file was replaced or removed while simsd runs; restart it");
  auto transaction = sqlite::Transaction::begin(db_);
  TRY(transaction);
  if (Result<void> changed = change(); !changed) return changed;
  return transaction->commit();
}

Result<void> SqliteAccounts::backup(const std::string& path) {
  const std::lock_guard lock(copying_);
  {
    const std::lock_guard db(writing_);
    if (db_.moved()) return fail(path_ + ": the file was replaced or removed while simsd runs; restart it");
  }
  auto source = sqlite::Database::open_read_only(path_);
  if (!source) return fail(path_ + ": " + source.error());
  return write_new_file(path, [&](const std::string& file) { return source->copy_into(file); });
}

// --- registrations --------------------------------------------------------------------------------

template <class Check, class Change, class Done>
Result<Binding, Refusal> SqliteAccounts::registration(const std::string& name, Check check, Change change,
                                                      Done done) {
  Result<Binding, Refusal> verdict = check();
  if (!verdict || *verdict == Binding::known) return verdict;
  const std::lock_guard lock(writing_);
  verdict = check();  // another thread may have been faster
  if (!verdict || *verdict == Binding::known) return verdict;
  if (auto stored = write(change); !stored) {
    log::error("event=registration-not-stored name={} reason={}", name, log::remote{stored.error()});
    return fail(Refusal{proto::ErrorCode::internal, "the registration could not be stored; try again later"});
  }
  return done();
}

Result<void> SqliteAccounts::store(const std::string& name, const proto::Id& id, std::uint64_t unix_s) {
  return Statement(db_, "INSERT INTO account (name, id, registered) VALUES (?, ?, ?)", name, id.text(),
                   unix_s)
      .run();
}

Result<Binding, Refusal> SqliteAccounts::bind(const std::string& name, const proto::Id& id, bool open,
                                              std::uint64_t unix_s) {
  return registration(
      name, [&] { return cache_.check(name, id, open); }, [&] { return store(name, id, unix_s); },
      [&] { return cache_.bind(name, id, open, unix_s); });
}

Result<Binding, Refusal> SqliteAccounts::redeem(const std::string& name, const proto::Id& id,
                                                std::string_view code, std::uint64_t unix_s) {
  const auto use = [&]() -> Result<void> {
    const auto hash = invitation_hash(code);
    if (auto used = Statement(db_, "DELETE FROM invitation WHERE hash = ?", ByteView(hash)).run(); !used)
      return used;
    return store(name, id, unix_s);
  };
  return registration(
      name, [&] { return cache_.check(name, id, code, unix_s); }, use,
      [&] { return cache_.redeem(name, id, code, unix_s); });
}

Result<bool> SqliteAccounts::release(const std::string& name) {
  const std::lock_guard lock(writing_);
  if (!cache_.id_of(name)) return false;
  auto done = write([&] { return Statement(db_, "DELETE FROM account WHERE name = ?", name).run(); });
  TRY(done);
  return cache_.release(name);
}

Result<void> SqliteAccounts::invite(std::string_view code, std::uint64_t unix_s, std::uint64_t until) {
  const std::lock_guard lock(writing_);
  if (auto may = cache_.check_invite(code, unix_s); !may) return may;
  auto done = write([&]() -> Result<void> {
    auto old = Statement(db_, "DELETE FROM invitation WHERE until > 0 AND until <= ?", unix_s).run();
    if (!old) return old;
    const auto hash = invitation_hash(code);
    return Statement(db_, "INSERT INTO invitation (hash, made, until) VALUES (?, ?, ?)", ByteView(hash),
                     unix_s, until)
        .run();
  });
  return done ? cache_.invite(code, unix_s, until) : done;
}

// --- bans -----------------------------------------------------------------------------------------

Result<void> SqliteAccounts::ban(const Ban& ban) {
  const std::lock_guard lock(writing_);
  auto done = write([&]() -> Result<void> {
    auto old = Statement(db_, "DELETE FROM ban WHERE until > 0 AND until <= ?", ban.made).run();
    if (!old) return old;
    return Statement(db_,
                     "INSERT OR REPLACE INTO ban (kind, value, reason, made, until) VALUES (?, ?, ?, ?, ?)",
                     to_string(ban.kind), ban.value, ban.reason, ban.made, ban.until)
        .run();
  });
  return done ? cache_.ban(ban) : done;
}

Result<bool> SqliteAccounts::unban(Ban::Kind kind, const std::string& value) {
  const std::lock_guard lock(writing_);
  if (!cache_.banned(kind, value)) return false;
  auto done = write([&] {
    return Statement(db_, "DELETE FROM ban WHERE kind = ? AND value = ?", to_string(kind), value).run();
  });
  TRY(done);
  return cache_.unban(kind, value);
}

}  // namespace sims::server
