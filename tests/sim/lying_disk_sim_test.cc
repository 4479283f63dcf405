// Disks whose fsync reports success and does nothing. After a power cut texts and names may be
// missing, and no program can know it. But a damaged store or accounts file is refused with an
// error text, and no identity changes.
#include <doctest/doctest.h>

#include "sim/disks.h"
#include "sim/seeds.h"

using namespace sims;
using namespace sims::test;

namespace {

proto::Id some_id(FixedRng& random) {
  return proto::Id::of(crypto::SigningKey::generate(random).public_key());
}

class LyingDisk {
 public:
  explicit LyingDisk(std::uint64_t seed) : disks_(seed), home_(disks_, "alice"), relay_(disks_, "relay") {
    playing(seed);
    for (int i = 0; i < 6; ++i)
      ids_.push_back(some_id(disks_.random));
    std::string wrong;
    store_ = disks_.open_store(home_, wrong);
    accounts_ = disks_.open_accounts(relay_, wrong);
    REQUIRE(wrong == "");
    id_ = store_->id();
    REQUIRE(store_->pin_server("server:7467", {ids_[0], 1}));
    REQUIRE(store_->save());
  }

  void use(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (disks_.random.pick(20) == 0) disks_.lie(disks_.random.pick(2) == 0 ? home_ : relay_);
      const auto who = 1 + disks_.random.pick(5);
      const std::string name = "name" + std::to_string(who);
      client::HistoryEntry entry;
      entry.peer_id = ids_[who];
      entry.uid = "uid" + std::to_string(i);
      entry.body = std::string(disks_.random.pick(120'000), '.');
      if (disks_.random.pick(4) == 0) REQUIRE(store_->pin_peer(ids_[0], name, {ids_[who], false, i}));
      REQUIRE(store_->add({ids_[0], name}, entry));
      REQUIRE(store_->commit());
      static_cast<void>(disks_.random.pick(2) == 0 ? accounts_->bind(name, ids_[who], true, 1).has_value()
                                                   : accounts_->release(name).has_value());
    }
  }

  // After the power cut each file is as it was, or older, or refused with an error text.
  void cut() {
    home_.end(Ending::power_cut);
    relay_.end(Ending::power_cut);
    store_.reset();
    accounts_.reset();
    disks_.mend();
    look_at_store();
    look_at_accounts();
    home_.forget_old();
    relay_.forget_old();
  }

  static inline int refused = 0, opened = 0;

 private:
  void look_at_store() {
    const auto store = client::Store::open(home_.path());
    if (!store) return says_why(store.error());
    ++opened;
    CHECK((*store)->id() == id_);
    CHECK_FALSE((*store)->made_identity());
    for (const auto& peer : (*store)->all_peers())
      CHECK(peer.pinned.id == id_of(peer.name));
  }
  void look_at_accounts() {
    const auto accounts =
        server::SqliteAccounts::open(relay_.path() + "/accounts.db", "; put a backup there");
    if (!accounts) return says_why(accounts.error());
    ++opened;
    for (const auto& account : (*accounts)->names("", 100))
      CHECK(account.id == id_of(account.name));
  }
  void says_why(const std::string& error) {
    ++refused;
    const auto has = [&](const char* words) { return error.find(words) != std::string::npos; };
    CHECK_MESSAGE((has("damaged") || has("holds nothing") || has("is missing") || has("unable to open")),
                  error);
  }
  const proto::Id& id_of(const std::string& name) const {
    return ids_.at(static_cast<std::size_t>(name.back() - '0'));
  }

  Disks disks_;
  Disks::Place home_, relay_;
  std::vector<proto::Id> ids_;  // the server's, then those of name1 to name5
  proto::Id id_;
  std::unique_ptr<client::Store> store_;
  std::unique_ptr<server::SqliteAccounts> accounts_;
};

}  // namespace

TEST_CASE("44: disks that lie about fsync: what is damaged says so, and nobody becomes somebody else") {
  const auto all = seeds(1'301, sanitized ? 1'306 : 1'320);
  for (const auto seed : all) {
    CAPTURE(seed);
    LyingDisk disk(seed);
    disk.use(100);
    disk.cut();
  }
  if (all.size() > 10) CHECK(LyingDisk::refused > 0);
  CHECK(LyingDisk::opened + LyingDisk::refused == 2 * static_cast<int>(all.size()));
  MESSAGE(LyingDisk::opened << " opened, " << LyingDisk::refused << " refused");
}
