// The contract of an AccountStore, for each implementation, and what only the file can go wrong at.
#include "server/accounts.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/base64.h"
#include "base/files.h"
#include "folder.h"
#include "server/state_folder.h"
#include "server/store_sqlite.h"
#include "support/fixed_rng.h"

namespace sims {
namespace {

using proto::ErrorCode;
using proto::Id;
using server::AccountStore;
using server::Binding;
using server::SqliteAccounts;

Id id(std::uint8_t n) {
  return *Id::shaped(base64_encode(Bytes(32, n), Base64::url_unpadded));
}

ErrorCode refusal(AccountStore& store, const std::string& name, const Id& who, bool open = true) {
  const auto verdict = store.bind(name, who, open, 1);
  REQUIRE_FALSE(verdict);
  return verdict.error().code;
}

void contract(AccountStore& store) {
  CHECK(store.size() == 0);
  CHECK_FALSE(store.registered(id(1)));
  CHECK(store.bind("alice", id(1), true, 1) == Binding::made);
  CHECK(store.bind("alice", id(1), true, 2) == Binding::known);
  CHECK(store.bind("alice", id(1), false, 2) == Binding::known);
  CHECK(store.registered(id(1)));
  CHECK(refusal(store, "alice", id(2)) == ErrorCode::name_taken);
  CHECK(refusal(store, "malice", id(1)) == ErrorCode::id_taken);
  CHECK(refusal(store, "bob", id(2), false) == ErrorCode::not_registered);
  CHECK_FALSE(store.registered(id(2)));
  CHECK(store.bind("bob", id(2), true, 1) == Binding::made);
  CHECK(refusal(store, "bob", id(1)) == ErrorCode::name_taken);  // both are bound, to others
  CHECK(store.size() == 2);
}

// Many threads claim one name, and each other's.
void race(AccountStore& store) {
  for (int round = 0; round < 20; ++round) {
    const auto name = "name" + std::to_string(round);
    std::atomic<int> made = 0, taken = 0;
    std::vector<std::thread> threads;
    for (std::uint8_t n = 0; n < 4; ++n)
      threads.emplace_back([&, n] {
        const auto verdict = store.bind(name, id(static_cast<std::uint8_t>(10 + 4 * round + n)), true, 1);
        if (verdict)
          ++made;
        else if (verdict.error().code == ErrorCode::name_taken)
          ++taken;
      });
    for (auto& t : threads)
      t.join();
    CHECK(made == 1);
    CHECK(taken == 3);
  }
  CHECK(store.size() == 20);
  // One client on two connections: both are in, one of them registered.
  std::atomic<int> in = 0, made = 0;
  std::vector<std::thread> twice;
  for (int n = 0; n < 2; ++n)
    twice.emplace_back([&] {
      const auto verdict = store.bind("twice", id(200), true, 1);
      if (verdict) ++in, made += *verdict == Binding::made;
    });
  for (auto& t : twice)
    t.join();
  CHECK(in == 2);
  CHECK(made == 1);
}

TEST_CASE("contract: in memory") {
  server::MemoryAccounts a, b;
  contract(a);
  race(b);
}

TEST_CASE("contract: in a file") {
  test::Folder folder;
  auto a = SqliteAccounts::open(folder.path + "/a.db"), b = SqliteAccounts::open(folder.path + "/b.db");
  REQUIRE(a);
  REQUIRE(b);
  contract(**a);
  race(**b);
}

TEST_CASE("bindings survive, the file is private") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  {
    auto store = SqliteAccounts::open(path);
    REQUIRE(store);
    REQUIRE((*store)->bind("alice", id(1), true, 1));
  }
  struct stat s {};
  REQUIRE(stat(path.c_str(), &s) == 0);
  CHECK((s.st_mode & 0777) == 0600);
  auto store = SqliteAccounts::open(path);
  REQUIRE(store);
  CHECK((*store)->size() == 1);
  CHECK((*store)->bind("alice", id(1), false, 2) == Binding::known);
  CHECK(refusal(**store, "alice", id(2)) == ErrorCode::name_taken);
}

TEST_CASE("a damaged file, a foreign one and one of a newer version are refused in words") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  REQUIRE(write_private_file(path, std::string(8'192, 'x')));
  auto damaged = SqliteAccounts::open(path);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error() == path + ": damaged: file is not a database; restore it from a backup");

  const auto torn = folder.path + "/torn.db";
  REQUIRE(SqliteAccounts::open(torn));
  std::filesystem::resize_file(torn, 4'096);  // the first page of some
  damaged = SqliteAccounts::open(torn);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().starts_with(torn + ": damaged: "));
  CHECK(damaged.error().ends_with("; restore it from a backup"));

  const auto newer = folder.path + "/newer.db";
  REQUIRE(SqliteAccounts::open(newer));
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(newer.c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_exec(db, "PRAGMA user_version = 99", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
  auto refused = SqliteAccounts::open(newer);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().find("another version") != std::string::npos);

  CHECK_FALSE(SqliteAccounts::open(folder.path + "/no/such/folder.db"));
}

TEST_CASE("a registration that cannot be stored is refused as internal, and not remembered") {
  test::Folder folder;
  const auto path = folder.path + "/accounts.db";
  auto store = SqliteAccounts::open(path);
  REQUIRE(store);
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_exec(
              db, "CREATE TRIGGER full BEFORE INSERT ON account BEGIN SELECT RAISE(ABORT, 'disk full'); END",
              nullptr, nullptr, nullptr) == SQLITE_OK);
  CHECK(refusal(**store, "alice", id(1)) == ErrorCode::internal);
  CHECK_FALSE((*store)->registered(id(1)));
  REQUIRE(sqlite3_exec(db, "DROP TRIGGER full", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
  CHECK((*store)->bind("alice", id(1), true, 1) == Binding::made);
}

TEST_CASE("the state folder: made private, one at a time, its key kept") {
  test::Folder folder;
  const auto path = folder.path + "/state";
  crypto::PublicKey key;
  {
    auto state = server::StateFolder::open(path);
    REQUIRE(state);
    key = state->identity.public_key();
    auto second = server::StateFolder::open(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().find("another simsd") != std::string::npos);
    auto printed = server::load_identity(path);  // beside a running one
    REQUIRE(printed);
    CHECK(printed->public_key() == key);
  }
  struct stat s {};
  REQUIRE(stat(path.c_str(), &s) == 0);
  CHECK((s.st_mode & 0777) == 0700);
  REQUIRE(stat((path + "/identity").c_str(), &s) == 0);
  CHECK((s.st_mode & 0777) == 0600);
  auto again = server::StateFolder::open(path);
  REQUIRE(again);
  CHECK(again->identity.public_key() == key);
}

TEST_CASE("the state folder: a key that was being written when simsd was killed does not stay") {
  test::Folder folder;
  for (const bool print_id : {false, true}) {
    const auto path = folder.path + (print_id ? "/print-id" : "/serve");
    REQUIRE(make_private_folder(path));
    REQUIRE(write_private_file(path + "/identity.unfinished", "half a secret"));
    if (print_id)
      REQUIRE(server::load_identity(path));
    else
      REQUIRE(server::StateFolder::open(path));
    CHECK_FALSE(file_exists(path + "/identity.unfinished"));
    CHECK(file_exists(path + "/identity"));
  }
}

TEST_CASE("the state folder: a lost, damaged or readable key and an open folder are refused") {
  test::Folder folder;
  const auto path = folder.path + "/state";
  REQUIRE(server::StateFolder::open(path));
  const auto identity = path + "/identity";
  const auto good = *read_file(identity);

  REQUIRE(chmod(identity.c_str(), 0644) == 0);
  CHECK_FALSE(server::StateFolder::open(path));
  REQUIRE(write_private_file(identity, good.substr(0, good.size() - 2)));
  CHECK_FALSE(server::StateFolder::open(path));
  REQUIRE(unlink(identity.c_str()) == 0);
  auto lost = server::StateFolder::open(path);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().find("missing") != std::string::npos);
  REQUIRE(write_private_file(identity, good));
  REQUIRE(chmod(path.c_str(), 0755) == 0);
  CHECK_FALSE(server::StateFolder::open(path));
  REQUIRE(chmod(path.c_str(), 0700) == 0);
  CHECK(server::StateFolder::open(path));
}

}  // namespace
}  // namespace sims
