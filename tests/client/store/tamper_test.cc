// The store against an attacker who can write to its file but has no key: which changes are
// noticed, and which are not. Rows of the history are in history_test.cc.
#include <unistd.h>

#include "client/store/store_fixture.h"

using namespace sims;
using namespace sims::test;
using client::Standing;
using client::Store;

namespace {

// A store with a passphrase, two peers and a server, and an older copy, in which bob was verified
// and eve not blocked.
struct Tampered {
  Tampered() {
    {
      auto store = open_store(home);
      set_passphrase(*store, "one");
      REQUIRE(store->pin_server("a:1", {some_id(1), 1}));
      REQUIRE(store->pin_peer(some_id(1), "bob", {some_id(2), true, 1}));
      REQUIRE(store->pin_peer(some_id(1), "eve", {some_id(3), false, 1}));
      REQUIRE(store->save_settings({"a:1", "alice", ""}));
      REQUIRE(store->commit());
    }
    std::filesystem::copy(home + "/store.db", older);
    ::chmod(older.c_str(), 0600);
    auto store = open_store(home);
    test::unlock(*store, "one");
    REQUIRE(store->pin_peer(some_id(1), "bob", {some_id(4), false, 2}));
    REQUIRE(store->pin_peer(some_id(1), "eve", {some_id(3), false, 1, Standing::blocked}));
    REQUIRE(store->save_settings({"a:1", "alice", "rsa"}));
    REQUIRE(store->commit());
  }
  void change(const std::string& sql) {
    auto db = raw(home);
    REQUIRE(db.execute(("ATTACH '" + older + "' AS old").c_str()));
    REQUIRE(db.execute(sql.c_str()));
  }
  Result<void> opened() const {
    auto store = Store::open(home);
    if (!store) return fail(store.error());
    auto work = (*store)->derivation(SecretBytes(bytes_of("one")));
    work->run();
    return (*store)->unlock(*work);
  }
  TempFolder temp;
  const std::string home = temp / "home", older = temp / "older.db";
};

}  // namespace

TEST_CASE("store: keys and settings that were taken away or put back from an older copy are noticed") {
  for (const char* sql : {
           "DELETE FROM peer WHERE tag = (SELECT tag FROM peer LIMIT 1)",
           "DELETE FROM peer",
           "DELETE FROM server",
           "DELETE FROM value",
           "REPLACE INTO peer SELECT * FROM old.peer",
           "REPLACE INTO peer SELECT * FROM old.peer LIMIT 1",
           "REPLACE INTO value SELECT * FROM old.value",
           "DELETE FROM peer; INSERT INTO peer SELECT * FROM old.peer; REPLACE INTO value SELECT * FROM "
           "old.value",
           "UPDATE store SET generation = generation + 1",
           "UPDATE store SET generation = (SELECT generation FROM old.store)",
           "UPDATE store SET generation = 9223372036854775807",
           "UPDATE store SET generation = -1",
       }) {
    CAPTURE(sql);
    Tampered store;
    REQUIRE(store.opened());
    store.change(sql);
    const auto refused = store.opened();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().starts_with(store.home + "/store.db: damaged: "));
    CHECK_FALSE(store.opened());  // it stays so
  }
}

TEST_CASE("store: an older file cannot be passed off as a newer one") {
  Tampered store;
  std::filesystem::copy(store.older, store.home + "/store.db",
                        std::filesystem::copy_options::overwrite_existing);
  CHECK(store.opened());  // as it was: Store::restored() tells
  REQUIRE(raw(store.home).execute("UPDATE store SET generation = generation + 5"));
  CHECK_FALSE(store.opened());
}

TEST_CASE("store: another holder in between does not look like damage") {
  Tampered tampered;
  auto reader = open_store(tampered.home);  // has read the heading
  {
    auto writer = open_store(tampered.home);
    test::unlock(*writer, "one");
    REQUIRE(writer->pin_peer(some_id(1), "carol", {some_id(5), false, 1}));
    REQUIRE(writer->commit());
    test::unlock(*reader, "one");
    CHECK(reader->peers(some_id(1)).contains("carol"));
    REQUIRE(writer->forget_peer(some_id(1), "carol"));
    REQUIRE(writer->commit());
  }
  REQUIRE(reader->hold());
  CHECK_FALSE(reader->peers(some_id(1)).contains("carol"));
  CHECK(reader->pin_peer(some_id(1), "dave", {some_id(6), false, 1}));
  CHECK(reader->commit());
  CHECK(tampered.opened());
}

TEST_CASE("store: held before it is opened, locked with pins that are not committed: the sum keeps step") {
  Tampered tampered;
  {
    auto store = open_store(tampered.home);
    REQUIRE(store->hold());
    test::unlock(*store, "one");
    REQUIRE(store->pin_peer(some_id(1), "carol", {some_id(5), false, 1}));
    store->lock();
    REQUIRE(store->commit());
    CHECK(tampered.opened());
    test::unlock(*store, "one");
    REQUIRE(store->pin_peer(some_id(1), "dave", {some_id(6), false, 1}));
    store->lock();
    test::unlock(*store, "one");
    CHECK(store->peers(some_id(1)).contains("dave"));
    REQUIRE(store->commit());
  }
  REQUIRE(tampered.opened());
  auto store = open_store(tampered.home);
  test::unlock(*store, "one");
  CHECK(store->peers(some_id(1)).contains("carol"));
  CHECK(store->peers(some_id(1)).contains("dave"));
}

TEST_CASE("store: a file with a trigger or a view is refused") {
  for (const char* sql : {"CREATE TRIGGER t AFTER INSERT ON history BEGIN DELETE FROM history; END",
                          "CREATE VIEW v AS SELECT * FROM history"}) {
    CAPTURE(sql);
    Tampered store;
    REQUIRE(raw(store.home).execute(sql));
    const auto refused = store.opened();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().starts_with(store.home + "/store.db: damaged: "));
  }
}

TEST_CASE("store: row numbers at the end of their range are an error, not a row among the oldest") {
  TempFolder temp;
  const auto bob = peer(1, "bob");
  auto store = open_store(temp.path());
  REQUIRE(store->add(bob, entry("one")));
  REQUIRE(store->commit());
  for (const char* seq : {"9223372036854775807", "-5"}) {
    CAPTURE(seq);
    REQUIRE(raw(temp.path()).execute(("UPDATE sqlite_sequence SET seq = " + std::string(seq)).c_str()));
    CHECK_FALSE(store->add(bob, entry("two")));
    CHECK_FALSE(store->commit());
    CHECK_FALSE(store->add(peer(1, "carol"), entry("two")));
    CHECK_FALSE(store->commit());
  }
  CHECK(store->before(bob, 0, 9)->size() == 1);
}

// --- the file under its name ---------------------------------------------------------------------

TEST_CASE("store: a link in the file's place is refused, with any target") {
  TempFolder temp;
  const std::string home = temp / "home", path = home + "/store.db", real = temp / "real.db";
  open_store(home);
  std::filesystem::rename(path, real);
  REQUIRE(::symlink(real.c_str(), path.c_str()) == 0);
  auto opened = Store::open(home);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().starts_with(path + ": a link"));
  REQUIRE(::unlink(path.c_str()) == 0);
  REQUIRE(::link(real.c_str(), path.c_str()) == 0);
  opened = Store::open(home);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().starts_with(path + ": a link"));
  REQUIRE(::unlink(real.c_str()) == 0);
  CHECK(Store::open(home));
}

TEST_CASE("store: a write after its file was moved or replaced fails") {
  for (const bool replaced : {false, true}) {
    CAPTURE(replaced);
    TempFolder temp;
    const std::string path = temp / "store.db";
    auto store = open_store(temp.path());
    REQUIRE(store->add(peer(1, "bob"), entry("one")));
    REQUIRE(store->commit());
    const std::string backup = content(path);
    std::filesystem::rename(path, temp / "moved.db");
    if (replaced) REQUIRE(write_private_file(path, backup));
    REQUIRE(store->add(peer(1, "bob"), entry("two")));
    const auto lost = store->commit();
    REQUIRE_FALSE(lost);
    CHECK(lost.error().find("replaced") != std::string::npos);
    if (replaced) CHECK(content(path) == backup);
  }
}

TEST_CASE("store: after waiting for the lock nothing is written to a file that was replaced") {
  TempFolder temp;
  auto store = open_store(temp.path());
  std::filesystem::rename(temp / "store.db", temp / "moved.db");
  CHECK_FALSE(store->hold());
  CHECK_FALSE(store->pin_server("a:1", {some_id(1), 1}));
}

TEST_CASE("store: overwritten data leaves the log as soon as no reader holds it") {
  TempFolder temp;
  const auto bob = peer(1, "bob");
  auto store = open_store(temp.path());
  REQUIRE(store->add(bob, entry("one")));
  REQUIRE(store->commit());
  std::string token;
  {
    auto db = raw(temp.path());
    sqlite::Statement row(db, "SELECT token FROM history");
    REQUIRE(row.step() == true);  // a reader, in the middle
    token = row.text(0);
    REQUIRE(store->erase_history(bob));
    REQUIRE(store->commit());
    CHECK(content(temp / "store.db-wal").find(token.substr(20, 40)) != std::string::npos);
  }
  REQUIRE(store->put("x", "y"));
  REQUIRE(store->commit());
  for (const char* file : {"store.db", "store.db-wal"})
    CHECK(content(temp / file).find(token.substr(20, 40)) == std::string::npos);
}
