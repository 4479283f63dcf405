// Pins, settings and values; the file, its folder and its lock.
#include "client/store/store.h"

#include "client/store/store_fixture.h"

using namespace sims;
using namespace sims::test;
using client::PinnedPeer;
using client::Standing;
using client::Store;
using proto::Id;

TEST_CASE("store: the identity is made once, and everything is private") {
  TempFolder temp;
  const std::string home = temp / "new/home";
  const mode_t was = ::umask(0);  // does not decide
  auto first = open_store(home, temp / "state");
  CHECK(first->made_identity());
  CHECK(first->unlocked());
  CHECK(first->lock_kind() == Store::Lock::none);
  CHECK(first->id() == Id::of(first->identity().public_key()));
  auto second = open_store(home);
  CHECK_FALSE(second->made_identity());
  CHECK(second->id() == first->id());
  CHECK(open_store(temp / "other")->id() != first->id());
  REQUIRE(first->pin_server("localhost", {some_id(1), 5}));
  REQUIRE(first->commit());
  CHECK(mode(home) == 0700);
  for (const auto& file : {home + "/store.db", home + "/store.db-wal", home + "/store.db-shm", home + "/lock",
                           temp / "state/" + first->id().str()}) {
    CAPTURE(file);
    CHECK(mode(file) == 0600);
  }
  CHECK(mode(temp / "state") == 0700);
  ::umask(was);
}

TEST_CASE("store: pins, settings and values come back from disk") {
  TempFolder temp;
  const Id server = some_id(1), other = some_id(2), bob = some_id(3);
  {
    auto store = open_store(temp.path());
    REQUIRE(store->pin_server("Host:7467", {server, 1'700'000'000'123}));
    REQUIRE(store->pin_server("[::1]:1", {other, 0}));
    REQUIRE(store->pin_peer(server, "bob", {bob, true, 7, Standing::contact, 12}));
    REQUIRE(store->pin_peer(server, "eve", {some_id(5), false, 9, Standing::blocked}));
    REQUIRE(store->pin_peer(other, "bob", {some_id(4), false, 8, Standing::request}));
    REQUIRE(store->save_settings({"[::1]:1", "alice", "rsa"}));
    REQUIRE(store->put("draft", std::string("a\0b\n", 4)));
    REQUIRE(store->put("empty", ""));
    REQUIRE(store->commit());
  }
  auto store = open_store(temp.path());
  REQUIRE(store->server("host"));  // any spelling
  CHECK(store->server("host:7467")->id == server);
  CHECK(store->server("host:7467")->first_seen_unix_ms == 1'700'000'000'123);
  CHECK(store->server("[0::1]:1")->id == other);
  CHECK_FALSE(store->server("host:7468"));
  CHECK_FALSE(store->server("not a host"));
  auto peers = store->peers(server);
  REQUIRE(peers.size() == 2);
  CHECK(peers.at("bob").id == bob);
  CHECK(peers.at("bob").verified);
  CHECK(peers.at("bob").first_seen_unix_ms == 7);
  CHECK(peers.at("bob").standing == Standing::contact);
  CHECK(peers.at("bob").read_row == 12);
  CHECK(peers.at("eve").standing == Standing::blocked);
  CHECK(store->peers(other).at("bob").standing == Standing::request);
  CHECK(store->all_peers().size() == 3);
  CHECK(store->settings().server == "[::1]:1");
  CHECK(store->settings().name == "alice");
  CHECK(store->settings().suite == "rsa");
  CHECK(store->get("draft") == std::string("a\0b\n", 4));
  CHECK(store->get("empty") == "");
  CHECK_FALSE(store->get("Draft"));
  REQUIRE(store->put("draft", "other"));
  REQUIRE(store->erase("empty"));
  REQUIRE(store->erase("what never was"));
  CHECK(store->get("draft") == "other");
  CHECK_FALSE(store->get("empty"));
}

TEST_CASE("store: forgetting removes exactly the named pin") {
  TempFolder temp;
  const Id server = some_id(1);
  {
    auto store = open_store(temp.path());
    REQUIRE(store->pin_server("a:1", {server, 1}));
    REQUIRE(store->pin_peer(server, "bob", {some_id(2), true, 1}));
    REQUIRE(store->pin_peer(server, "carol", {some_id(3), true, 1}));
    CHECK(store->forget_peer(server, "bob"));
    CHECK(store->forget_server("a:1"));
    CHECK_FALSE(store->forget_server("a:1"));
    REQUIRE(store->commit());
  }
  auto store = open_store(temp.path());
  CHECK_FALSE(store->server("a:1"));
  CHECK(store->peers(server).size() == 1);
  CHECK(store->peers(server).contains("carol"));
}

TEST_CASE("store: uncommitted writes are gone") {
  TempFolder temp;
  {
    auto store = open_store(temp.path());
    REQUIRE(store->pin_server("a:1", {some_id(1), 1}));
    REQUIRE(store->commit());
    REQUIRE(store->commit());  // nothing more
    REQUIRE(store->pin_server("b:1", {some_id(1), 1}));
    REQUIRE(store->put("x", "y"));
    CHECK(store->server("b:1"));
  }
  auto store = open_store(temp.path());
  CHECK(store->server("a:1"));
  CHECK_FALSE(store->server("b:1"));
  CHECK_FALSE(store->get("x"));
}

TEST_CASE("store: an invalid pin is refused") {
  TempFolder temp;
  auto store = open_store(temp.path());
  CHECK_FALSE(store->pin_server("no host", {some_id(1), 1}));
  CHECK_FALSE(store->pin_peer(some_id(1), "No Name", {some_id(2), false, 1}));
  CHECK_FALSE(store->pin_peer({}, "bob", {some_id(2), false, 1}));
  CHECK_FALSE(store->pin_peer(some_id(1), "bob", {{}, false, 1}));
  CHECK_FALSE(store->pin_peer(some_id(1), "bob", {some_id(2), false, 1, Standing::stranger}));
  CHECK(store->commit());
  CHECK(store->all_peers().empty());
}

// --- the lock ------------------------------------------------------------------------------

TEST_CASE("store: one program at a time writes, and the last one's writes are not lost") {
  TempFolder temp;
  auto first = open_store(temp.path());
  auto second = open_store(temp.path());
  REQUIRE(first->pin_server("a:1", {some_id(1), 1}));  // takes the lock
  REQUIRE(first->save_settings({"a:1", "alice", ""}));
  auto refused = second->hold();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().find("--home") != std::string::npos);
  CHECK_FALSE(second->pin_server("b:1", {some_id(2), 1}));
  CHECK_FALSE(second->add(peer(1, "bob"), entry("hi")));
  CHECK_FALSE(second->server("b:1"));  // not stored, so not pinned
  REQUIRE(first->commit());
  first.reset();
  REQUIRE(second->pin_server("b:1", {some_id(2), 1}));
  CHECK(second->server("a:1"));
  CHECK(second->server("b:1"));
  CHECK(second->settings().name == "alice");
}

TEST_CASE("store: reading needs no lock, and sees committed data") {
  TempFolder temp;
  auto writer = open_store(temp.path());
  REQUIRE(writer->add(peer(1, "bob"), entry("one")));
  REQUIRE(writer->commit());
  REQUIRE(writer->add(peer(1, "bob"), entry("two")));
  auto reader = open_store(temp.path());
  CHECK(reader->before(peer(1, "bob"), 0, 9).value().size() == 1);
  REQUIRE(writer->commit());
  CHECK(reader->before(peer(1, "bob"), 0, 9).value().size() == 2);
}

TEST_CASE("store: files that others may read are refused and left alone") {
  for (const char* file : {"store.db", "store.db-wal", "store.db-shm", "."}) {
    CAPTURE(file);
    TempFolder temp;
    auto other = open_store(temp.path());  // keeps -wal and -shm there
    const std::string path = temp / file;
    const mode_t was = mode(path);
    ::chmod(path.c_str(), was | 040);
    auto opened = Store::open(temp.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().find("chmod") != std::string::npos);
    CHECK(mode(path) == (was | 040));
    ::chmod(path.c_str(), was);
    CHECK(Store::open(temp.path()));
  }
}

// --- damaged files --------------------------------------------------------------------

TEST_CASE("store: damaged files are refused, named, and not changed") {
  TempFolder temp;
  open_store(temp.path());
  const std::string path = temp / "store.db", good = content(path);
  for (const auto& bad : {std::string(), std::string("x"), std::string(good.size(), 'x'),
                          good.substr(0, 4'096), good.substr(0, good.size() / 2)}) {
    CAPTURE(bad.size());
    REQUIRE(write_private_file(path, bad));
    auto opened = Store::open(temp.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().starts_with(path + ": damaged: "));
    CHECK(opened.error().ends_with("; restore it from a backup"));
    CHECK(content(path) == bad);
  }
  REQUIRE(write_private_file(path, good));
  CHECK(Store::open(temp.path()));
}

TEST_CASE("store: a row that does not open is an error, never a first contact") {
  for (const char* sql : {"UPDATE server SET token = 'x' || token", "UPDATE peer SET tag = x'00'",
                          "UPDATE value SET token = (SELECT token FROM peer)",
                          "UPDATE store SET identity = (SELECT token FROM peer)",
                          "UPDATE store SET master = zeroblob(32)", "UPDATE store SET master = zeroblob(31)",
                          "UPDATE store SET n = 1 << 40", "UPDATE store SET lock = 7", "DELETE FROM store"}) {
    CAPTURE(sql);
    TempFolder temp;
    {
      auto store = open_store(temp.path());
      REQUIRE(store->pin_server("a:1", {some_id(1), 1}));
      REQUIRE(store->pin_peer(some_id(1), "bob", {some_id(2), true, 1}));
      REQUIRE(store->save_settings({"a:1", "alice", "rsa"}));
      REQUIRE(store->commit());
    }
    REQUIRE(raw(temp.path()).execute(sql));
    auto opened = Store::open(temp.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().starts_with(temp / "store.db: damaged: "));
  }
}

// --- the older layout ----------------------------------------------------------------------------

namespace {

struct OldFolder {
  OldFolder() {
    put("identity", "sims identity 1\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n");
    put("known_servers", "sims known servers 1\nexample.org:7467 " + some_id(1).str() + " 1700000000000\n");
    put("known_peers", "sims known peers 1\n" + some_id(1).str() + " bob " + some_id(2).str() +
                           " verified 1700000000001\n" + some_id(1).str() + " carol " + some_id(3).str() +
                           " unverified 1700000000002\n");
    put("settings", "server = \"example.org:7467\"\nname = \"alice\"\nsuite = \"rsa\"\n");
  }
  void put(const std::string& name, std::string_view text) { REQUIRE(write_private_file(temp / name, text)); }
  Id id() const { return Id::of(crypto::SigningKey::from_seed(Bytes(32, 1)).public_key()); }
  TempFolder temp;
};

}  // namespace

TEST_CASE("store: files of the older layout are imported and removed") {
  OldFolder old;
  old.put("identity.unfinished", "half a secret");
  for (int round = 0; round < 2; ++round) {
    auto store = open_store(old.temp.path());
    CHECK_FALSE(store->made_identity());
    CHECK(store->id() == old.id());
    CHECK(store->server("example.org")->first_seen_unix_ms == 1'700'000'000'000);
    const auto peers = store->peers(some_id(1));
    REQUIRE(peers.size() == 2);
    CHECK(peers.at("bob").verified);
    CHECK(peers.at("bob").standing == Standing::contact);
    CHECK_FALSE(peers.at("carol").verified);
    CHECK(peers.at("carol").id == some_id(3));
    CHECK(store->settings().suite == "rsa");
    for (const char* gone : {"identity", "known_servers", "known_peers", "settings", "identity.unfinished"})
      CHECK_FALSE(file_exists(old.temp / gone));
  }
}

TEST_CASE("store: an interrupted import is finished") {
  OldFolder old;
  const std::string identity = content(old.temp / "identity");
  open_store(old.temp.path());
  old.put("identity", identity);
  old.put("settings", "whatever");
  old.put("store.db.unfinished", "x");
  CHECK(open_store(old.temp.path())->id() == old.id());
  CHECK_FALSE(file_exists(old.temp / "identity"));
  CHECK_FALSE(file_exists(old.temp / "settings"));

  TempFolder fresh;
  REQUIRE(write_private_file(fresh / "store.db.unfinished", "of a killed one"));
  CHECK(open_store(fresh.path())->made_identity());
  CHECK_FALSE(file_exists(fresh / "store.db.unfinished"));
}

TEST_CASE("store: another identity beside it is never removed") {
  OldFolder old;
  const std::string identity = content(old.temp / "identity");
  TempFolder temp;
  open_store(temp.path());
  REQUIRE(write_private_file(temp / "identity", identity));
  auto opened = Store::open(temp.path());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().find("another key") != std::string::npos);
  CHECK(content(temp / "identity") == identity);
}

TEST_CASE("store: the files of a running older program are not imported") {
  OldFolder old;
  auto running = FileLock::take(old.temp / "lock");
  REQUIRE(running);
  CHECK_FALSE(Store::open(old.temp.path()));
  CHECK(file_exists(old.temp / "identity"));
  CHECK_FALSE(file_exists(old.temp / "store.db"));
}

TEST_CASE("store: damaged files of the older layout are refused with file and line, and not changed") {
  const std::string id = some_id(1).str(), other = some_id(2).str();
  struct Case {
    const char* file;
    std::string text;
    int line;
  };
  for (const auto& [file, text, line] : {
           Case{"known_servers", "", 1},
           Case{"known_servers", "sims known servers 2\n", 1},
           Case{"known_servers", "sims known servers 1\na:1 " + id + " 5", 2},  // cut off
           Case{"known_servers", "sims known servers 1\na:1 " + id + " 5\n\n", 3},
           Case{"known_servers", "sims known servers 1\na:1 " + id + " 5 6\n", 2},
           Case{"known_servers", "sims known servers 1\na:1 " + id + " -5\n", 2},
           Case{"known_servers", "sims known servers 1\na:1 " + id.substr(1) + " 5\n", 2},
           Case{"known_servers", "sims known servers 1\nA:1 " + id + " 5\n", 2},
           Case{"known_servers", "sims known servers 1\na:1 " + id + " 5\na:1 " + other + " 5\n", 3},
           Case{"known_peers", "sims known peers 1\n" + id + " Bob " + other + " verified 5\n", 2},
           Case{"known_peers", "sims known peers 1\n" + id + " bob " + other + " Verified 5\n", 2},
           Case{"known_peers",
                "sims known peers 1\n" + id + " bob " + other + " verified 9999999999999999999\n", 2},
           Case{"settings", "server = 5\n", 1},
           Case{"settings", "name = \"a\"\nsevrer = \"x\"\n", 2},
       }) {
    CAPTURE(file);
    CAPTURE(text);
    OldFolder old;
    const std::string path = old.temp / file;
    old.put(file, text);
    auto opened = Store::open(old.temp.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().find(path + ":" + std::to_string(line)) != std::string::npos);
    CHECK(content(path) == text);
    CHECK_FALSE(file_exists(old.temp / "store.db"));
  }
}

TEST_CASE("store: a damaged or readable identity of the older layout is refused, never replaced") {
  OldFolder old;
  const std::string path = old.temp / "identity", good = content(path);
  for (std::string text : {std::string(), good.substr(0, good.size() - 1), good + "\n", good.substr(1),
                           "sims identity 1\n" + std::string(44, 'A') + "\n",  // 33 bytes
                           "sims identity 1\n" + std::string(4'000, 'A') + "\n"}) {
    CAPTURE(text);
    old.put("identity", text);
    auto opened = Store::open(old.temp.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().find(path) != std::string::npos);
    CHECK(content(path) == text);
  }
  old.put("identity", good);
  ::chmod(path.c_str(), 0640);
  CHECK_FALSE(Store::open(old.temp.path()));
  CHECK(mode(path) == 0640);
}
