// MailDatabase as a file: its schema, how it is opened and checked, transactions, sizes, backups.
#include <fmt/format.h>

#include "os/files.h"
#include "server/mailbox/mail_database.h"

namespace sims::server {

using sqlite::Statement;

namespace {

constexpr int schema_version = 1;

// check_schema() compares each text with the one in the file's sqlite_schema, letter by letter. So never
// change a text, not even a comment in it.
struct Part {
  const char* name;
  const char* sql;
};
constexpr Part schema[] = {
    {"person", R"sql(CREATE TABLE person (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,                   -- 32 bytes
    letters INTEGER NOT NULL DEFAULT 0,        -- that wait for it
    bytes INTEGER NOT NULL DEFAULT 0,          -- of these
    receipts INTEGER NOT NULL DEFAULT 0,       -- that wait for it
    receipt_bytes INTEGER NOT NULL DEFAULT 0,  -- of these
    sent_letters INTEGER NOT NULL DEFAULT 0,   -- of its own, that wait for others
    sent_receipts INTEGER NOT NULL DEFAULT 0,
    taken INTEGER NOT NULL DEFAULT 0,          -- items that it ever acked
    given INTEGER NOT NULL DEFAULT 0,          -- its rows in the table given
    last BLOB                                  -- the number of the prekey that was added last
  ) STRICT)sql"},
    {"sender", R"sql(CREATE TABLE sender (
    owner INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    letters INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    receipts INTEGER NOT NULL,
    receipt_bytes INTEGER NOT NULL,
    PRIMARY KEY (owner, sender)
  ) STRICT, WITHOUT ROWID)sql"},
    {"mail", R"sql(CREATE TABLE mail (
    n INTEGER PRIMARY KEY,   -- grows, for all owners together
    owner INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    kind INTEGER NOT NULL,   -- 0 letter, 1 receipt
    at INTEGER NOT NULL,     -- unix s
    hash BLOB NOT NULL,      -- SHA-256 of the content
    content BLOB NOT NULL
  ) STRICT)sql"},
    {"mail_by_owner", "CREATE INDEX mail_by_owner ON mail (owner)"},  // and n, as every index
    {"mail_by_hash", "CREATE UNIQUE INDEX mail_by_hash ON mail (owner, hash)"},
    {"total", R"sql(CREATE TABLE total (
    one INTEGER PRIMARY KEY,    -- 1: there is one row
    next INTEGER NOT NULL,      -- n of the next item
    letters INTEGER NOT NULL,
    receipts INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    once INTEGER NOT NULL,      -- prekeys for one session
    moved INTEGER NOT NULL      -- from a damaged file: up to this n
  ) STRICT)sql"},
    {"prekey", R"sql(CREATE TABLE prekey (
    owner INTEGER NOT NULL,
    number BLOB NOT NULL,
    suite TEXT NOT NULL,
    kind INTEGER NOT NULL,     -- 1 once, 2 many
    expires INTEGER NOT NULL,  -- unix s
    key BLOB NOT NULL,
    signature BLOB NOT NULL
  ) STRICT)sql"},
    {"prekey_by_number", "CREATE UNIQUE INDEX prekey_by_number ON prekey (owner, number)"},
    {"prekey_by_suite", "CREATE INDEX prekey_by_suite ON prekey (owner, suite, kind, expires)"},
    {"prekey_by_expiry", "CREATE INDEX prekey_by_expiry ON prekey (expires)"},
    {"given", R"sql(CREATE TABLE given (
    owner INTEGER NOT NULL,
    number BLOB NOT NULL,      -- of a prekey that was handed out
    expires INTEGER NOT NULL,  -- unix s
    PRIMARY KEY (owner, number)
  ) STRICT, WITHOUT ROWID)sql"},
    {"given_by_expiry", "CREATE INDEX given_by_expiry ON given (expires)"},
    {"claimed", R"sql(CREATE TABLE claimed (
    owner INTEGER NOT NULL,
    asker BLOB NOT NULL,
    at INTEGER NOT NULL  -- unix s; the row goes after an hour
  ) STRICT)sql"},
    {"claimed_by_asker", "CREATE INDEX claimed_by_asker ON claimed (owner, asker, at)"},
    {"claimed_by_time", "CREATE INDEX claimed_by_time ON claimed (at)"},
};

// A commit in 4,000 pages (16 MiB) checkpoints: with 1,000, the same pages of indexes were written and synced
// again too often. cache_size: 2 MiB for a connection, however much waits.
constexpr const char* settings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"
    "PRAGMA journal_size_limit = 33554432; PRAGMA secure_delete = ON; PRAGMA cache_size = -2000;";

}  // namespace

std::string rescue_path(const std::string& path) {
  return path + ".rescue";
}

ByteArray<32> packed(const proto::Id& id) {
  return id.key();
}

std::optional<proto::Id> unpacked(ByteView bytes) {
  crypto::PublicKey key;
  if (bytes.size() != key.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return proto::Id::of(key);
}

Result<std::unique_ptr<MailDatabase>> MailDatabase::open(const std::string& path) {
  if (!file_exists(path)) {
    if (auto made = make_empty_file(path); !made) return fail(path + ": " + made.error());
    if (auto synced = sync_folder_of(path); !synced) return fail(path + ": " + synced.error());
  }
  auto db = sqlite::Database::open(path);
  if (!db) return fail(path + ": " + db.error());
  std::unique_ptr<MailDatabase> mail(new MailDatabase(std::move(*db), path));
  if (auto ready = mail->prepare(); !ready) return fail(path + ": " + ready.error());
  return mail;
}

Result<void> MailDatabase::prepare() {
  TRY_LET(version, db_.number("PRAGMA user_version"));
  if (version > schema_version || version < 0)
    return fail(fmt::format("made by another version of simsd (schema {}; this one knows up to {})", version,
                            schema_version));
  if (version == 0) {
    TRY_LET(parts, db_.number("SELECT count(*) FROM sqlite_schema"));
    if (parts != 0) return fail("not a file of simsd's: it has other tables");
  }
  TRY(db_.execute(settings));
  if (version == 0) TRY(make_schema());
  return check_schema();
}

Result<void> MailDatabase::make_schema() {
  auto transaction = sqlite::Transaction::begin(db_);
  TRY(transaction);
  TRY_LET(version, db_.number("PRAGMA user_version"));
  if (version != 0) return {};  // another process was faster
  for (const auto& part : schema)
    TRY(db_.execute(part.sql));
  TRY(db_.execute("INSERT INTO total VALUES (1, 1, 0, 0, 0, 0, 0)"));
  TRY(db_.execute(fmt::format("PRAGMA user_version = {}", schema_version).c_str()));
  return transaction->commit();
}

Result<void> MailDatabase::check_schema() {
  for (const auto& part : schema) {
    Statement row(db_, "SELECT sql FROM sqlite_schema WHERE name = ?", std::string_view(part.name));
    TRY_LET(found, row.step());
    if (!found || row.text(0) != part.sql)
      return fail(
          fmt::format("not a file of simsd's: its {} is {}", part.name, found ? "another one" : "missing"));
  }
  return {};
}

Result<void> back_up_mail(const std::string& path, const std::string& to, const std::atomic<bool>& stop) {
  auto source = sqlite::Database::open_read_only(path);
  if (!source) return fail(path + ": " + source.error());
  source->stop_when(stop);
  return write_new_file(to, [&](const std::string& file) { return source->copy_into(file); });
}

// --- transactions ---------------------------------------------------------------------------------

Result<void> MailDatabase::begin() {
  // A change written now would be lost after a restart.
  if (db_.moved()) return fail("the file was replaced or removed while simsd runs; restart it");
  auto begun = sqlite::Transaction::begin(db_);
  TRY(begun);
  transaction_.emplace(std::move(*begun));
  auto totals = this->totals();
  auto used = used_bytes();
  if (!totals || !used) {
    roll_back();
    return fail(totals ? used.error() : totals.error());
  }
  before_ = totals_ = *totals;
  used_bytes_ = *used;
  return {};
}

Result<void> MailDatabase::commit() {
  auto done = drop_unused_people();
  if (done && totals_ != before_) done = store_totals();
  if (done) done = transaction_->commit();
  roll_back();
  return done;
}

void MailDatabase::roll_back() {
  transaction_.reset();
  unused_.clear();
}

Result<void> MailDatabase::store_totals() {
  return Statement(db_,
                   "UPDATE total SET next = ?, letters = ?, receipts = ?, bytes = ?, once = ?, moved = ? "
                   "WHERE one = 1",
                   totals_.next, totals_.letters, totals_.receipts, totals_.bytes, totals_.once,
                   totals_.moved)
      .run();
}

Result<MailDatabase::Totals> MailDatabase::totals() {
  Statement row(db_, "SELECT next, letters, receipts, bytes, once, moved FROM total WHERE one = 1");
  TRY_LET(found, row.step());
  if (!found) return fail(sqlite::damaged("the row of the totals is missing"));
  const auto at = [&](int column) { return static_cast<std::uint64_t>(row.number(column)); };
  return Totals{at(0), at(1), at(2), at(3), at(4), at(5)};
}

Result<std::uint64_t> MailDatabase::oldest() {
  Statement row(db_, "SELECT at FROM mail ORDER BY n LIMIT 1");
  TRY_LET(found, row.step());
  return found ? static_cast<std::uint64_t>(row.number(0)) : 0;
}

Result<std::uint64_t> MailDatabase::used_bytes() {
  TRY_LET(pages, db_.number("PRAGMA page_count"));
  TRY_LET(unused, db_.number("PRAGMA freelist_count"));
  TRY_LET(size, db_.number("PRAGMA page_size"));
  return static_cast<std::uint64_t>((pages - unused) * size);
}

Result<std::uint64_t> MailDatabase::disk_bytes() {
  TRY_LET(pages, db_.number("PRAGMA page_count"));
  TRY_LET(size, db_.number("PRAGMA page_size"));
  return static_cast<std::uint64_t>(pages * size) + file_size(path_ + "-wal").value_or(0);
}

}  // namespace sims::server
