// Failures of an AccountStore's file: versions, other programs' files, damage; backups and the WAL.
#include "server/accounts/sqlite_accounts.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "os/files.h"
#include "support/fixed_rng.h"
#include "support/server_folder.h"
#include "support/some_id.h"

namespace sims {
namespace {

using proto::ErrorCode;
using proto::Id;
using server::Ban;
using server::Binding;
using server::SqliteAccounts;
using test::id;

std::unique_ptr<SqliteAccounts> opened(const std::string& path) {
  auto store = SqliteAccounts::open(path);
  REQUIRE_MESSAGE(store, (store ? "" : store.error()));
  return std::move(*store);
}

std::string refusal(const std::string& path) {
  const auto store = SqliteAccounts::open(path);
  REQUIRE_FALSE(store);
  REQUIRE(store.error().starts_with(path + ": "));
  return store.error().substr(path.size() + 2);
}

void execute(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  char* why = nullptr;
  sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &why);
  sqlite3_close(db);
  REQUIRE_MESSAGE(why == nullptr, why);
}

std::string names(const SqliteAccounts& store) {
  std::string out;
  for (const auto& account : store.names("", 100'000))
    out += account.name + " " + account.id.str() + "\n";
  return out;
}

off_t size_of(const std::string& path) {
  struct stat s {};
  return stat(path.c_str(), &s) == 0 ? s.st_size : -1;
}

unsigned mode_of(const std::string& path) {
  struct stat s {};
  REQUIRE(stat(path.c_str(), &s) == 0);
  return s.st_mode & 0777;
}

// --- versions and strangers ------------------------------------------------------------------------

TEST_CASE("bindings survive, the file is private") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  REQUIRE(opened(path)->bind("alice", id(1), true, 1));
  CHECK(mode_of(path) == 0600);
  const auto store = opened(path);
  CHECK(store->size() == 1);
  CHECK(store->bind("alice", id(1), false, 2) == Binding::known);
  CHECK(store->bind("alice", id(2), true, 2).error().code == ErrorCode::name_taken);
}

// As simsd 0.x of schema 1 made it.
void make_schema_1(const std::string& path) {
  REQUIRE(write_private_file(path, ""));
  execute(path, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  execute(path, R"sql(BEGIN;
  CREATE TABLE account (
    name TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL UNIQUE,
    registered INTEGER NOT NULL  -- unix s
  ) STRICT;
  PRAGMA user_version = 1;
COMMIT;)sql");
  execute(path, "INSERT INTO account VALUES ('alice', '" + id(1).str() + "', 17)");
}

TEST_CASE("a file of schema 1 is brought up to date, once") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  make_schema_1(path);
  for (int n = 0; n < 2; ++n) {
    const auto store = opened(path);
    REQUIRE(store->size() == 1);
    CHECK(store->id_of("alice") == id(1));
    CHECK(store->names("", 1).at(0).registered == 17);
    REQUIRE(store->ban({Ban::Kind::name, "mallory", "spam", 1, 0}));
    CHECK(store->bans().size() == 1);
    REQUIRE(store->invite("code" + std::to_string(n), 1, 0));
  }
  CHECK(opened(path)->redeem("bob", id(2), "code0", 1) == Binding::made);
}

TEST_CASE("a file that cannot be migrated stays as it is") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  make_schema_1(path);
  execute(path, "CREATE TABLE invitation (x)");  // blocks the second new table
  for (int n = 0; n < 2; ++n)
    CHECK(refusal(path) == "table invitation already exists");
  execute(path, "DROP TABLE invitation");
  CHECK(opened(path)->size() == 1);
}

TEST_CASE("a newer file and another program's are refused in words") {
  test::Folder folder;
  const auto made = [&](const std::string& name, const std::string& sql) {
    const auto path = folder.path + "/" + name;
    opened(path);
    execute(path, sql);
    return path;
  };
  const auto newer = made("newer", "PRAGMA user_version = 3");
  CHECK(refusal(newer) == "made by another version of simsd (schema 3; this one knows up to 2)");
  CHECK(refusal(made("negative", "PRAGMA user_version = -1")).starts_with("made by another version"));

  const auto stranger = folder.path + "/stranger";
  execute(stranger, "CREATE TABLE contact (name TEXT)");
  CHECK(refusal(stranger) == "not a file of simsd's: it has other tables");
  execute(stranger, "SELECT name FROM contact");  // nothing was made in it
  execute(stranger, "PRAGMA user_version = 2");
  CHECK(refusal(stranger) == "not a file of simsd's: its table account is missing");
  const auto alike = made("alike", "DROP TABLE account; CREATE TABLE account (name, id, registered)");
  CHECK(refusal(alike) == "not a file of simsd's: its table account is another one");
  CHECK_FALSE(SqliteAccounts::open(folder.path + "/no/such/folder.db"));
}

// --- damage ----------------------------------------------------------------------------------------

constexpr const char* what_to_do = "; restore it from a backup";

void filled(const std::string& path, std::uint32_t accounts = 200) {
  const auto store = opened(path);
  for (std::uint32_t n = 0; n < accounts; ++n)
    REQUIRE(store->bind("name" + std::to_string(n), id(n), true, n));
  REQUIRE(store->ban({Ban::Kind::name, "mallory", "spam", 1, 0}));
  REQUIRE(store->invite("code", 1, 0));
}

TEST_CASE("a damaged file is refused with advice") {
  test::Folder folder(test::in_memory());
  const auto path = folder.path + "/accounts.db";
  REQUIRE(write_private_file(path, std::string(8'192, 'x')));
  CHECK(refusal(path) == "damaged: file is not a database; restore it from a backup");
  const auto good = folder.path + "/good.db";
  filled(good);
  const auto whole = *read_file(good);
  REQUIRE(whole.size() > 8 * 4'096);
  for (std::size_t pages = 1; pages * 4'096 < whole.size(); ++pages) {  // truncated
    REQUIRE(write_private_file(path, whole.substr(0, pages * 4'096)));
    const auto said = refusal(path);
    CHECK_MESSAGE(said.starts_with("damaged: "), said);
    CHECK(said.ends_with(what_to_do));
  }
  for (std::size_t page = 0; page * 4'096 < whole.size(); ++page) {  // another's bytes in a page
    auto bytes = whole;
    for (std::size_t i = 0; i < 4'096; ++i)
      bytes[4'096 * page + i] = static_cast<char>(~bytes[4'096 * page + i]);
    REQUIRE(write_private_file(path, bytes));
    const auto said = refusal(path);
    CHECK_MESSAGE(said.starts_with("damaged: "), said);
    CHECK(said.ends_with(what_to_do));
  }
}

// Changes one byte at a time: no name may go to another id or get lost silently.
TEST_CASE("a byte that has changed is found, or no name depends on it") {
  test::Folder folder(test::in_memory());
  const auto path = folder.path + "/accounts.db", good = folder.path + "/good.db";
  filled(good, 60);
  const auto whole = *read_file(good);
  const auto before = names(*opened(good));
  test::FixedRng random(5);
  int refused = 0;
  constexpr int rounds = 400;
  for (int n = 0; n < rounds; ++n) {
    auto bytes = whole;
    auto& byte = bytes[random.pick(whole.size())];
    byte = static_cast<char>(byte ^ (1 << random.pick(8)));
    REQUIRE(write_private_file(path, bytes));
    unlink((path + "-wal").c_str());
    unlink((path + "-shm").c_str());
    const auto store = SqliteAccounts::open(path);
    if (!store)
      ++refused;
    else
      CHECK(names(**store) == before);
  }
  CHECK(refused > rounds / 10);  // much of the file is empty room
}

// --- changes that cannot be stored -------------------------------------------------------------------

TEST_CASE("a registration that cannot be stored is refused as internal, and not remembered") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  const auto store = opened(path);
  REQUIRE(store->invite("code", 1, 0));
  execute(path, "CREATE TRIGGER full BEFORE INSERT ON account BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  CHECK(store->bind("alice", id(1), true, 1).error().code == ErrorCode::internal);
  CHECK(store->redeem("alice", id(1), "code", 1).error().text ==
        "the registration could not be stored; try again later");
  CHECK_FALSE(store->registered(id(1)));
  execute(path, "DROP TRIGGER full");
  CHECK(store->redeem("alice", id(1), "code", 1) == Binding::made);  // it was not used up
}

TEST_CASE("nothing is written to a file that is no longer the one of its name") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  const auto store = opened(path);
  REQUIRE(store->bind("alice", id(1), true, 1));
  filled(folder.path + "/other.db", 1);
  REQUIRE(rename((folder.path + "/other.db").c_str(), path.c_str()) == 0);
  CHECK(store->bind("bob", id(2), true, 1).error().code == ErrorCode::internal);
  const auto banned = store->ban({Ban::Kind::name, "bob", "", 1, 0});
  REQUIRE_FALSE(banned);
  CHECK(banned.error() == "the file was replaced or removed while simsd runs; restart it");
  CHECK(store->bans().empty());
  CHECK_FALSE(store->backup(folder.path + "/copy"));
  CHECK_FALSE(store->release("alice"));
  CHECK(store->bind("alice", id(1), false, 1) == Binding::known);
}

// --- backups and the WAL -----------------------------------------------------------------------------

TEST_CASE("a backup is a whole accounts.db of its own, private, and never replaces a file") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db", copy = folder.path + "/copy.db";
  filled(path);
  const auto store = opened(path);
  REQUIRE(store->bind("late", id(999), true, 1));  // in the WAL alone
  REQUIRE(write_private_file(copy + ".unfinished", "a killed one's"));
  REQUIRE(store->backup(copy));
  CHECK(mode_of(copy) == 0600);
  CHECK_FALSE(file_exists(copy + ".unfinished"));
  CHECK_FALSE(file_exists(copy + "-wal"));
  REQUIRE(store->bind("later", id(1'000), true, 1));
  const auto again = store->backup(copy);
  REQUIRE_FALSE(again);
  CHECK(again.error() == copy + ": File exists");
  const auto restored = opened(copy);
  CHECK(restored->size() == 201);
  CHECK(restored->id_of("late") == id(999));
  CHECK(restored->bans().size() == 1);
  CHECK(restored->redeem("guest", id(2'000), "code", 1) == Binding::made);
}

TEST_CASE("a backup that cannot be made leaves nothing behind and says why") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  filled(path);
  const auto store = opened(path);
  const auto missing = store->backup(folder.path + "/no/such/folder");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().ends_with("No such file or directory"));
  const auto dangling = folder.path + "/link";
  REQUIRE(symlink("nowhere", dangling.c_str()) == 0);
  CHECK_FALSE(store->backup(dangling));
  CHECK_FALSE(file_exists(folder.path + "/nowhere"));
  if (access("/dev/full", W_OK) == 0) CHECK_FALSE(store->backup("/dev/full"));
  REQUIRE(store->backup(folder.path + "/good"));
  CHECK_FALSE(store->backup(folder.path + "/good/inside"));
}

TEST_CASE("registrations go on during backups; each backup is of one moment") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  const auto store = opened(path);
  // A release and a registration at a time: 50 names at any moment but between the two.
  for (std::uint32_t n = 0; n < 50; ++n)
    REQUIRE(store->bind("name" + std::to_string(n), id(n), true, 1));
  std::atomic<bool> over = false;
  std::atomic<int> changes = 0;
  std::thread writer([&] {
    for (std::uint32_t n = 50; !over; ++n, ++changes) {
      if (!store->release("name" + std::to_string(n - 50))) break;
      if (!store->bind("name" + std::to_string(n), id(n), true, 1)) break;
    }
  });
  for (int n = 0; n < 20; ++n) {
    const int before = changes;
    const auto copy = folder.path + "/copy" + std::to_string(n);
    CHECK(store->backup(copy));
    const auto size = opened(copy)->size();
    CHECK((size == 49 || size == 50));
    while (changes == before && !over)
      std::this_thread::yield();
  }
  over = true;
  writer.join();
}

TEST_CASE("the WAL stays small, and shrinks again after a long backup") {
  test::Folder folder(test::in_memory());
  const auto path = folder.path + "/accounts.db", wal = path + "-wal";
  const auto store = opened(path);
  std::uint32_t next = 0;
  const auto grow = [&] {
    off_t most = 0;
    for (int n = 0; n < 1'500; ++n, ++next) {
      REQUIRE(store->bind("name" + std::to_string(next), id(next), true, 1));
      most = std::max(most, size_of(wal));
    }
    return most;
  };
  CHECK(grow() < 6 << 20);
  {
    auto backup = sqlite::Database::open_read_only(path);
    REQUIRE(backup);
    auto moment = sqlite::Transaction::read(*backup);
    REQUIRE(backup->number("SELECT count(*) FROM account") == 1'500);
    CHECK(grow() > 10 << 20);
  }
  grow();
  CHECK(size_of(wal) <= 8 << 20);
}

}  // namespace
}  // namespace sims
