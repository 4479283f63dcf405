// The SQLite wrappers: values, transactions, errors, copies.
#include "os/sqlite.h"

#include <doctest/doctest.h>

#include "os/files.h"
#include "support/faulty_disk.h"
#include "support/temp_folder.h"

using namespace sims;
using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

namespace {

struct Fixture {
  test::TempFolder folder;
  const std::string path = folder / "a.db";
  Database db = make();

  Database make() {
    REQUIRE(write_private_file(path, ""));
    auto made = Database::open(path);
    REQUIRE(made);
    REQUIRE(made->execute("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER, s TEXT, b BLOB) STRICT"));
    return std::move(*made);
  }
  std::int64_t count() { return db.number("SELECT count(*) FROM t").value(); }
  Result<void> insert(std::int64_t n) {
    return Statement(db, "INSERT INTO t VALUES (?, 'x', x'00')", n).run();
  }
};

}  // namespace

TEST_CASE("sqlite: values are stored and read back, with NUL, and empty ones") {
  Fixture f;
  const std::string text("a\0b\xc3\xa9", 5);
  const ByteArray<3> blob{0, 255, 7};
  REQUIRE(Statement(f.db, "INSERT INTO t VALUES (?, ?, ?)", INT64_MIN, text, blob).run());
  REQUIRE(Statement(f.db, "INSERT INTO t VALUES (?, ?, ?)", 2, std::string_view(), ByteView()).run());
  CHECK(f.db.number("SELECT count(*) FROM t WHERE s IS NULL OR b IS NULL") == 0);
  Statement rows(f.db, "SELECT n, s, b FROM t ORDER BY n");
  REQUIRE(rows.step() == true);
  CHECK(rows.number(0) == INT64_MIN);
  CHECK(rows.text(1) == text);
  CHECK(text_of(rows.blob(2)) == text_of(blob));
  REQUIRE(rows.step() == true);
  CHECK(rows.text(1).empty());
  CHECK(rows.blob(2).empty());
  CHECK(rows.step() == false);
  CHECK(rows.step() == false);
}

TEST_CASE("sqlite: one statement may run inside its own rows") {
  Fixture f;
  for (int n = 1; n <= 3; ++n)
    REQUIRE(f.insert(n));
  constexpr const char* sql = "SELECT n FROM t WHERE n >= ? ORDER BY n";
  std::int64_t sum = 0;
  Statement outer(f.db, sql, 1);
  REQUIRE(outer.each([&] {
    Statement inner(f.db, sql, outer.number(0));
    return inner.each([&]() -> Result<void> {
      sum += inner.number(0);
      return {};
    });
  }));
  CHECK(sum == 1 + 2 + 3 + 2 + 3 + 3);
}

TEST_CASE("sqlite: an error of a row's reader ends the rows") {
  Fixture f;
  REQUIRE(f.insert(1));
  REQUIRE(f.insert(2));
  int seen = 0;
  auto done = Statement(f.db, "SELECT n FROM t").each([&]() -> Result<void> { return ++seen, fail("no"); });
  CHECK(done.error() == "no");
  CHECK(seen == 1);
}

TEST_CASE("sqlite: a transaction is whole or not at all") {
  Fixture f;
  {
    auto undone = Transaction::begin(f.db);
    REQUIRE(undone);
    REQUIRE(f.insert(1));
    CHECK(f.db.in_transaction());
    CHECK_FALSE(Transaction::begin(f.db));
  }
  CHECK_FALSE(f.db.in_transaction());
  CHECK(f.count() == 0);
  auto other = Database::open_read_only(f.path);
  REQUIRE(other);
  {
    auto done = Transaction::begin(f.db);
    REQUIRE(done);
    REQUIRE(f.insert(1));
    CHECK(other->number("SELECT count(*) FROM t") == 0);
    REQUIRE(done->commit());
  }
  CHECK(other->number("SELECT count(*) FROM t") == 1);
  CHECK_FALSE(other->execute("DELETE FROM t"));
}

TEST_CASE("sqlite: a failed commit rolls back, and the database stays usable") {
  Fixture f;
  REQUIRE(
      f.db.execute("PRAGMA foreign_keys = ON; CREATE TABLE p (n INTEGER PRIMARY KEY) STRICT;"
                   "CREATE TABLE c (n REFERENCES p(n) DEFERRABLE INITIALLY DEFERRED)"));
  auto failing = Transaction::begin(f.db);
  REQUIRE(failing);
  REQUIRE(f.insert(1));
  REQUIRE(f.db.execute("INSERT INTO c VALUES (5)"));
  CHECK_FALSE(failing->commit());
  CHECK_FALSE(f.db.in_transaction());
  CHECK(f.count() == 0);
  CHECK(f.insert(2));
}

TEST_CASE("sqlite: errors are words, and name a damaged file") {
  Fixture f;
  CHECK_FALSE(Database::open(f.folder / "missing.db"));
  CHECK_FALSE(f.db.execute("nonsense"));
  CHECK_FALSE(Statement(f.db, "SELECT nothing FROM t").step());
  CHECK_FALSE(Statement(f.db, "SELECT 1", 5).step());  // a value too many
  REQUIRE(write_private_file(f.folder / "b.db", std::string(8'192, 'x')));
  auto bad = Database::open(f.folder / "b.db");
  REQUIRE(bad);
  auto number = bad->number("PRAGMA user_version");
  REQUIRE_FALSE(number);
  CHECK(number.error() == sqlite::damaged("file is not a database"));
}

TEST_CASE("sqlite: reads in a transaction see one snapshot") {
  Fixture f;
  REQUIRE(f.insert(1));
  auto other = Database::open_read_only(f.path);
  REQUIRE(other);
  {
    auto moment = Transaction::read(*other);
    REQUIRE(moment);
    CHECK(other->number("SELECT count(*) FROM t") == 1);
    REQUIRE(f.insert(2));
    CHECK(other->number("SELECT count(*) FROM t") == 1);
  }
  CHECK(other->number("SELECT count(*) FROM t") == 2);
}

TEST_CASE("sqlite: moved() is true for a file that was renamed or removed") {
  Fixture f;
  CHECK_FALSE(f.db.moved());
  REQUIRE(move_file(f.path, f.folder / "b.db"));
  CHECK(f.db.moved());
  REQUIRE(write_private_file(f.path, ""));
  CHECK(f.db.moved());
  REQUIRE(move_file(f.folder / "b.db", f.path));
  CHECK_FALSE(f.db.moved());
}

TEST_CASE("sqlite: a copy is a snapshot of its start, in a new file, beside a writer") {
  Fixture f;
  REQUIRE(f.insert(1));
  auto reader = Database::open_read_only(f.path);
  REQUIRE(reader);
  REQUIRE(reader->copy_into(f.folder / "copy.db"));
  REQUIRE(f.insert(2));
  auto copy = Database::open(f.folder / "copy.db");
  REQUIRE(copy);
  CHECK(copy->number("SELECT count(*) FROM t") == 1);
  CHECK(f.count() == 2);
  CHECK_FALSE(reader->copy_into(f.folder / "copy.db"));
  CHECK(copy->number("SELECT count(*) FROM t") == 1);
  CHECK_FALSE(reader->copy_into(f.folder / "no/such.db"));
}

TEST_CASE("sqlite: a copy ends soon after it is to stop") {
  Fixture f;
  for (int n = 0; n < 3'000; ++n)
    REQUIRE(f.insert(n));
  auto reader = Database::open_read_only(f.path);
  REQUIRE(reader);
  std::atomic<bool> stop = false;
  reader->stop_when(stop);
  REQUIRE(reader->copy_into(f.folder / "copy.db"));
  stop = true;
  const auto copied = reader->copy_into(f.folder / "other.db");
  REQUIRE_FALSE(copied);
  CHECK(copied.error() == "interrupted");
}

TEST_CASE("sqlite: a page that can't be read undoes the transaction, and nothing is written behind it") {
  test::TempFolder folder;
  test::FaultyDisk disk(folder.path());
  const std::string path = folder / "a.db";
  REQUIRE(write_private_file(path, ""));
  {
    auto made = Database::open(path);
    REQUIRE(made);
    REQUIRE(made->execute(
        "PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER); CREATE TABLE other (n INTEGER)"));
  }
  auto db = Database::open(path);
  REQUIRE(db);
  auto all = Transaction::begin(*db);
  REQUIRE(all);
  REQUIRE(db->execute("INSERT INTO t VALUES (1)"));
  disk.always(test::FaultyDisk::Operation::read, test::FaultyDisk::Fault::error);
  CHECK_FALSE(db->number("SELECT count(*) FROM other"));  // whose caller may not care
  disk.mend();
  CHECK_FALSE(db->execute("INSERT INTO t VALUES (2)"));
  CHECK_FALSE(Statement(*db, "INSERT INTO t VALUES (3)").run());
  CHECK(all->commit().error() == "an earlier failure of the disk has undone the transaction");
  CHECK(db->number("SELECT count(*) FROM t") == 0);
  CHECK(db->execute("INSERT INTO t VALUES (4)"));
  CHECK(db->number("SELECT count(*) FROM t") == 1);
}
