// Tests of the passphrase and the key file, and of what a locked store reveals.
#include "client/store/store_fixture.h"
#include "crypto/key_file.h"

using namespace sims;
using namespace sims::test;
using client::Store;

namespace {

Result<void> try_passphrase(Store& store, std::string_view text) {
  auto work = store.derivation(SecretBytes(bytes_of(text)));
  work->run();
  return store.unlock(*work);
}

}  // namespace

TEST_CASE("store: the passphrase opens it, no other one does") {
  TempFolder temp;
  {
    auto store = open_store(temp.path());
    REQUIRE(store->pin_server("a:1", {some_id(1), 1}));
    REQUIRE(store->put("draft", "half a"));
    REQUIRE(store->commit());
    set_passphrase(*store, "correct horse");
    CHECK(store->lock_kind() == Store::Lock::passphrase);
    CHECK(store->unlocked());
  }
  auto store = open_store(temp.path());
  CHECK_FALSE(store->unlocked());
  CHECK(store->lock_kind() == Store::Lock::passphrase);
  CHECK_FALSE(store->id().empty());
  CHECK(try_passphrase(*store, "wrong horse").error() == "wrong passphrase");
  CHECK(try_passphrase(*store, "correct horse ").error() == "wrong passphrase");
  CHECK_FALSE(try_passphrase(*store, ""));
  CHECK_FALSE(store->unlock(*store->derivation(SecretBytes(bytes_of("correct horse")))));  // not run
  CHECK_FALSE(store->unlock_with_file(temp / "lock"));
  CHECK_FALSE(store->unlocked());

  CHECK_FALSE(store->get("draft"));
  CHECK_FALSE(store->put("draft", "x"));
  CHECK_FALSE(store->server("a:1"));
  CHECK_FALSE(store->pin_server("a:1", {some_id(1), 1}));
  CHECK_FALSE(store->add(peer(1, "bob"), entry("x")));
  CHECK_FALSE(store->before(peer(1, "bob"), 0, 1));
  CHECK_FALSE(store->outbox(some_id(1)));
  CHECK_FALSE(store->set_key_file(temp / "key"));
  CHECK_FALSE(store->remove_passphrase());
  CHECK(store->settings().name.empty());
  CHECK(store->commit());

  REQUIRE(try_passphrase(*store, "correct horse"));
  CHECK(store->unlocked());
  CHECK(proto::Id::of(store->identity().public_key()) == store->id());
  CHECK(store->get("draft") == "half a");
  CHECK(store->server("a:1"));
  // Also on an open store: the passphrase is asked before a change.
  CHECK(try_passphrase(*store, "wrong horse").error() == "wrong passphrase");
  CHECK(store->unlocked());
}

TEST_CASE("store: locked again, it gives no data") {
  TempFolder temp;
  auto store = open_store(temp.path());
  store->lock();
  CHECK(store->unlocked());  // there is nothing that would open it again
  REQUIRE(store->put("draft", "half a"));
  REQUIRE(store->add(peer(1, "bob"), entry("before the lock")));
  REQUIRE(store->commit());
  set_passphrase(*store, "correct horse");
  REQUIRE(store->put("draft", "more"));
  store->lock();
  CHECK_FALSE(store->unlocked());
  CHECK_FALSE(store->get("draft"));
  CHECK_FALSE(store->before(peer(1, "bob"), 0, 1));
  CHECK_FALSE(store->seen(peer(1, "bob"), some_id(9), "uid of before the lock"));
  CHECK(store->all_peers().empty());
  auto search = store->search(std::nullopt, "before", 9);
  search->run();
  CHECK(search->hits.empty());
  CHECK_FALSE(search->problem.empty());
  CHECK(store->commit());  // what was sealed before
  unlock(*store, "correct horse");
  CHECK(store->get("draft") == "more");
  CHECK(store->before(peer(1, "bob"), 0, 1)->size() == 1);
}

TEST_CASE("store: a new passphrase has a salt of its own, and a cost that is not the least") {
  TempFolder temp;
  auto store = open_store(temp.path());
  const auto set = [&] {
    auto work = store->new_derivation(SecretBytes(bytes_of("one")));
    work->run();
    REQUIRE(store->set_passphrase(*work));
    auto db = raw(temp.path());
    sqlite::Statement row(db, "SELECT salt, n, r, p FROM store");
    REQUIRE(row.step() == true);
    CHECK(crypto::acceptable({static_cast<std::uint64_t>(row.number(1)),
                              static_cast<std::uint32_t>(row.number(2)),
                              static_cast<std::uint32_t>(row.number(3))}));
    return std::string(text_of(row.blob(0)));
  };
  CHECK(set() != set());
  store->lock();
  unlock(*store, "one");
}

TEST_CASE("store: the passphrase can be changed and removed") {
  TempFolder temp;
  auto store = open_store(temp.path());
  REQUIRE(store->put("draft", "half a"));
  set_passphrase(*store, "one");
  store->lock();
  unlock(*store, "one");
  set_passphrase(*store, "two");
  store->lock();
  CHECK_FALSE(try_passphrase(*store, "one"));
  REQUIRE(try_passphrase(*store, "two"));
  REQUIRE(store->remove_passphrase());
  CHECK(store->lock_kind() == Store::Lock::none);
  store.reset();
  store = open_store(temp.path());
  CHECK(store->unlocked());
  CHECK(store->get("draft") == "half a");
  auto empty = store->new_derivation(SecretBytes());
  empty->run();
  CHECK_FALSE(store->set_passphrase(*empty));
  CHECK(store->lock_kind() == Store::Lock::none);
}

TEST_CASE("store: a key file opens it, no other one does") {
  TempFolder temp;
  const std::string home = temp / "home", key = temp / "key", other = temp / "other";
  auto store = open_store(home);
  REQUIRE(store->put("draft", "half a"));
  REQUIRE(store->set_key_file(key));
  CHECK(store->lock_kind() == Store::Lock::key_file);
  CHECK(mode(key) == 0600);
  store.reset();
  store = open_store(home);
  CHECK_FALSE(store->unlocked());
  CHECK_FALSE(try_passphrase(*store, "any"));
  CHECK_FALSE(store->unlock_with_file(temp / "missing"));
  REQUIRE(crypto::make_secret_file(other, "sims store key 1"));
  auto refused = store->unlock_with_file(other);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().find(other) != std::string::npos);
  ::chmod(key.c_str(), 0644);
  CHECK_FALSE(store->unlock_with_file(key));
  ::chmod(key.c_str(), 0600);
  REQUIRE(store->unlock_with_file(key));
  CHECK(store->get("draft") == "half a");

  // An existing key file is used unchanged; another kind of file is not overwritten.
  const std::string before = content(other);
  REQUIRE(store->set_key_file(other));
  CHECK(content(other) == before);
  REQUIRE(write_private_file(temp / "letter", "dear bob"));
  CHECK_FALSE(store->set_key_file(temp / "letter"));
  CHECK(content(temp / "letter") == "dear bob");
  store->lock();
  CHECK_FALSE(store->unlock_with_file(key));
  REQUIRE(store->unlock_with_file(other));
  set_passphrase(*store, "one");
  CHECK(store->lock_kind() == Store::Lock::passphrase);
}

TEST_CASE("store: a passphrase that another program changed meanwhile is used") {
  TempFolder temp;
  auto first = open_store(temp.path());
  auto second = open_store(temp.path());
  set_passphrase(*first, "one");
  first.reset();
  REQUIRE(second->hold());
  CHECK(second->lock_kind() == Store::Lock::passphrase);
  CHECK(second->put("x", "y"));
}

TEST_CASE("store: its files reveal no content") {
  TempFolder temp;
  const std::string home = temp / "home";
  const client::PeerKey bart{some_id(4), "bartholomew"};
  std::string seed;
  {
    auto store = open_store(home);
    seed = text_of(store->identity().seed());
    REQUIRE(store->put("written before", "it was locked"));
    REQUIRE(store->commit());
    set_passphrase(*store, "correct horse");
    REQUIRE(store->pin_server("chat.example.org", {bart.server, 1}));
    REQUIRE(store->pin_peer(bart.server, bart.name, {some_id(5), true, 7}));
    REQUIRE(store->save_settings({"chat.example.org", "alice", "rsa"}));
    REQUIRE(store->put("draft of bartholomew", "do not tell"));
    REQUIRE(store->add(bart, entry("attack at dawn")));
    REQUIRE(store->add(bart, entry("will do", true, client::Delivery::queued)));
    REQUIRE(store->commit());
    // While it is used, and with data still in the log.
    for (const auto& file : std::filesystem::directory_iterator(home)) {
      CAPTURE(file.path().string());
      const std::string bytes = content(file.path());
      for (std::string_view word : {"attack", "dawn", "will do", "bartholomew", "alice", "chat.example",
                                    "do not tell", "draft", "uid of", "locked", "horse"})
        CHECK_MESSAGE(bytes.find(word) == std::string::npos, word);
      for (const std::string& word : {bart.server.str(), some_id(5).str(), seed})
        CHECK(bytes.find(word) == std::string::npos);
    }
  }
  auto store = open_store(home);
  unlock(*store, "correct horse");
  CHECK(text_of(store->identity().seed()) == seed);
}

TEST_CASE("store: the key that was in clear before the passphrase is overwritten") {
  TempFolder temp;
  auto store = open_store(temp.path());
  std::string key;
  {
    auto db = raw(temp.path());
    sqlite::Statement row(db, "SELECT master FROM store");
    REQUIRE(row.step() == true);
    key = text_of(row.blob(0));
  }
  REQUIRE(key.size() == 32);
  REQUIRE(content(temp / "store.db").find(key) != std::string::npos);
  set_passphrase(*store, "one");
  for (const char* file : {"store.db", "store.db-wal", "store.db-shm"})
    CHECK(content(temp / file).find(key) == std::string::npos);
}
