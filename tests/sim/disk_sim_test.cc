// Users' stores and the relay's accounts and mailboxes on disks that fail and lose power while the users talk and
// write letters. No text that was shown, queued or proved is lost or shown twice. No name, identity or pin is lost
// or changes.
#include <doctest/doctest.h>

#include <cstdio>

#include "sim/seeds.h"
#include "sim/world.h"

using namespace sims;
using namespace sims::test;

namespace {

class DiskChaos {
 public:
  explicit DiskChaos(std::uint64_t seed) : disks_(seed), accounts_(disks_, "relay"), world_(seed, {}) {
    disks_.tell = [this](const std::string& words) { world_.happened(words); };
    world_.keep_mail_in([this](std::function<void()> wake) {
      auto out = disks_.open_mail(accounts_, std::move(wake), complaints_);
      REQUIRE_MESSAGE(out, complaints_);
      return out;
    });
    world_.restart_server([&] { return open_accounts(); });
    for (const char* name : {"alice", "bob", "carol"})
      add(name).live_on(disks_);
    add("dave");
    for (const auto& user : world_.users)
      user->connect();
  }

  void run(std::size_t steps) {
    world_.run_for(3'000);
    for (std::size_t step = 0; step < steps; ++step) {
      anything();
      world_.run_for(static_cast<std::int64_t>(world_.random.pick(400)));
      REQUIRE(wrong() == "");
    }
    calm();
  }
  std::uint64_t trace() const { return world_.trace(); }
  std::uint64_t failures() const { return disks_.failures(); }
  int refusals() const { return refusals_; }
  int mailed() const {
    int all = 0;
    for (const auto& user : world_.users)
      all += user->mailed;
    return all;
  }
  int failed_commits() const {
    int all = 0;
    for (const auto& user : world_.users)
      all += user->failed_commits;
    return all;
  }

 private:
  User& add(const std::string& name) {
    User& user = world_.add(name, {crypto::find_suite_by_label("ecdhe")});
    user.trust.servers["server:7467"] = {proto::Id::of(world_.server_identity.public_key()), 1};
    return user;
  }
  std::unique_ptr<server::AccountStore> open_accounts() {
    auto out = disks_.open_accounts(accounts_, complaints_);
    REQUIRE_MESSAGE(out, complaints_);
    return out;
  }
  std::size_t pick(std::size_t below) { return world_.random.pick(below); }

  void anything() {
    User& from = *world_.users[pick(world_.users.size())];
    const auto what = pick(100);
    if (what < 3) return from.crash(Ending::power_cut);
    if (what < 5) return from.crash(Ending::killed);
    if (what < 7) return from.drop_link();
    if (what < 9) return restart_relay(pick(2) == 0 ? Ending::killed : Ending::power_cut);
    if (what < 18) return from.place ? disks_.begin_failing(*from.place) : disks_.begin_failing(accounts_);
    if (what < 24) return disks_.mend();
    if (what < 25 && world_.users.size() < 9) return newcomer();
    if (what < 31) return moderate();
    if (what < 35) return from.connect();
    if (what < 38) return from.leave();
    const User& to = *world_.users[pick(world_.users.size())];
    if (&from == &to || !from.peer(to.name)) return;
    for (auto burst = pick(4) == 0 ? 1 + pick(8) : 1; burst > 0; --burst)
      from.say(to.name);
  }

  void newcomer() {
    static constexpr const char* names[] = {"erin", "frank", "grace", "heidi", "ivan", "judy"};
    add(names[world_.users.size() - 4]).connect();
  }

  void restart_relay(Ending ending) {
    world_.happened("the relay ends");
    accounts_.end(ending);
    world_.restart_server([&] { return open_accounts(); });
    accounts_.forget_old();
  }

  // A confirmed ban stays, and a lifted one stays lifted. After a failure either is right.
  void moderate() {
    const std::string name = "mallory" + std::to_string(pick(5));
    const bool on = pick(2) == 0;
    const auto now = static_cast<std::uint64_t>(world_.now().unix_ms / 1'000);
    bool done = false;
    if (on)
      done = world_.accounts().ban({server::Ban::Kind::name, name, "", now, 0}).has_value();
    else
      done = world_.accounts().unban(server::Ban::Kind::name, name).has_value();
    if (done)
      bans_[name] = on;
    else
      bans_.erase(name), ++refusals_;
  }

  std::string wrong() {
    std::string out = world_.complaints() + complaints_ + wrong_accounts();
    for (const auto& user : world_.users)
      if (user->store) out += user->wrong_on_disk();
    return out;
  }

  std::string wrong_accounts() {
    std::string out;
    for (const auto& user : world_.users) {
      const auto bound = world_.accounts().id_of(user->name);
      if (user->online()) registered_.insert(user->name);
      if (registered_.contains(user->name) && bound != user->own_id)
        out += user->name + " is not registered any more\n";
    }
    std::set<std::string> banned;
    for (const auto& ban : world_.accounts().bans())
      banned.insert(ban.value);
    for (const auto& [name, on] : bans_)
      if (banned.contains(name) != on) out += "the ban of " + name + " is not as it was\n";
    return out;
  }

  void calm() {
    disks_.mend();
    for (const auto& user : world_.users) {
      refusals_ += user->refusals;
      if (user->core->model().link == client::LinkState::offline) user->connect();
    }
    CHECK(world_.run_until([this] { return world_.all_delivered(); }, 1'500'000));
    world_.run_for(3'000);
    for (const auto& user : world_.users)
      if (user->store) user->crash(Ending::power_cut);
    restart_relay(Ending::power_cut);
    CHECK(wrong() == "");
  }

  Disks disks_;
  Disks::Place accounts_;
  World world_;
  std::set<std::string> registered_;
  std::map<std::string, bool> bans_;
  int refusals_ = 0;
  std::string complaints_;
};

}  // namespace

TEST_CASE("disks that fail are decided by the seed, too") {
  const auto run = [](std::uint64_t seed) {
    DiskChaos chaos(seed);
    chaos.run(60);
    return chaos.trace();
  };
  const auto seed = seed_or(1'201);
  const auto first = run(seed);
  CHECK(run(seed) == first);
  CHECK(run(seed + 1) != first);
}

TEST_CASE("44: disks fail and power is cut while they talk: nothing is lost, shown twice or changed") {
  std::uint64_t failures = 0;
  int refusals = 0, failed_commits = 0, mailed = 0;
  const auto all = seeds(1'101, 1'108);
  for (const auto seed : all) {
    CAPTURE(seed);
    DiskChaos chaos(seed);
    chaos.run(sanitized ? 80 : 250);
    failures += chaos.failures();
    refusals += chaos.refusals();
    failed_commits += chaos.failed_commits();
    mailed += chaos.mailed();
  }
  if (all.size() > 1) CHECK(failures > 0);
  if (all.size() > 1) CHECK(mailed > 100);
  MESSAGE(mailed << " letters, " << failures << " faults, " << refusals << " refusals, " << failed_commits
                 << " commits taken back");
}
