// Randomly damaged files give an error in words or the stored texts, never anything else.
#include <set>

#include "client/store/store_fixture.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Store;

namespace {

const client::PeerKey bob = peer(1, "bob"), carol = peer(1, "carol");
constexpr int messages = 60;

std::string body(int number) {
  return "message " + std::to_string(number) + std::string(static_cast<std::size_t>(number * 7), '.');
}

std::string make(const std::string& folder) {
  {
    auto store = open_store(folder);
    REQUIRE(store->pin_server("a:1", {some_id(1), 1}));
    REQUIRE(store->pin_peer(some_id(1), "bob", {some_id(2), true, 1}));
    REQUIRE(store->put("draft", "half a"));
    for (int i = 0; i < messages; ++i)
      REQUIRE(store->add(i % 2 ? bob : carol,
                         entry(body(i), i % 3 == 0, i % 6 == 0 ? Delivery::queued : Delivery::delivered)));
    REQUIRE(store->commit());
  }
  return content(folder + "/store.db");
}

void damage(std::string& file, FixedRng& rng) {
  switch (rng.pick(4)) {
    case 0:  // some bits
      for (std::size_t left = 1 + rng.pick(8); left > 0; --left)
        file[rng.pick(file.size())] ^= static_cast<char>(1u << rng.pick(8));
      return;
    case 1: {  // a page that another one overwrote
      const std::size_t pages = file.size() / 4'096;
      file.replace(rng.pick(pages) * 4'096, 4'096, file.substr(rng.pick(pages) * 4'096, 4'096));
      return;
    }
    case 2: {  // zeros
      const std::size_t at = rng.pick(file.size());
      for (std::size_t i = at; i < std::min(file.size(), at + 1 + rng.pick(600)); ++i)
        file[i] = '\0';
      return;
    }
    default:  // a few random bytes in a heading of a page
      const std::size_t at = rng.pick(file.size() / 4'096) * 4'096;
      for (std::size_t i = at; i < at + 40; ++i)
        if (rng.pick(6) == 0) file[i] = static_cast<char>(rng.pick(256));
  }
}

struct Expected {
  Expected() {
    for (int i = 0; i < messages; ++i)
      bodies.insert(body(i));
  }
  void said(const Result<std::vector<client::HistoryEntry>>& entries) const {
    if (!entries) {
      CHECK_FALSE(entries.error().empty());
      return;
    }
    for (const auto& one : *entries)
      CHECK(bodies.contains(one.body));
  }
  std::set<std::string> bodies;
};

// false: it was not opened.
bool use(const std::string& folder, const Expected& expected) {
  auto opened = Store::open(folder);
  if (!opened) {
    CHECK(opened.error().find(folder) != std::string::npos);
    return false;
  }
  Store& store = **opened;
  if (auto server = store.server("a:1")) CHECK(server->id == some_id(1));
  for (const auto& known : store.all_peers()) {
    CHECK(known.name == "bob");
    CHECK(known.pinned.verified == (known.pinned.id == some_id(2)));
  }
  const auto draft = store.get("draft");
  CHECK((!draft || *draft == "half a"));
  for (const auto& who : {bob, carol}) {
    expected.said(store.before(who, 0, 1'000));
    static_cast<void>(store.unread(who, 0));
    static_cast<void>(store.seen(who, some_id(9), "uid of x"));
  }
  if (const auto out = store.outbox(some_id(1)))
    for (const auto& [name, entries] : *out)
      expected.said(entries);
  static_cast<void>(store.conversations());
  auto search = store.search(std::nullopt, "message", 1'000);
  search->run();
  for (const auto& hit : search->hits)
    CHECK(expected.bodies.contains(hit.entry.body));
  const auto added = store.add(bob, entry(body(1)));
  const auto lasts = store.commit();
  if (added && lasts) expected.said(store.before(bob, 0, 1'000));
  return true;
}

}  // namespace

TEST_CASE("store: random damage is an error in words or harmless; no false data is read") {
  TempFolder temp;
  const std::string home = temp / "home", path = home + "/store.db", good = make(home);
  const Expected expected;
  FixedRng rng(11);
  int opened = 0, rounds = 120;
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    std::string bad = good;
    damage(bad, rng);
    for (const char* beside : {"-wal", "-shm"})
      std::filesystem::remove(path + beside);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
    opened += use(home, expected) ? 1 : 0;
  }
  // Both outcomes must occur, or the test proves nothing.
  CHECK(opened > rounds / 10);
  CHECK(opened < rounds);
}

TEST_CASE("store: a damaged or cut log loses the last writes, and nothing else") {
  TempFolder temp;
  const std::string home = temp / "home", good = make(home), log = home + "/store.db-wal";
  const Expected expected;
  auto writer = open_store(home);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(writer->add(bob, entry(body(i))));
    REQUIRE(writer->commit());
  }
  const std::string whole = content(log);
  REQUIRE(whole.size() > 20'000);
  FixedRng rng(12);
  for (int round = 0; round < 30; ++round) {
    CAPTURE(round);
    const std::string other = temp / std::to_string(round);
    REQUIRE(make_private_folder(other));
    REQUIRE(write_private_file(other + "/store.db", content(home + "/store.db")));
    std::string bad = whole.substr(0, rng.pick(whole.size()));
    if (round % 2 && !bad.empty()) bad[rng.pick(bad.size())] ^= 1;
    std::ofstream(other + "/store.db-wal", std::ios::binary) << bad;
    ::chmod((other + "/store.db-wal").c_str(), 0600);
    REQUIRE(use(other, expected));
    auto store = open_store(other);
    const auto page = store->before(bob, 0, 1'000);
    REQUIRE(page);
    CHECK(page->size() >= messages / 2 + 1);
  }
}

TEST_CASE("store: pages of two ages in one file: the keys are of one of them, or it is refused") {
  TempFolder temp;
  const std::string home = temp / "home", path = home + "/store.db", older = make(home);
  const Expected expected;
  {
    auto store = open_store(home);
    REQUIRE(store->pin_peer(some_id(1), "bob", {some_id(9), false, 2}));
    for (int i = 0; i < messages; ++i)
      REQUIRE(store->add(bob, entry(body(i))));
    REQUIRE(store->commit());
  }
  const std::string newer = content(path);
  FixedRng rng(13);
  int opened = 0;
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    std::string mixed = newer;
    const std::size_t one_in = 2 + rng.pick(10);
    for (std::size_t at = 0; at + 4'096 <= std::min(older.size(), newer.size()); at += 4'096)
      if (rng.pick(one_in) == 0) mixed.replace(at, 4'096, older.substr(at, 4'096));
    for (const char* beside : {"-wal", "-shm"})
      std::filesystem::remove(path + beside);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << mixed;
    opened += use(home, expected) ? 1 : 0;
  }
  CHECK(opened > 0);
}

// A lost store must not be replaced silently by a new identity, nor its log be applied to a new
// store.
TEST_CASE("attack 44: a missing store is refused where there was one, and no new one is made") {
  for (const char* left : {"checked", "unclean", "store.db-wal", "store.db-shm"}) {
    CAPTURE(left);
    TempFolder temp;
    make(temp.path());
    for (const char* name : {"store.db", "checked", "unclean", "store.db-wal", "store.db-shm"})
      std::filesystem::remove(temp / name);
    REQUIRE(write_private_file(temp / left, "1"));
    const auto opened = Store::open(temp.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().starts_with(temp / "store.db is missing"));
    CHECK_FALSE(file_exists(temp / "store.db"));
    CHECK(content(temp / left) == "1");
    std::filesystem::remove(temp / left);
    CHECK(open_store(temp.path())->made_identity());
  }
  TempFolder once;
  open_store(once.path());
  std::filesystem::remove(once / "store.db");
  CHECK_FALSE(Store::open(once.path()));
}
