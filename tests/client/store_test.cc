#include "client/store.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "crypto/key_file.h"
#include "support/fixed_rng.h"
#include "support/temp_folder.h"

using namespace sims;
using client::Delivery;
using client::HistoryEntry;
using client::PinnedPeer;
using client::Store;
using proto::Id;

namespace {

Id some_id(std::uint64_t seed) {
  test::FixedRng rng(seed);
  return Id::of(crypto::SigningKey::generate(rng).public_key());
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

mode_t mode(const std::string& path) {
  struct stat s {};
  REQUIRE(::stat(path.c_str(), &s) == 0);
  return s.st_mode & 07777;
}

HistoryEntry entry(const std::string& body, bool mine = false) {
  HistoryEntry out;
  out.mine = mine;
  out.body = body;
  out.uid = "uid-of-" + body;
  out.at_unix_ms = 1'700'000'000'000;
  out.delivery = mine ? Delivery::queued : Delivery::delivered;
  return out;
}

SecretBytes secret(std::string_view text) {
  return SecretBytes(bytes_of(text));
}

void set_passphrase(Store& store, std::string_view text) {
  auto job = store.new_derivation(secret(text));
  job->run();
  REQUIRE(store.set_passphrase(*job));
}

Result<void> unlock(Store& store, std::string_view text) {
  auto job = store.derivation(secret(text));
  job->run();
  return store.unlock(*job);
}

const client::PeerKey bob{some_id(1), "bob"}, carol{some_id(1), "carol"};

}  // namespace

TEST_CASE("store: the identity is made once, and everything is private") {
  test::TempFolder temp;
  const std::string home = temp.path() + "/new/home";
  Id id;
  {
    auto store = Store::open(home).value();
    CHECK(store->made_identity());
    CHECK(store->unlocked());
    CHECK(store->lock_kind() == Store::Lock::none);
    id = store->id();
    REQUIRE(store->pin_server("localhost", {some_id(1), 5}));
    REQUIRE(store->commit());
    CHECK(mode(home) == 0700);
    for (const char* file : {"store.db", "store.db-wal", "store.db-shm", "lock"}) {
      CAPTURE(file);
      CHECK(mode(home + "/" + file) == 0600);
    }
  }
  CHECK_FALSE(Store::open(home).value()->made_identity());
  CHECK(Store::open(home).value()->id() == id);
  CHECK(Store::open(temp.path() + "/other").value()->id() != id);
  ::chmod((home + "/store.db").c_str(), 0640);
  CHECK_FALSE(Store::open(home));
}

TEST_CASE("store: pins, settings and values come back, what was not committed does not") {
  test::TempFolder temp;
  const Id server = some_id(1), other = some_id(2);
  {
    auto store = Store::open(temp.path()).value();
    REQUIRE(store->pin_server("Host:7467", {server, 1'700'000'000'123}));
    REQUIRE(store->pin_server("[::1]:1", {other, 0}));
    REQUIRE(store->pin_peer(server, "bob", {some_id(3), true, 7, client::Standing::contact, 12}));
    REQUIRE(store->pin_peer(other, "bob", {some_id(4), false, 8, client::Standing::blocked, 0}));
    REQUIRE(store->save_settings({"[::1]:1", "alice", "rsa"}));
    REQUIRE(store->put("draft/bob", "half a"));
    REQUIRE(store->commit());
    REQUIRE(store->put("draft/bob", "lost"));
    REQUIRE(store->pin_peer(server, "lost", {some_id(5), false, 8}));
  }
  auto store = Store::open(temp.path()).value();
  CHECK(store->server("host")->id == server);  // any spelling
  CHECK(store->server("host:7467")->first_seen_unix_ms == 1'700'000'000'123);
  CHECK(store->server("[0::1]:1")->id == other);
  CHECK_FALSE(store->server("host:7468"));
  const auto peers = store->peers(server);
  REQUIRE(peers.size() == 1);
  CHECK(peers.at("bob").verified);
  CHECK(peers.at("bob").read_row == 12);
  CHECK(store->peers(other).at("bob").standing == client::Standing::blocked);
  CHECK(store->settings().name == "alice");
  CHECK(store->get("draft/bob") == "half a");
  CHECK_FALSE(store->get("draft/carol"));

  CHECK(store->forget_peer(server, "bob"));
  CHECK_FALSE(store->forget_peer(server, "bob"));
  CHECK(store->forget_server("host"));
  CHECK_FALSE(store->forget_server("host"));
}

TEST_CASE("store: one program at a time writes; who reads needs no lock") {
  test::TempFolder temp;
  auto first = Store::open(temp.path()).value();
  auto second = Store::open(temp.path()).value();
  REQUIRE(first->hold());
  const auto refused = second->hold();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().find("--home") != std::string::npos);
  CHECK_FALSE(second->pin_server("b:1", {some_id(2), 1}));
  REQUIRE(first->add(bob, entry("hello")));
  REQUIRE(first->commit());
  CHECK(second->before(bob, 0, 10)->size() == 1);
  first.reset();
  CHECK(second->pin_server("b:1", {some_id(2), 1}));
}

TEST_CASE("store: history in pages, the outbox, uids that were seen, erasing") {
  test::TempFolder temp;
  auto store = Store::open(temp.path()).value();
  for (int i = 0; i < 10; ++i)
    REQUIRE(store->add(i % 2 ? bob : carol, entry("text " + std::to_string(i))));
  const auto queued = store->add(bob, entry("queued", true)).value();
  const auto sent = store->add(bob, entry("sent", true)).value();
  REQUIRE(store->set_delivery(sent, Delivery::delivered, ""));
  REQUIRE(store->commit());

  auto page = store->before(bob, 0, 3).value();
  REQUIRE(page.size() == 3);
  CHECK(page[0].body == "text 9");
  CHECK(page[2].body == "sent");
  CHECK(page[2].delivery == Delivery::delivered);
  page = store->before(bob, page[0].row, 100).value();
  REQUIRE(page.size() == 4);
  CHECK(page[0].body == "text 1");
  CHECK(store->unread(bob, page[1].row) == 3);

  const auto outbox = store->outbox(bob.server).value();
  REQUIRE(outbox.size() == 1);
  REQUIRE(outbox.at("bob").size() == 1);
  CHECK(outbox.at("bob")[0].row == queued);
  CHECK(outbox.at("bob")[0].uid == "uid-of-queued");

  CHECK(store->seen(bob, "uid-of-text 1"));
  CHECK_FALSE(store->seen(carol, "uid-of-text 1"));
  REQUIRE(store->erase_history(bob));
  REQUIRE(store->commit());
  CHECK(store->before(bob, 0, 100)->size() == 1);  // what is still to be sent
  CHECK(store->seen(bob, "uid-of-text 1"));
  CHECK(store->before(carol, 0, 100)->size() == 5);
}

TEST_CASE("store: a passphrase opens it, a wrong one does not, and it can be changed and removed") {
  test::TempFolder temp;
  Id id;
  {
    auto store = Store::open(temp.path()).value();
    REQUIRE(store->add(bob, entry("hello")));
    REQUIRE(store->commit());
    id = store->id();
    set_passphrase(*store, "correct horse");
    CHECK(store->lock_kind() == Store::Lock::passphrase);
  }
  auto store = Store::open(temp.path()).value();
  CHECK_FALSE(store->unlocked());
  CHECK(store->id() == id);
  CHECK(unlock(*store, "wrong").error() == "wrong passphrase");
  CHECK_FALSE(unlock(*store, ""));
  REQUIRE(unlock(*store, "correct horse"));
  CHECK(store->before(bob, 0, 1)->at(0).body == "hello");
  CHECK_FALSE(unlock(*store, "wrong"));  // also of an open one
  store->lock();
  CHECK_FALSE(store->unlocked());
  REQUIRE(unlock(*store, "correct horse"));
  set_passphrase(*store, "another");
  store->lock();
  CHECK_FALSE(unlock(*store, "correct horse"));
  REQUIRE(unlock(*store, "another"));
  REQUIRE(store->remove_passphrase());
  store.reset();
  CHECK(Store::open(temp.path()).value()->unlocked());
}

TEST_CASE("store: a key file opens it, no other one does") {
  test::TempFolder temp;
  const std::string key = temp.path() + "/key", home = temp.path() + "/home";
  auto store = Store::open(home).value();
  REQUIRE(store->set_key_file(key));
  CHECK(mode(key) == 0600);
  store.reset();
  store = Store::open(home).value();
  CHECK_FALSE(store->unlocked());
  CHECK_FALSE(unlock(*store, "any"));
  auto other = Store::open(temp.path() + "/other").value();
  REQUIRE(other->set_key_file(temp.path() + "/key2"));
  CHECK_FALSE(store->unlock_with_file(temp.path() + "/key2"));
  ::chmod(key.c_str(), 0644);
  CHECK_FALSE(store->unlock_with_file(key));
  ::chmod(key.c_str(), 0600);
  CHECK(store->unlock_with_file(key));
}

TEST_CASE("store: nothing of what it holds is in the files in clear") {
  test::TempFolder temp;
  {
    auto store = Store::open(temp.path()).value();
    set_passphrase(*store, "correct horse");
    REQUIRE(store->pin_peer(bob.server, "bartholomew", {some_id(3), true, 7}));
    REQUIRE(store->pin_server("chat.example.org", {bob.server, 1}));
    REQUIRE(store->add({bob.server, "bartholomew"}, entry("attack at dawn")));
    REQUIRE(store->put("draft/bartholomew", "do not tell"));
    REQUIRE(store->commit());
  }
  for (const auto& file : std::filesystem::directory_iterator(temp.path())) {
    CAPTURE(file.path().string());
    const std::string bytes = content(file.path());
    for (const char* word :
         {"bartholomew", "attack", "dawn", "uid-of", "do not tell", "chat.example", "horse"})
      CHECK(bytes.find(word) == std::string::npos);
    CHECK(bytes.find(some_id(3).text()) == std::string::npos);
  }
}

TEST_CASE("store: the older layout's files are taken over once") {
  test::TempFolder temp;
  const Id server = some_id(1), peer = some_id(2);
  auto old = crypto::make_key_file(temp.path() + "/identity", "sims identity 1");
  REQUIRE(old);
  REQUIRE(write_private_file(temp.path() + "/known_servers",
                             "sims known servers 1\na:1 " + server.str() + " 5\n"));
  REQUIRE(write_private_file(temp.path() + "/known_peers",
                             "sims known peers 1\n" + server.str() + " bob " + peer.str() + " verified 6\n"));
  REQUIRE(write_private_file(temp.path() + "/settings", "server = \"a:1\"\nname = \"alice\"\n"));
  auto store = Store::open(temp.path()).value();
  CHECK_FALSE(store->made_identity());
  CHECK(store->id() == Id::of(old->public_key()));
  CHECK(store->server("a:1")->id == server);
  CHECK(store->peers(server).at("bob").verified);
  CHECK(store->settings().name == "alice");
  for (const char* file : {"identity", "known_servers", "known_peers", "settings"})
    CHECK_FALSE(file_exists(temp / file));
}

TEST_CASE("store: a damaged older file is refused with file and line, and stays as it is") {
  const std::string id = some_id(1).str();
  for (const std::string text :
       {std::string("sims known servers 2\n"), "sims known servers 1\na:1 " + id + " 5",
        "sims known servers 1\nA:1 " + id + " 5\n"}) {
    test::TempFolder temp;
    REQUIRE(crypto::make_key_file(temp.path() + "/identity", "sims identity 1"));
    const std::string path = temp / "known_servers";
    REQUIRE(write_private_file(path, text));
    const auto opened = Store::open(temp.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().find(path + ":") != std::string::npos);
    CHECK(content(path) == text);
  }
}

TEST_CASE("store: what is damaged or newer is refused, never replaced") {
  test::TempFolder temp;
  const std::string path = temp / "store.db";
  Store::open(temp.path()).value();
  for (const std::string& text : {std::string(), std::string("no database"), content(path).substr(0, 100)}) {
    test::TempFolder other;
    REQUIRE(write_private_file(other / "store.db", text));
    const auto opened = Store::open(other.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().find(other / "store.db") != std::string::npos);
    CHECK(content(other / "store.db") == text);
  }
}

TEST_CASE("store: a backup that was put back is noticed") {
  test::TempFolder temp;
  const std::string home = temp / "home", state = temp / "state";
  const auto use = [&] {
    auto store = Store::open(home, state).value();
    REQUIRE(store->hold());
    return store->restored();
  };
  CHECK_FALSE(use());
  std::filesystem::copy(home, temp / "backup");
  CHECK_FALSE(use());
  std::filesystem::remove_all(home);
  std::filesystem::copy(temp / "backup", home);
  CHECK(use());
  CHECK_FALSE(use());
}

TEST_CASE("store: a search finds text in either case, newest first, and can be cancelled") {
  test::TempFolder temp;
  auto store = Store::open(temp.path()).value();
  for (int i = 0; i < 300; ++i)
    REQUIRE(
        store->add(i % 2 ? bob : carol, entry("message " + std::to_string(i) + (i == 7 ? " Ärger" : ""))));
  REQUIRE(store->commit());
  auto all = store->search(std::nullopt, "MESSAGE", 10);
  all->run();
  REQUIRE(all->hits.size() == 10);
  CHECK(all->hits[0].entry.body == "message 299");
  CHECK(all->hits[0].peer == bob);
  auto one = store->search(bob, "ärger", 10);
  one->run();
  REQUIRE(one->hits.size() == 1);
  CHECK(one->hits[0].entry.body == "message 7 Ärger");
  auto none = store->search(carol, "ärger", 10);
  none->run();
  CHECK(none->hits.empty());
  auto cancelled = store->search(std::nullopt, "message", 1'000);
  cancelled->cancel();
  cancelled->run();
  CHECK(cancelled->hits.size() < 300);
}

TEST_CASE("store: killed at any point, what commit() confirmed is there and nothing is half there") {
  for (int kill_at = 0; kill_at < 12; ++kill_at) {
    test::TempFolder temp;
    Store::open(temp.path()).value();
    int told[2];
    REQUIRE(::pipe(told) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = Store::open(temp.path()).value();
      int step = 0;
      const auto maybe_die = [&] {
        if (step++ == kill_at) ::kill(::getpid(), SIGKILL);
      };
      for (int i = 0; i < 4; ++i) {
        if (!store->add(bob, entry(std::to_string(i), true))) ::_exit(1);
        maybe_die();
        if (!store->commit()) ::_exit(1);
        const char confirmed = static_cast<char>(i + 1);
        if (::write(told[1], &confirmed, 1) != 1) ::_exit(1);
        maybe_die();
      }
      ::_exit(0);
    }
    ::close(told[1]);
    char confirmed = 0;
    for (char next; ::read(told[0], &next, 1) == 1;)
      confirmed = next;
    ::close(told[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    auto store = Store::open(temp.path()).value();
    const auto rows = store->before(bob, 0, 100).value();
    REQUIRE(static_cast<int>(rows.size()) == confirmed);
    for (std::size_t i = 0; i < rows.size(); ++i)
      CHECK(rows[i].body == std::to_string(i));
  }
}
