// The fixture of the store's tests.
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "client/store/store.h"
#include "os/files.h"
#include "os/sqlite.h"
#include "support/fixed_rng.h"
#include "support/temp_folder.h"

namespace sims::test {

inline proto::Id some_id(std::uint64_t seed) {
  FixedRng rng(seed);
  return proto::Id::of(crypto::SigningKey::generate(rng).public_key());
}

inline std::unique_ptr<client::Store> open_store(const std::string& folder, const std::string& state = {}) {
  auto store = client::Store::open(folder, state);
  if (!store) FAIL(store.error());
  return std::move(*store);
}

inline void unlock(client::Store& store, std::string_view passphrase) {
  auto work = store.derivation(SecretBytes(bytes_of(passphrase)));
  work->run();
  REQUIRE(store.unlock(*work));
}

// With the lowest cost, not the half second of Store::new_derivation().
inline void set_passphrase(client::Store& store, std::string_view passphrase) {
  client::Derivation work(SecretBytes(bytes_of(passphrase)), ByteArray<16>{7}, crypto::ScryptCost{});
  work.run();
  REQUIRE(store.set_passphrase(work));
}

inline std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline mode_t mode(const std::string& path) {
  struct stat s {};
  REQUIRE(::stat(path.c_str(), &s) == 0);
  return s.st_mode & 07777;
}

inline sqlite::Database raw(const std::string& folder) {
  auto db = sqlite::Database::open(folder + "/store.db");
  REQUIRE(db);
  return std::move(*db);
}

inline client::HistoryEntry entry(std::string body, bool mine = false,
                                  client::Delivery delivery = client::Delivery::delivered) {
  client::HistoryEntry out;
  out.peer_id = some_id(9);
  out.uid = "uid of " + body;
  out.body = std::move(body);
  out.mine = mine;
  out.delivery = delivery;
  out.at_unix_ms = 1'700'000'000'123;
  return out;
}

inline client::PeerKey peer(std::uint64_t server, const std::string& name) {
  return {some_id(server), name};
}

}  // namespace sims::test
