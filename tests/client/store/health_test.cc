// Tests of the integrity check of the store's file, and of its schedule.
#include "client/store/check_schedule.h"
#include "client/store/store_fixture.h"
#include "support/faulty_disk.h"

using namespace sims;
using namespace sims::test;
using client::Store;

namespace {

constexpr std::int64_t now = 1'700'000'000'000, day = 24 * 3'600'000;
const client::PeerKey bob = peer(1, "bob");
constexpr std::size_t messages = 20;

void make(const std::string& folder) {
  auto store = open_store(folder);
  for (std::size_t i = 0; i < messages; ++i)
    REQUIRE(store->add(bob, entry("message " + std::to_string(i))));
  REQUIRE(store->commit());
}

std::string text(sqlite::Database& db, const char* sql) {
  sqlite::Statement ask(db, sql);
  REQUIRE(ask.step().value());
  return std::string(ask.text(0));
}

// Empties the index's page, as if a write of it never reached the disk.
void empty_index(const std::string& folder) {
  std::int64_t page = 0;
  {
    auto db = raw(folder);
    page = db.number("SELECT rootpage FROM sqlite_schema WHERE name = 'history_of'").value();
    REQUIRE(db.number("PRAGMA page_size").value() == 4'096);
  }
  std::string empty(4'096, '\0');
  empty[0] = 0x0a;  // a leaf of an index
  empty[5] = 0x10;  // where its content begins: at its end
  std::fstream file(folder + "/store.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp((page - 1) * 4'096);
  file.write(empty.data(), static_cast<std::streamsize>(empty.size()));
  REQUIRE(file.good());
}

bool whole(Store& store) {
  auto check = store.check();
  check->run();
  store.checked(*check, now);
  CHECK(check->whole() == check->problem().empty());
  return check->whole();
}

}  // namespace

TEST_CASE("attack 44: a lost write: an empty index page hides texts, and the check reports it") {
  TempFolder folder;
  const std::string home = folder.path() + "/home";
  make(home);
  CHECK(whole(*open_store(home)));
  empty_index(home);
  {
    auto db = raw(home);
    CHECK(text(db, "PRAGMA quick_check(1)") == "ok");
  }
  auto store = open_store(home);
  REQUIRE(store->before(bob, 0, 100).value().size() < messages);  // and no error
  auto check = store->check();
  check->run();
  CHECK_FALSE(check->whole());
  CHECK(check->problem().find(home + "/store.db") != std::string::npos);
  CHECK(check->problem().find("history_of") != std::string::npos);
  CHECK(check->problem().find("REINDEX") != std::string::npos);

  SUBCASE("it is reported at every start until the advice was followed") {
    REQUIRE(store->hold());
    store->checked(*check, now);
    store.reset();
    CHECK(open_store(home)->check_due(now));
    {
      auto db = raw(home);
      REQUIRE(db.execute("REINDEX"));
    }
    store = open_store(home);
    CHECK(whole(*store));
    CHECK(store->before(bob, 0, 100).value().size() == messages);
  }
}

TEST_CASE("attack 44: a file that can't be read during its check is reported, and the check stays due") {
  TempFolder folder;
  const std::string home = folder.path() + "/home";
  make(home);
  FaultyDisk disk(folder.path());
  auto store = open_store(home);
  REQUIRE(store->check_due(now));
  auto check = store->check();
  std::string cause;
  int pages = 0;  // outlives the disk's lambda, which counts them
  SUBCASE("all of it") {
    disk.always(FaultyDisk::Operation::read, FaultyDisk::Fault::error);
    cause = "disk I/O error: Input/output error";
  }
  SUBCASE("a page in its middle") {
    disk.fault = [&pages](FaultyDisk::Operation asked, std::string_view) {
      return asked == FaultyDisk::Operation::read && ++pages > 4 ? FaultyDisk::Fault::error
                                                                 : FaultyDisk::Fault::none;
    };
    cause = "disk I/O error: Input/output error";
  }
  SUBCASE("it can't be opened") {
    disk.always(FaultyDisk::Operation::open, FaultyDisk::Fault::error);
    cause = "unable to open database file: Input/output error";
  }
  check->run();
  CHECK_FALSE(check->whole());
  CHECK_FALSE(check->damaged());
  CHECK(check->problem() ==
        home + "/store.db: could not be read to check it: " + cause +
            ". Look at the disk and the system's log, and keep a copy of the file; the check is "
            "tried again at the next start, or in a day");
  store->checked(*check, now);
  CHECK(store->check_due(now));
  disk.mend();
  CHECK(whole(*store));
  CHECK_FALSE(store->check_due(now));
}

TEST_CASE(
    "attack 44: a text whose uid can't be looked up is not taken for new: nothing is stored until it can") {
  TempFolder folder;
  const std::string home = folder.path() + "/home";
  make(home);
  FaultyDisk disk(folder.path());
  auto store = open_store(home);
  REQUIRE(store->hold());
  const auto known = entry("message 3");
  disk.always(FaultyDisk::Operation::read, FaultyDisk::Fault::error);
  CHECK_FALSE(store->seen(bob, known.peer_id, known.uid));
  disk.mend();
  CHECK_FALSE(store->add(bob, known));
  CHECK(store->commit().error().find("disk I/O error") != std::string::npos);
  CHECK(store->seen(bob, known.peer_id, known.uid));
  CHECK(store->before(bob, 0, 100).value().size() == messages);
  CHECK(store->add(bob, entry("another")));
  CHECK(store->commit());
}

TEST_CASE("the check is due at first, weekly, and if the last one lies in the future") {
  TempFolder folder;
  const std::string home = folder.path() + "/home";
  make(home);
  auto store = open_store(home);
  CHECK(store->check_due(now));
  REQUIRE(whole(*store));
  CHECK_FALSE(store->check_due(now + 7 * day - 1));
  CHECK(store->check_due(now + 7 * day));
  CHECK(store->check_due(now - 1));
  REQUIRE(store->hold());
  CHECK_FALSE(store->check_due(now));
  store.reset();
  CHECK_FALSE(open_store(home)->check_due(now));
}

TEST_CASE("the check is due after an unclean end, for the next program that holds the store") {
  TempFolder folder;
  const std::string home = folder.path() + "/home", copy = folder.path() + "/copy";
  make(home);
  REQUIRE(whole(*open_store(home)));
  {
    auto running = open_store(home);
    REQUIRE(running->add(bob, entry("last words")));
    REQUIRE(running->commit());
    CHECK_FALSE(open_store(home)->check_due(now));  // another program's business
    std::filesystem::copy(home, copy, std::filesystem::copy_options::recursive);  // as if it were killed here
  }
  CHECK_FALSE(open_store(home)->check_due(now));

  SUBCASE("with the log") {}
  SUBCASE("also when the log was merged") {
    auto db = raw(copy);
    REQUIRE(db.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  SUBCASE("the mark alone") {
    for (const char* gone : {"/store.db-wal", "/store.db-shm"})
      std::filesystem::remove(copy + gone);
  }
  CHECK(open_store(copy)->check_due(now));
  auto store = open_store(copy);
  REQUIRE(store->hold());
  CHECK(store->check_due(now));
  store.reset();  // a clean end without the check changes nothing
  CHECK(open_store(copy)->check_due(now));
  store = open_store(copy);
  REQUIRE(store->hold());
  CHECK(whole(*store));
  CHECK_FALSE(store->check_due(now));
  store.reset();
  CHECK_FALSE(open_store(copy)->check_due(now));
}

TEST_CASE("a snapshot also has the log's data, and changes nothing") {
  TempFolder folder;
  const std::string home = folder.path() + "/home", copy = folder.path() + "/copy";
  make(home);
  auto running = open_store(home);
  for (int i = 0; i < 200; ++i)
    REQUIRE(running->add(bob, entry("in the log " + std::to_string(i))));
  REQUIRE(running->commit());
  REQUIRE(running->add(bob, entry("not committed")));
  std::filesystem::copy(home, copy, std::filesystem::copy_options::recursive);
  const std::string path = copy + "/store.db", file = content(path), log = content(path + "-wal");
  REQUIRE(log.size() > 4'096);
  const auto rows = [](const std::string& at) {
    auto db = sqlite::Database::open_snapshot(at);
    REQUIRE(db);
    CHECK(db->check().value().empty());
    return db->number("SELECT count(*) FROM history").value();
  };
  CHECK(rows(path) == messages + 200);
  CHECK(content(path) == file);
  CHECK(content(path + "-wal") == log);
  // After a log was cut or damaged, all that was whole before it is read.
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{31}, std::size_t{32}, std::size_t{3'000}, log.size() - 1}) {
    std::ofstream(path + "-wal", std::ios::binary) << log.substr(0, size);
    CHECK(rows(path) <= static_cast<std::int64_t>(messages + 200));
  }
  std::string bad = log;
  bad[bad.size() / 2] ^= 1;
  std::ofstream(path + "-wal", std::ios::binary) << bad;
  CHECK(rows(path) <= static_cast<std::int64_t>(messages + 200));
}

TEST_CASE("attack 44: a program that holds the store for weeks repeats the check when it is due") {
  TempFolder folder;
  const std::string home = folder.path() + "/home";
  make(home);
  auto store = open_store(home);
  REQUIRE(store->hold());
  net::Loop loop;
  std::vector<bool> whole;
  client::StoreWatch watch(
      loop, *store,
      [&](const client::StoreCheck& check) {
        whole.push_back(check.whole());
        if (!check.problem().empty()) return loop.stop();
        REQUIRE(whole.size() == 1);
        empty_index(home);
        store->checked(check, 1);  // a week passes
      },
      1);
  watch.begin_later();
  CHECK(whole.empty());
  loop.run();
  CHECK(whole == std::vector<bool>{true, false});
}
