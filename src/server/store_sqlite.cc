#include "server/store_sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.h"

namespace sims::server {

namespace {

constexpr int schema_version = 1;
constexpr const char* schema = R"sql(
  CREATE TABLE account (
    name TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL UNIQUE,
    registered INTEGER NOT NULL  -- unix s
  ) STRICT;
  PRAGMA user_version = 1;
)sql";

class Statement {
 public:
  Statement(sqlite3* db, const char* sql) { status_ = sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr); }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(int at, std::string_view text) {
    if (status_ == SQLITE_OK)
      status_ =
          sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }
  void bind(int at, std::uint64_t number) {
    if (status_ == SQLITE_OK)
      status_ = sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(number));
  }
  int step() { return status_ == SQLITE_OK ? sqlite3_step(statement_) : status_; }
  std::string_view text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {text ? text : "", static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  int number(int column) const { return sqlite3_column_int(statement_, column); }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int status_;
};

std::string damaged(std::string_view why) {
  return fmt::format("damaged: {}; restore it from a backup", why);
}

// What went wrong last, and what helps when the file is to blame.
std::string words(sqlite3* db) {
  const int code = sqlite3_errcode(db);
  const char* why = sqlite3_errmsg(db);
  return code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? damaged(why) : why;
}

Result<void> execute(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fail(words(db));
  return {};
}

}  // namespace

void SqliteAccounts::Close::operator()(sqlite3* db) const {
  sqlite3_close(db);
}
SqliteAccounts::~SqliteAccounts() = default;

Result<std::unique_ptr<SqliteAccounts>> SqliteAccounts::open(const std::string& path) {
  // SQLite gives its journal files the permissions of the database.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(path + ": " + std::strerror(errno));
  ::close(fd);
  sqlite3* db = nullptr;
  const int status =
      sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  std::unique_ptr<SqliteAccounts> store(new SqliteAccounts(db));
  if (status != SQLITE_OK) return fail(path + ": " + (db ? words(db) : "out of memory"));
  auto done = store->prepare();
  if (done) done = store->load();
  if (!done) return fail(path + ": " + done.error());
  return store;
}

Result<void> SqliteAccounts::prepare() {
  sqlite3_busy_timeout(db_.get(), 5'000);
  auto set = execute(db_.get(), "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  if (!set) return set;
  {
    Statement check(db_.get(), "PRAGMA quick_check(1)");
    if (check.step() != SQLITE_ROW) return fail(words(db_.get()));
    if (check.text(0) != "ok") return fail(damaged(check.text(0)));
  }
  int version = 0;
  {
    Statement ask(db_.get(), "PRAGMA user_version");
    if (ask.step() != SQLITE_ROW) return fail(words(db_.get()));
    version = ask.number(0);
  }
  if (version == schema_version) return {};
  if (version != 0) return fail("made by another version of simsd (schema " + std::to_string(version) + ")");
  return execute(db_.get(), (std::string("BEGIN;") + schema + "COMMIT;").c_str());
}

Result<void> SqliteAccounts::load() {
  Statement rows(db_.get(), "SELECT name, id FROM account");
  int status;
  while ((status = rows.step()) == SQLITE_ROW) {
    const auto id = proto::Id::shaped(rows.text(1));
    if (!id || !proto::valid_name(rows.text(0))) return fail(damaged("a row that is no account"));
    cache_.insert(std::string(rows.text(0)), *id);
  }
  if (status != SQLITE_DONE) return fail(words(db_.get()));
  return {};
}

Result<Binding, Refusal> SqliteAccounts::bind(const std::string& name, const proto::Id& id, bool open,
                                              std::uint64_t unix_s) {
  auto verdict = cache_.check(name, id, open);
  if (!verdict || *verdict == Binding::known) return verdict;
  const std::lock_guard lock(writing_);
  verdict = cache_.check(name, id, open);  // somebody may have been faster
  if (!verdict || *verdict == Binding::known) return verdict;
  if (auto stored = store(name, id, unix_s); !stored) {
    log::error("event=registration-not-stored name={} reason={}", name, log::remote{stored.error()});
    return fail(Refusal{proto::ErrorCode::internal, "the registration could not be stored; try again later"});
  }
  cache_.insert(name, id);
  return Binding::made;
}

Result<void> SqliteAccounts::store(const std::string& name, const proto::Id& id, std::uint64_t unix_s) {
  Statement insert(db_.get(), "INSERT INTO account (name, id, registered) VALUES (?, ?, ?)");
  insert.bind(1, name);
  insert.bind(2, id.text());
  insert.bind(3, unix_s);
  if (insert.step() != SQLITE_DONE) return fail(words(db_.get()));
  return {};
}

}  // namespace sims::server
