#include "client/keystore.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "support/fixed_rng.h"
#include "support/temp_folder.h"

using namespace sims;
using client::Keystore;
using client::PinnedPeer;
using client::PinnedServer;
using proto::Id;

namespace {

Id some_id(std::uint64_t seed) {
  test::FixedRng rng(seed);
  return Id::of(crypto::SigningKey::generate(rng).public_key());
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const std::string& path, std::string_view text) {
  REQUIRE(write_private_file(path, text).has_value());
}

mode_t mode(const std::string& path) {
  struct stat s {};
  REQUIRE(::stat(path.c_str(), &s) == 0);
  return s.st_mode & 07777;
}

}  // namespace

TEST_CASE("the identity is made once, and everything is private") {
  test::TempFolder temp;
  std::string home = temp.path() + "/new/home";
  auto first = Keystore::open(home).value();
  CHECK(first->made_identity());
  Id id = first->id();
  CHECK_FALSE(Keystore::open(home).value()->made_identity());
  CHECK(Keystore::open(home).value()->id() == id);
  CHECK(Keystore::open(temp.path() + "/other").value()->id() != id);
  REQUIRE(first->pin_server("localhost", {some_id(1), 5}).has_value());
  REQUIRE(first->pin_peer(some_id(1), "bob", {some_id(2), false, 6}).has_value());
  REQUIRE(first->save_settings({"localhost:7467", "alice", "ecdhe"}).has_value());
  CHECK(mode(home) == 0700);
  for (const char* file : {"identity", "known_servers", "known_peers", "settings", "lock"}) {
    CAPTURE(file);
    CHECK(mode(home + "/" + file) == 0600);
  }
}

TEST_CASE("pins and settings come back from disk") {
  test::TempFolder temp;
  Id server = some_id(1), other = some_id(2), bob = some_id(3);
  {
    auto keys = Keystore::open(temp.path()).value();
    REQUIRE(keys->pin_server("Host:7467", {server, 1'700'000'000'123}).has_value());
    REQUIRE(keys->pin_server("[::1]:1", {other, 0}).has_value());
    REQUIRE(keys->pin_peer(server, "bob", {bob, true, 7}).has_value());
    REQUIRE(keys->pin_peer(other, "bob", {some_id(4), false, 8}).has_value());
    REQUIRE(keys->save_settings({"[::1]:1", "alice", "rsa"}).has_value());
  }
  auto keys = Keystore::open(temp.path()).value();
  REQUIRE(keys->server("host").has_value());  // any spelling
  CHECK(keys->server("host:7467")->id == server);
  CHECK(keys->server("host:7467")->first_seen_unix_ms == 1'700'000'000'123);
  CHECK(keys->server("[0::1]:1")->id == other);
  CHECK_FALSE(keys->server("host:7468").has_value());
  CHECK_FALSE(keys->server("not a host").has_value());
  auto peers = keys->peers(server);
  REQUIRE(peers.size() == 1);
  CHECK(peers.at("bob").id == bob);
  CHECK(peers.at("bob").verified);
  CHECK(peers.at("bob").first_seen_unix_ms == 7);
  CHECK(keys->all_peers().size() == 2);
  CHECK(keys->settings().server == "[::1]:1");
  CHECK(keys->settings().name == "alice");
  CHECK(keys->settings().suite == "rsa");
}

TEST_CASE("forgetting takes exactly what was named") {
  test::TempFolder temp;
  Id server = some_id(1);
  auto keys = Keystore::open(temp.path()).value();
  REQUIRE(keys->pin_server("a:1", {server, 1}).has_value());
  REQUIRE(keys->pin_peer(server, "bob", {some_id(2), true, 1}).has_value());
  REQUIRE(keys->pin_peer(server, "carol", {some_id(3), true, 1}).has_value());
  CHECK(keys->forget_peer(server, "bob").has_value());
  CHECK_FALSE(keys->forget_peer(server, "bob").has_value());
  CHECK(keys->forget_server("a:1").has_value());
  CHECK_FALSE(keys->forget_server("a:1").has_value());
  keys.reset();
  keys = Keystore::open(temp.path()).value();
  CHECK_FALSE(keys->server("a:1").has_value());
  CHECK(keys->peers(server).size() == 1);
  CHECK(keys->peers(server).contains("carol"));
}

TEST_CASE("one program at a time, and what the one before wrote is not lost") {
  test::TempFolder temp;
  auto first = Keystore::open(temp.path()).value();
  auto second = Keystore::open(temp.path()).value();
  REQUIRE(first->pin_server("a:1", {some_id(1), 1}).has_value());  // takes the lock
  auto refused = second->lock();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().find("--home") != std::string::npos);
  CHECK_FALSE(second->pin_server("b:1", {some_id(2), 1}).has_value());
  CHECK_FALSE(second->server("b:1").has_value());  // not stored, so not pinned
  first.reset();
  REQUIRE(second->pin_server("b:1", {some_id(2), 1}).has_value());
  CHECK(second->server("a:1").has_value());
  CHECK(second->server("b:1").has_value());
}

TEST_CASE("damaged files are refused with file and line, and stay as they are") {
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
    test::TempFolder temp;
    Keystore::open(temp.path()).value();
    std::string path = temp.path() + "/" + file;
    put(path, text);
    auto opened = Keystore::open(temp.path());
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().find(path + ":" + std::to_string(line)) != std::string::npos);
    CHECK(content(path) == text);
  }
}

TEST_CASE("a damaged or readable identity is refused, never replaced") {
  test::TempFolder temp;
  std::string path = temp.path() + "/identity";
  Keystore::open(temp.path()).value();
  const std::string good = content(path);
  for (std::string text : {std::string(), good.substr(0, good.size() - 1), good + "\n", good.substr(1),
                           "sims identity 1\n" + std::string(44, 'A') + "\n",  // 33 bytes
                           "sims identity 1\n" + std::string(4'000, 'A') + "\n"}) {
    CAPTURE(text);
    put(path, text);
    auto opened = Keystore::open(temp.path());
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().find(path) != std::string::npos);
    CHECK(content(path) == text);
  }
  put(path, good);
  CHECK(Keystore::open(temp.path()).has_value());
  ::chmod(path.c_str(), 0640);
  CHECK_FALSE(Keystore::open(temp.path()).has_value());
  CHECK(mode(path) == 0640);
}

TEST_CASE("what was being written when a program was killed does not stay") {
  test::TempFolder temp;
  put(temp.path() + "/identity.unfinished", "half a secret");
  put(temp.path() + "/known_peers.unfinished", "half a list");
  auto keys = Keystore::open(temp.path()).value();
  CHECK_FALSE(std::filesystem::exists(temp.path() + "/identity.unfinished"));
  REQUIRE(keys->pin_peer(some_id(1), "bob", {some_id(2), false, 6}).has_value());
  CHECK_FALSE(std::filesystem::exists(temp.path() + "/known_peers.unfinished"));
}

TEST_CASE("what could not be stored is not pinned") {
  test::TempFolder temp;
  auto keys = Keystore::open(temp.path()).value();
  REQUIRE(keys->lock().has_value());
  std::filesystem::create_directory(temp.path() + "/known_servers");  // the file cannot be renamed over it
  CHECK_FALSE(keys->pin_server("a:1", {some_id(1), 1}).has_value());
  CHECK_FALSE(keys->server("a:1").has_value());
  CHECK_FALSE(keys->pin_server("no host", {some_id(1), 1}).has_value());
  CHECK_FALSE(keys->pin_peer(some_id(1), "No Name", {some_id(2), false, 1}).has_value());
  CHECK_FALSE(keys->save_settings({"a\nname = \"b\"", "", ""}).has_value());
}
