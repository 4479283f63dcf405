// Fuzz target `store`: the client's store file with any bytes changed. Opening it succeeds or returns an error.
// Each value that it returns was put in; values may be missing.
#include "client/store/store.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "fuzz/fuzz.h"
#include "support/fixed_rng.h"
#include "support/temp_folder.h"
#include "support/vectors.h"

namespace sims::fuzz {
namespace {

using namespace client;

const proto::Id& id_of(std::size_t which) {
  static const std::vector<proto::Id> ids = [] {
    std::vector<proto::Id> out;
    test::FixedRng rng(4);
    for (int i = 0; i < 3; ++i)
      out.push_back(proto::Id::of(crypto::SigningKey::generate(rng).public_key()));
    return out;
  }();
  return ids.at(which);
}
const PeerKey& bob() {
  static const PeerKey key = {id_of(0), "bob"};
  return key;
}

// The bytes of a store that has some of everything.
std::string image() {
  test::TempFolder folder;
  {
    auto opened = Store::open(folder / "home");
    HOLDS(opened.has_value());
    Store& store = **opened;
    HOLDS(store.hold().has_value());
    HOLDS(store.pin_server("server:7467", {id_of(0), 1}).has_value());
    HOLDS(store.pin_peer(id_of(0), "bob", {id_of(1), true, 2, Standing::contact, 0}).has_value());
    for (int i = 0; i < 12; ++i) {
      HistoryEntry entry;
      entry.peer_id = id_of(1);
      entry.mine = i % 2 == 0;
      entry.uid = "uid" + std::to_string(i);
      entry.body = "text " + std::to_string(i);
      entry.delivery = i % 3 == 0 ? Delivery::queued : Delivery::delivered;
      HOLDS(store.add(bob(), entry).has_value());
    }
    HOLDS(store.put("draft", "a draft").has_value());
    HOLDS(store.save_settings({"server:7467", "alice", "ecdhe"}).has_value());
    HOLDS(store.save().has_value());
  }
  return test::read_text(folder / "home/store.db");
}

void check_entry(const HistoryEntry& entry) {
  HOLDS(entry.body.starts_with("text ") && entry.uid == "uid" + entry.body.substr(5));
}

void check_texts(Store& store) {
  if (const auto rows = store.before(bob(), 0, 50))
    for (const auto& entry : *rows)
      check_entry(entry);
  if (const auto out = store.outbox(id_of(0)))
    for (const auto& [name, rows] : *out)
      for (const auto& entry : rows)
        HOLDS((check_entry(entry), name == "bob" && entry.mine));
  static_cast<void>(store.each(bob(), [](const HistoryEntry& entry) { return check_entry(entry), true; }));
  static_cast<void>(store.unread(bob(), 3));
  static_cast<void>(store.seen(bob(), id_of(1), "uid1"));
  auto search = store.search(std::nullopt, "TEXT", 50);
  search->run();
  for (const auto& hit : search->hits)
    check_entry(hit.entry);
}

void check_store(Store& store) {
  if (!store.unlocked()) return;
  if (const auto server = store.server("server:7467")) HOLDS(server->id == id_of(0));
  for (const auto& [name, peer] : store.peers(id_of(0)))
    HOLDS(name == "bob" && peer.id == id_of(1));
  static_cast<void>(store.all_peers());
  check_texts(store);
  if (const auto draft = store.get("draft")) HOLDS(draft == "a draft");
  const std::string name = store.settings().name;
  HOLDS(name.empty() || name == "alice");
  // The store can be used further, or returns errors.
  static_cast<void>(store.hold());
  HistoryEntry entry;
  entry.uid = "uid99", entry.body = "text 99";
  static_cast<void>(store.add(bob(), entry));
  if (const auto saved = store.save(); !saved) HOLDS(!saved.error().empty());
  check_texts(store);
}

void run(ByteView input) {
  static const std::string whole = image();
  static const test::TempFolder folder;
  std::string bytes = whole;
  Source source(input);
  const std::size_t cut = source.number(2);
  if (cut != 0) bytes.resize(bytes.size() * cut / 65'536);
  while (!source.empty() && !bytes.empty()) {
    const std::size_t at = source.number(3);
    const std::string with = source.text();
    for (std::size_t i = 0; i < with.size(); ++i)
      bytes[(at + i) % bytes.size()] = with[i];
  }
  const std::string home = folder / "home";
  std::filesystem::remove_all(home);
  std::filesystem::create_directory(home);
  std::filesystem::permissions(home, std::filesystem::perms::owner_all);
  std::ofstream(home + "/store.db", std::ios::binary) << bytes;
  ::chmod((home + "/store.db").c_str(), 0600);
  auto store = Store::open(home);
  if (!store) {
    HOLDS(!store.error().empty());
    return;
  }
  check_store(**store);
}

std::vector<std::string> seeds() {
  std::vector<std::string> out = {std::string(2, '\0'), std::string("\x80\0", 2)};
  // A change in each of the first pages.
  for (int page = 0; page < 24; ++page)
    for (const char* with : {"\xff", "\x01\x02"})
      out.push_back(std::string(3, '\0') + static_cast<char>(page * 16 + 1) + static_cast<char>(page * 7) +
                    sized(with));
  return out;
}

const Register registered({"store", run, seeds, 100});

}  // namespace
}  // namespace sims::fuzz
