// The state folder: private, locked, its key kept; lost accounts are not silently replaced by empty
// ones.
#include "server/daemon/state_folder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "os/files.h"
#include "os/sqlite.h"
#include "server/accounts/sqlite_accounts.h"
#include "support/fixed_rng.h"
#include "support/server_folder.h"

namespace sims {
namespace {

using proto::Id;
using server::SqliteAccounts;

Id id(std::uint8_t n) {
  return *Id::shaped(base64_encode(Bytes(32, n), Base64::url_unpadded));
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

// A state folder with alice in it, no simsd running.
struct Served {
  Served() {
    auto state = server::StateFolder::open(path);
    REQUIRE(state);
    REQUIRE(state->accounts->bind("alice", id(1), true, 1));
    state->accounts.reset();
    whole = *read_file(db);
    CHECK_FALSE(file_exists(db + ".begun"));
  }
  // Its refusal; the state stays as it was.
  std::string refusal() const {
    const auto before = read_file(db), journal = read_file(db + "-wal");
    const auto state = server::StateFolder::open(path);
    REQUIRE_FALSE(state);
    CHECK(read_file(db) == before);
    CHECK(read_file(db + "-wal") == journal);
    CHECK(file_exists(db + ".begun") == false);
    return state.error();
  }
  bool has_alice() const {
    const auto state = server::StateFolder::open(path);
    REQUIRE(state);
    return state->accounts->id_of("alice") == id(1);
  }
  test::Folder folder;
  const std::string path = folder.path + "/state", db = path + "/accounts.db";
  const std::string advice =
      "; put a backup in its place, or move what is left away and make an empty file " + db +
      ".begun to begin without any names";
  std::string whole;
};

TEST_CASE("44: lost or emptied accounts are not silently replaced by empty ones") {
  Served served;
  const auto& db = served.db;
  SUBCASE("missing") {
    REQUIRE(::unlink(db.c_str()) == 0);
    CHECK(served.refusal() ==
          "accounts: " + db + " is missing beside an identity that had one" + served.advice);
    CHECK(served.refusal() != "");  // nor at the second try
    CHECK_FALSE(file_exists(db));
    // The advice helps.
    REQUIRE(write_private_file(db + ".begun", ""));
    CHECK(server::StateFolder::open(served.path)->accounts->size() == 0);
    CHECK_FALSE(file_exists(db + ".begun"));
    return;
  }
  SUBCASE("missing beside its journal") {
    REQUIRE(::rename(db.c_str(), (db + "-wal").c_str()) == 0);
    CHECK(served.refusal() == "accounts: " + db + " is missing beside " + db + "-wal" + served.advice);
    REQUIRE(::unlink((db + "-wal").c_str()) == 0);
  }
  SUBCASE("empty, with or without its journal") {
    for (const std::size_t size : {0u, 1u}) {
      REQUIRE(write_private_file(db, served.whole.substr(0, size)));
      CHECK(served.refusal() == "accounts: " + db + " is empty" + served.advice);
      REQUIRE(write_private_file(db + "-wal", served.whole));
      CHECK(served.refusal() == "accounts: " + db + " is empty" + served.advice);
      REQUIRE(::unlink((db + "-wal").c_str()) == 0);
    }
  }
  SUBCASE("cut off anywhere") {
    for (std::size_t size = 2; size < served.whole.size(); size += size < 520 ? 37 : 2'048 - 1) {
      CAPTURE(size);
      REQUIRE(write_private_file(db, served.whole.substr(0, size)));
      CHECK(served.refusal().starts_with("accounts: " + db + ": damaged: "));
    }
  }
  SUBCASE("zeros, or a database without tables") {
    REQUIRE(write_private_file(db, std::string(served.whole.size(), '\0')));
    CHECK(served.refusal().starts_with("accounts: " + db + ": damaged: "));
    REQUIRE(write_private_file(db, ""));
    REQUIRE(sqlite::Database::open(db)->execute(
        "VACUUM; PRAGMA user_version = 0; CREATE TABLE t (x); DROP TABLE t"));
    REQUIRE(file_size(db).value_or(0) > 1);
    CHECK(served.refusal() == "accounts: " + db + " holds nothing" + served.advice);
  }
  SUBCASE("a folder") {
    REQUIRE(::unlink(db.c_str()) == 0);
    REQUIRE(make_private_folder(db));
    CHECK(served.refusal() == "accounts: " + db + " is no file" + served.advice);
    REQUIRE(::rmdir(db.c_str()) == 0);
  }
  REQUIRE(write_private_file(db, served.whole));  // a backup helps
  CHECK(served.has_alice());
}

TEST_CASE("44: a first start that is killed anywhere is no loss of accounts") {
  for (int killed_after = 0; killed_after < 5; ++killed_after) {
    CAPTURE(killed_after);
    test::Folder folder;
    const auto path = folder.path + "/state", db = path + "/accounts.db";
    REQUIRE(make_private_folder(path));
    if (killed_after >= 1) REQUIRE(write_private_file(db + ".begun", ""));
    if (killed_after >= 2) REQUIRE(server::load_identity(path));
    if (killed_after >= 3) REQUIRE(write_private_file(db, ""));
    if (killed_after >= 4) REQUIRE(SqliteAccounts::open(db));
    CHECK(server::StateFolder::open(path)->accounts->size() == 0);
    CHECK_FALSE(file_exists(db + ".begun"));
    REQUIRE(::unlink(db.c_str()) == 0);
    CHECK_FALSE(server::StateFolder::open(path));
  }
}

TEST_CASE("44: an identity that --print-id made has no accounts yet; one that it made beside accounts has") {
  test::Folder folder;
  const auto path = folder.path + "/state", db = path + "/accounts.db";
  REQUIRE(server::load_identity(path));
  REQUIRE(server::StateFolder::open(path));
  REQUIRE(::unlink((path + "/identity").c_str()) == 0);
  REQUIRE(server::load_identity(path));
  REQUIRE(::unlink(db.c_str()) == 0);
  CHECK_FALSE(server::StateFolder::open(path));
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
