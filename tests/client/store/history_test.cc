// The history in the store alone: tampered rows, searches, pruning. Its contract is in
// memory_test.cc.
#include <filesystem>
#include <set>
#include <thread>

#include "client/store/store_fixture.h"
#include "support/faulty_disk.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Store;

namespace {

const client::PeerKey bob = peer(1, "bob"), carol = peer(1, "carol");

std::unique_ptr<Store> three_messages(const std::string& folder) {
  auto store = open_store(folder);
  REQUIRE(store->add(bob, entry("one")));
  REQUIRE(store->add(carol, entry("two", true, Delivery::queued)));
  REQUIRE(store->add(bob, entry("three")));
  REQUIRE(store->commit());
  return store;
}

std::vector<std::string> found(Store& store, std::optional<client::PeerKey> peer, std::string text,
                               std::size_t most = 1'000) {
  auto work = store.search(std::move(peer), std::move(text), most);
  work->run();
  CHECK(work->problem.empty());
  std::vector<std::string> out;
  for (const auto& hit : work->hits)
    out.push_back(hit.entry.body);
  return out;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("store: rows that were swapped, moved or changed do not open, and nothing else is harmed") {
  for (const char* sql : {
           "UPDATE history SET token = (SELECT token FROM history WHERE row = 3) WHERE row = 1",
           "UPDATE history SET conversation = 1 WHERE row = 2",
           "UPDATE history SET conversation = 3 - conversation",
           "UPDATE history SET row = 9 WHERE row = 3",
           "UPDATE history SET kind = 1 WHERE row = 2; UPDATE history SET kind = 2 WHERE row = 3",
           "UPDATE history SET token = replace(token, substr(token, 60, 4), 'AAAA') WHERE row = 3",
           "UPDATE history SET token = '' WHERE row = 3",
       }) {
    CAPTURE(sql);
    TempFolder temp;
    three_messages(temp.path());
    REQUIRE(raw(temp.path()).execute(sql));
    auto store = open_store(temp.path());
    const auto page = store->before(bob, 0, 9), other = store->before(carol, 0, 9);
    REQUIRE_FALSE((page && other));
    const auto why = page ? other.error() : page.error();
    CHECK(why.starts_with(temp / "store.db: damaged: "));
    CHECK(why.ends_with("; restore it from a backup"));
    auto search = store->search(std::nullopt, "o", 9);
    search->run();
    CHECK(search->problem.starts_with(temp / "store.db: damaged: "));
    CHECK(store->add(bob, entry("four")));
    CHECK(store->commit());
  }
}

TEST_CASE("store: no text is sent from a row that was tampered with") {
  TempFolder temp;
  auto store = three_messages(temp.path());
  REQUIRE(raw(temp.path()).execute("UPDATE history SET kind = 2 WHERE row = 1"));
  CHECK_FALSE(store->outbox(some_id(1)));
  CHECK_FALSE(store->set_delivery(1, Delivery::delivered, "", true));
  REQUIRE(raw(temp.path())
              .execute("UPDATE history SET kind = 0 WHERE row = 1;"
                       "UPDATE conversation SET number = 7 WHERE number = 2;"
                       "UPDATE history SET conversation = 7 WHERE row = 2"));
  CHECK_FALSE(store->outbox(some_id(1)));
}

TEST_CASE("store: rows keep their numbers, also those of failed commits and erased ones") {
  TempFolder temp;
  std::uint64_t last = 0;
  {
    auto store = open_store(temp.path());
    REQUIRE(store->add(bob, entry("one")));
    last = store->add(bob, entry("two")).value();
    REQUIRE(store->erase_history(bob));
    REQUIRE(store->commit());
  }
  auto store = open_store(temp.path());
  CHECK(store->add(bob, entry("three")).value() > last);
  // The commit fails, since the schema was changed.
  auto db = raw(temp.path());
  REQUIRE(store->commit());
  REQUIRE(db.execute("ALTER TABLE name RENAME TO hidden"));
  CHECK_FALSE(store->add(bob, entry("four")));
  REQUIRE(db.execute("ALTER TABLE hidden RENAME TO name"));
  CHECK_FALSE(store->commit());
  const auto row = store->add(bob, entry("five")).value();
  CHECK(row > last + 2);
  CHECK(store->commit());
}

TEST_CASE("store: a write that failed undoes all since the last commit, and commit() says so once") {
  TempFolder temp;
  auto store = open_store(temp.path());
  REQUIRE(store->add(bob, entry("kept")));
  REQUIRE(store->pin_server("a:1", {some_id(1), 1}));
  REQUIRE(store->commit());
  auto db = raw(temp.path());
  REQUIRE(
      db.execute("CREATE TRIGGER full BEFORE INSERT ON history BEGIN SELECT RAISE(ABORT, 'disk full'); END"));
  REQUIRE(store->pin_server("b:1", {some_id(2), 1}));
  REQUIRE(store->save_settings({"b:1", "alice", ""}));
  CHECK_FALSE(store->add(bob, entry("lost")));
  CHECK_FALSE(store->server("b:1"));
  CHECK(store->server("a:1"));
  CHECK(store->settings().name.empty());
  CHECK_FALSE(store->put("x", "y"));  // it would be undone, too
  auto failed = store->commit();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().find("disk full") != std::string::npos);
  REQUIRE(db.execute("DROP TRIGGER full"));
  CHECK(store->commit());
  REQUIRE(store->add(bob, entry("again")));
  CHECK(store->commit());
  CHECK(open_store(temp.path())->before(bob, 0, 9).value().size() == 2);
}

TEST_CASE("store: the core learns that another caller's save() undid its writes") {
  TempFolder temp;
  auto store = open_store(temp.path());
  REQUIRE(store->hold());
  auto db = raw(temp.path());
  REQUIRE(
      db.execute("CREATE TRIGGER full BEFORE INSERT ON value BEGIN SELECT RAISE(ABORT, 'disk full'); END"));
  CHECK_FALSE(store->put("draft", "x"));
  CHECK_FALSE(store->save());
  CHECK(store->commit());  // nothing of the core's was in it
  REQUIRE(store->add(bob, entry("lost")));
  CHECK_FALSE(store->put("draft", "x"));
  CHECK_FALSE(store->save());
  CHECK_FALSE(store->commit());
  CHECK(store->commit());
  CHECK(store->before(bob, 0, 9).value().empty());
  REQUIRE(store->add(bob, entry("kept")));
  CHECK(store->save());
  CHECK(store->commit());
  CHECK(store->before(bob, 0, 9).value().size() == 1);
}

TEST_CASE("store: the core learns of a write that could not even begin") {
  TempFolder folder;
  const std::string home = folder.path() + "/home";
  std::uint64_t row = 0;
  {
    auto store = open_store(home);
    row = store->add(bob, entry("sent", true, Delivery::queued)).value();
    REQUIRE(store->commit());
  }
  FaultyDisk disk(folder.path());
  auto store = open_store(home);
  // The first write of a program also raises the generation.
  disk.always(FaultyDisk::Operation::write, FaultyDisk::Fault::full);
  SUBCASE("a text") {
    CHECK_FALSE(store->add(bob, entry("first")));
  }
  SUBCASE("a delivery mark") {
    CHECK_FALSE(store->set_delivery(row, Delivery::delivered, "", true));
  }
  SUBCASE("another caller saves before the core commits") {
    CHECK_FALSE(store->add(bob, entry("first")));
    CHECK_FALSE(store->save());
  }
  disk.mend();
  CHECK_FALSE(store->add(bob, entry("second")));
  CHECK(store->commit().error().find("database or disk is full") != std::string::npos);
  CHECK(store->add(bob, entry("third")));
  CHECK(store->commit());
  CHECK(store->before(bob, 0, 9).value().size() == 2);
}

namespace {

// The bodies that are there if the program dies now.
std::set<std::string> after_kill(const std::string& home) {
  TempFolder copy;
  for (const char* name : {"/store.db", "/store.db-wal"}) {
    std::filesystem::copy_file(home + name, copy.path() + name);
    REQUIRE(::chmod((copy.path() + name).c_str(), 0600) == 0);
  }
  std::set<std::string> bodies;
  const auto rows = open_store(copy.path())->before(bob, 0, 9).value();
  for (const auto& one : rows)
    bodies.insert(one.body);
  return bodies;
}

}  // namespace

TEST_CASE("store: a commit whose fsync failed is overwritten, or may come back and says so") {
  using Bodies = std::set<std::string>;
  TempFolder folder;
  const std::string home = folder.path() + "/home";
  open_store(home);
  FaultyDisk disk(folder.path());
  auto store = open_store(home);
  REQUIRE(store->add(bob, entry("kept")));
  REQUIRE(store->commit());
  REQUIRE(store->add(bob, entry("refused", true, Delivery::queued)));
  int syncs = 0;
  bool writes_work = true;
  disk.fault = [&](FaultyDisk::Operation asked, std::string_view) {
    if (asked == FaultyDisk::Operation::sync && syncs++ == 0) return FaultyDisk::Fault::error;
    return asked == FaultyDisk::Operation::write && syncs > 0 && !writes_work ? FaultyDisk::Fault::error
                                                                              : FaultyDisk::Fault::none;
  };
  SUBCASE("the disk works again") {
    CHECK_FALSE(store->commit());
    CHECK_FALSE(store->in_doubt());
    CHECK(after_kill(home) == Bodies{"kept"});
  }
  SUBCASE("it takes no more writes") {
    writes_work = false;
    CHECK_FALSE(store->commit());
    CHECK(store->in_doubt());
    CHECK(after_kill(home) == Bodies{"kept", "refused"});
    disk.mend();
    CHECK(store->commit());  // nothing to write: no proof
    CHECK(store->in_doubt());
    REQUIRE(store->add(bob, entry("later")));
    CHECK(store->commit());
    CHECK_FALSE(store->in_doubt());
    CHECK(after_kill(home) == Bodies{"kept", "later"});
  }
}

TEST_CASE("store: a server's former ids that could not be read are read again after a failed commit") {
  TempFolder temp;
  auto store = open_store(temp.path());
  const client::PeerKey moved_bob = peer(2, "bob");
  REQUIRE(store->pin_server("a:1", {some_id(1), 1}));
  REQUIRE(store->add(bob, entry("known")));
  REQUIRE(store->replace_server("a:1", {some_id(2), 1}));
  REQUIRE(store->commit());
  auto db = raw(temp.path());
  REQUIRE(
      db.execute("CREATE TRIGGER full BEFORE INSERT ON history BEGIN SELECT RAISE(ABORT, 'disk full'); END"));
  CHECK_FALSE(store->add(moved_bob, entry("first")));
  REQUIRE(db.execute("ALTER TABLE value RENAME TO away"));
  CHECK_FALSE(store->seen(moved_bob, some_id(9), "uid of known"));
  CHECK_FALSE(store->add(moved_bob, entry("second")));
  REQUIRE(db.execute("ALTER TABLE away RENAME TO value; DROP TRIGGER full"));
  CHECK_FALSE(store->commit());
  CHECK(store->seen(moved_bob, some_id(9), "uid of known"));
  REQUIRE(store->add(moved_bob, entry("third")));
  CHECK(store->commit());
}

TEST_CASE("store: of several failed look-ups the first one's cause is reported") {
  TempFolder temp;
  auto store = open_store(temp.path());
  auto db = raw(temp.path());
  REQUIRE(db.execute("ALTER TABLE value RENAME TO away"));
  CHECK_FALSE(store->seen(bob, some_id(9), "uid of a"));
  REQUIRE(db.execute("ALTER TABLE away RENAME TO value; ALTER TABLE name RENAME TO away"));
  CHECK_FALSE(store->seen(bob, some_id(9), "uid of a"));
  CHECK(store->commit().error().find("no such table: value") != std::string::npos);
}

TEST_CASE("store: a reader who cannot look a text up makes no write fail") {
  TempFolder temp;
  auto store = open_store(temp.path());
  REQUIRE(store->add(bob, entry("a")));
  CHECK(store->look_up(bob, some_id(9), "uid of a").value());
  CHECK_FALSE(store->look_up(bob, some_id(9), "uid of b").value());
  auto db = raw(temp.path());
  REQUIRE(store->commit());
  REQUIRE(db.execute("ALTER TABLE name RENAME TO away"));
  CHECK(store->look_up(bob, some_id(9), "uid of a").error().find("no such table: name") != std::string::npos);
  REQUIRE(db.execute("ALTER TABLE away RENAME TO name"));
  CHECK(store->put("draft", "x"));
  CHECK(store->save());
}

TEST_CASE("store: uids of texts are remembered for 90 days") {
  constexpr std::int64_t day_ms = 86'400'000;
  TempFolder temp;
  auto store = open_store(temp.path());
  const proto::Id author = some_id(9);
  auto old = entry("old"), newer = entry("newer"), now = entry("now");
  newer.at_unix_ms += 2 * day_ms;
  REQUIRE(store->add(bob, old));
  REQUIRE(store->add(bob, newer));
  REQUIRE(store->erase_history(bob));
  now.at_unix_ms = old.at_unix_ms + 90 * day_ms;
  REQUIRE(store->add(bob, now));
  CHECK(store->seen(bob, author, "uid of old"));
  now = entry("then");
  now.at_unix_ms = old.at_unix_ms + 91 * day_ms;
  REQUIRE(store->add(bob, now));
  REQUIRE(store->commit());
  CHECK_FALSE(store->seen(bob, author, "uid of old"));
  CHECK(store->seen(bob, author, "uid of newer"));
  CHECK(store->seen(bob, author, "uid of now"));
}

TEST_CASE("store: erased texts and names are no longer in the file") {
  TempFolder temp;
  auto store = three_messages(temp.path());
  std::string token;
  {
    auto db = raw(temp.path());
    sqlite::Statement row(db, "SELECT token FROM history WHERE row = 1");
    REQUIRE(row.step() == true);
    token = row.text(0);
  }
  REQUIRE(store->erase_history(bob));
  REQUIRE(store->commit());
  for (const char* file : {"store.db", "store.db-wal"})
    CHECK(content(temp / file).find(token.substr(20, 40)) == std::string::npos);
  CHECK(raw(temp.path()).number("SELECT count(*) FROM conversation") == 1);
}

TEST_CASE("store: a text that the server keeps is still one, and unsettled, after a restart") {
  TempFolder temp;
  {
    auto store = open_store(temp.path());
    const auto row = store->add(bob, entry("kept", true, Delivery::queued)).value();
    REQUIRE(store->set_delivery(row, Delivery::mailed, "", true));
    REQUIRE(store->erase_history(bob));
    REQUIRE(store->commit());
  }
  auto store = open_store(temp.path());
  const auto out = store->outbox(some_id(1)).value();
  REQUIRE(out.size() == 1);
  CHECK(out.at("bob").at(0).delivery == Delivery::mailed);
}

TEST_CASE("store: the texts of a conversation, oldest first, until the caller stops") {
  TempFolder temp;
  auto store = three_messages(temp.path());
  Words seen;
  REQUIRE(store->each(bob, [&](const auto& one) { return seen.push_back(one.body), true; }));
  CHECK(seen == Words{"one", "three"});
  seen.clear();
  REQUIRE(store->each(bob, [&](const auto& one) { return seen.push_back(one.body), false; }));
  CHECK(seen == Words{"one"});
  REQUIRE(store->each(peer(9, "bob"), [&](const auto& one) { return seen.push_back(one.body), true; }));
  CHECK(seen.size() == 1);
}

TEST_CASE("store: a search finds texts in either case, newest first, no more than asked for") {
  TempFolder temp;
  auto store = open_store(temp.path());
  CHECK(found(*store, std::nullopt, "x").empty());
  for (int i = 0; i < 300; ++i)
    REQUIRE(
        store->add(i % 2 ? bob : carol, entry("Message " + std::to_string(i) + (i == 7 ? " Ärger" : ""))));
  CHECK(found(*store, std::nullopt, "message").empty());  // not committed
  REQUIRE(store->commit());
  CHECK(found(*store, std::nullopt, "mESSAGE", 3) == Words{"Message 299", "Message 298", "Message 297"});
  CHECK(found(*store, bob, "message 29") ==
        Words{"Message 299", "Message 297", "Message 295", "Message 293", "Message 291", "Message 29"});
  CHECK(found(*store, bob, "ärger") == Words{"Message 7 Ärger"});
  CHECK(found(*store, carol, "ärger").empty());
  CHECK(found(*store, peer(2, "bob"), "message").empty());
  CHECK(found(*store, std::nullopt, "message").size() == 300);
  auto work = store->search(std::nullopt, "Message 8", 1);
  work->run();
  REQUIRE(work->hits.size() == 1);
  CHECK(work->hits[0].peer == bob);
  CHECK(work->hits[0].entry.body == "Message 89");
  CHECK(work->hits[0].entry.uid == "uid of Message 89");
}

TEST_CASE("store: a search runs beside writing, and can be cancelled from another thread") {
  TempFolder temp;
  auto store = open_store(temp.path());
  for (int i = 0; i < 20'000; ++i)
    REQUIRE(store->add(bob, entry("a line that is looked at " + std::to_string(i))));
  REQUIRE(store->commit());
  auto whole = store->search(std::nullopt, "no such thing", 1'000);
  auto cancelled = store->search(std::nullopt, "line", 1'000'000);
  cancelled->cancel();
  std::thread other([&] {
    whole->run();
    cancelled->run();
  });
  for (int i = 0; i < 10; ++i) {
    REQUIRE(store->add(bob, entry("meanwhile " + std::to_string(i))));
    REQUIRE(store->commit());
  }
  other.join();
  CHECK(whole->problem.empty());
  CHECK(whole->hits.empty());
  CHECK(cancelled->problem.empty());
  CHECK(cancelled->hits.empty());
  CHECK(cancelled->cancelled);
}
