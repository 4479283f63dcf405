#include "server/store_sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
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

}  // namespace

SqliteAccounts::~SqliteAccounts() = default;

Result<std::unique_ptr<SqliteAccounts>> SqliteAccounts::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(path + ": " + std::strerror(errno));
  ::close(fd);
  auto db = sqlite::Database::open(path);
  if (!db) return fail(path + ": " + db.error());
  std::unique_ptr<SqliteAccounts> store(new SqliteAccounts(std::move(*db)));
  auto done = store->prepare();
  if (done) done = store->load();
  if (!done) return fail(path + ": " + done.error());
  return store;
}

Result<void> SqliteAccounts::prepare() {
  auto set = db_.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  if (!set) return set;
  {
    sqlite::Statement check(db_, "PRAGMA quick_check(1)");
    auto row = check.step();
    if (!row) return fail(row.error());
    if (check.text(0) != "ok") return fail(sqlite::damaged(check.text(0)));
  }
  const auto version = db_.number("PRAGMA user_version");
  if (!version) return fail(version.error());
  if (*version == schema_version) return {};
  if (*version != 0) return fail(fmt::format("made by another version of simsd (schema {})", *version));
  return db_.execute((std::string("BEGIN;") + schema + "COMMIT;").c_str());
}

Result<void> SqliteAccounts::load() {
  sqlite::Statement rows(db_, "SELECT name, id FROM account");
  return rows.each([&]() -> Result<void> {
    const auto id = proto::Id::shaped(rows.text(1));
    if (!id || !proto::valid_name(rows.text(0))) return fail(sqlite::damaged("a row that is no account"));
    cache_.insert(std::string(rows.text(0)), *id);
    return {};
  });
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
  return sqlite::Statement(db_, "INSERT INTO account (name, id, registered) VALUES (?, ?, ?)", name,
                           id.text(), unix_s)
      .run();
}

}  // namespace sims::server
