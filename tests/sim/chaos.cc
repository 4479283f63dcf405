// Chaos: who speaks, what breaks, and the judgement at the end.
#include "sim/chaos.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "sim/seeds.h"

namespace sims::test {
namespace {

constexpr std::uint64_t apart_mischief_least = 60, apart_mischief_most = 250;  // messages, on average
constexpr std::uint64_t apart_restarts_least = 2'500, apart_restarts_most = 20'000;
constexpr std::uint64_t apart_settling = 2'000;
// With letters.
constexpr std::uint64_t apart_moves = 20;  // each time one comes and one goes
constexpr std::uint64_t apart_troubles = 500;
constexpr std::int64_t too_slow_ms = 7'000;                 // senders are told `busy`
constexpr int strangers_letters = 20;                       // a client keeps no more of one
constexpr std::uint64_t days = 40, apart_days_least = 500;  // so that no letter waits for a month
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t trouble_ms = 40'000;  // of the relay's mailboxes

constexpr const char* busy_disk = "The server did not take our keys for letters (busy";

using Disk = server::MemoryMailbox::Disk;

unsigned long long ull(std::uint64_t n) {
  return n;
}

}  // namespace

ChaosPlan plan_from_environment(std::uint64_t messages, std::uint64_t seed) {
  ChaosPlan plan;
  plan.messages = size_in("SIMS_STRESS_MESSAGES", messages);
  plan.seed = seed_or(size_in("SIMS_STRESS_SEED", seed));
  return plan;
}

Chaos::Chaos(const ChaosPlan& plan)
    : plan_(plan),
      apart_restarts_(std::clamp(plan.messages / 50, apart_restarts_least, apart_restarts_most)),
      apart_mischief_(std::clamp(plan.messages / 100, apart_mischief_least, apart_mischief_most)),
      apart_days_(std::max(apart_days_least, plan.messages / days)),
      world_(plan.seed, {}),
      ledger_(world_) {
  world_.counts_sessions = false;
  for (std::size_t i = 0; i < clients; ++i) {
    User& user = world_.add(unlike_name(i), {crypto::find_suite_by_label("ecdhe")});
    user.may_miss_some = plan.letters;
    // The server is known, so that nobody is asked.
    user.trust.servers["server:7467"] = {proto::Id::of(world_.server_identity.public_key()), 1};
    user.connect();
  }
}

void Chaos::run() {
  began_ = std::chrono::steady_clock::now();
  begin();
  world_.later(1, [this] { turn(); });
  REQUIRE(world_.run_until([this] { return said_ >= plan_.messages; }, INT64_MAX / 2));
  CHECK(world_.unaccounted() == "");
  calm();
  CHECK(world_.run_until([this] { return all_arrived(); }, 3'000'000));
  world_.run_for(3'000);
  judge();
}

void Chaos::begin() {
  REQUIRE(world_.run_until([this] { return everybody_online(); }, 120'000));
  if (!plan_.letters) return;
  world_.run_for(10'000);  // they publish their prekeys
  for (std::size_t i = 0; i < clients; i += 2)
    world_.users[i]->leave();
}

bool Chaos::everybody_online() const {
  return std::all_of(world_.users.begin(), world_.users.end(), [](const auto& u) { return u->online(); });
}

User* Chaos::somebody(bool away) {
  for (int attempt = 0; attempt < 20; ++attempt)
    if (User& user = anybody(); user.away() == away) return &user;
  return nullptr;
}

// A user says something, or something breaks. Then the next turn is planned.
void Chaos::turn() {
  if (said_ >= plan_.messages) return;
  world_.later(plan_.apart_ms, [this] { turn(); });
  const auto before = said_;
  speak();
  const auto passed = [&](std::uint64_t apart) { return before / apart != said_ / apart; };
  if (said_ > before && pick(apart_mischief_) < said_ - before) mischief();
  if (passed(apart_restarts_)) {
    world_.restart_server();
    ++restarts_;
  }
  if (plan_.letters) {
    if (passed(apart_moves)) move();
    if (passed(apart_troubles)) trouble();
    if (passed(apart_days_)) {
      world_.sleep(day_ms);
      ++days_;
    }
  }
  if (passed(apart_settling)) settle();
  if (passed(50'000)) {
    std::printf("%llu said, at %lld s\n", ull(said_), static_cast<long long>(world_.now().steady_ms / 1'000));
    std::fflush(stdout);
  }
}

void Chaos::speak() {
  const auto i = pick(clients);
  const auto away = 1 + pick(pick(500) == 0 ? clients - 1 : plan_.friends);
  User& from = *world_.users[i];
  if (from.away() && pick(10) != 0) return;  // people seldom type while they are offline
  const User& to = *world_.users[(pick(2) == 0 ? i + away : i + clients - away) % clients];
  if (!from.peer(to.name) && !(plan_.letters && from.meets(to.name))) return;
  for (auto burst = pick(4) == 0 ? 1 + pick(20) : 1; burst > 0 && said_ < plan_.messages; --burst) {
    if (plan_.letters && from.delivered[to.name] == 0 && from.said[to.name] >= strangers_letters) return;
    const int known = from.said[to.name];
    from.say(to.name);
    from.said[to.name] > known ? ++said_ : ++not_taken_;
  }
}

void Chaos::mischief() {
  User* user = plan_.letters ? somebody(false) : &anybody();
  const auto what = pick(100);
  if (user == nullptr) return;
  ++mischiefs_;
  if (what < 40) return user->drop_link();
  if (what < 55) return user->freeze();
  if (what < 70) return user->crash();
  if (what < 88) return user->crash_soon();
  if (what >= 95) return weather();
  user->core->disconnect(world_.now());
  world_.later(20'000, [user] {
    if (!user->away()) user->connect();
  });
}

void Chaos::weather() {
  constexpr std::int64_t delays[] = {5, 30, 30, 300, 1'000};
  world_.weather.delay_ms = delays[pick(std::size(delays))];
  world_.weather.work_ms = 1 + static_cast<std::int64_t>(pick(200));
  world_.weather.chop = pick(4) != 0;
  if (!plan_.letters) return;
  constexpr std::int64_t mail[] = {5, 20, 20, 500, too_slow_ms};
  mail_ms_ = mail[pick(std::size(mail))];
  if (!slow_) world_.weather.mail_ms = mail_ms_;
}

// One comes and one goes.
void Chaos::move() {
  if (User* user = somebody(true)) user->connect();
  if (User* user = somebody(false)) user->leave();
  ++moves_;
}

// For a while the disk of the mailboxes fails, is slow, or has no room.
void Chaos::trouble() {
  end_trouble();
  const auto what = pick(4);
  if (what == 0) world_.mailbox().set_disk(Disk::failing);
  if (what == 1) world_.mailbox().set_disk(Disk::doubtful);
  if (what == 2) {
    server::MailLimits full;
    full.owner_letters = full.total_bytes = 0;
    world_.mailbox().set_limits(full);
  }
  slow_ = what == 3;
  if (slow_) world_.weather.mail_ms = too_slow_ms;
  world_.happened("the mailboxes have trouble " + std::to_string(what));
  ++troubles_;
  world_.later(trouble_ms, [this, number = ++trouble_] {
    if (number == trouble_) end_trouble();
  });
}

void Chaos::end_trouble() {
  world_.happened("the mailboxes have no trouble");
  world_.mailbox().set_disk(Disk::working);
  world_.mailbox().set_limits({});
  world_.weather.mail_ms = mail_ms_;
  slow_ = false;
}

void Chaos::settle() {
  ledger_.settle();
  REQUIRE(ledger_.wrong == "");
  REQUIRE(world_.complaints() == "");
  REQUIRE(world_.unaccounted() == "");
}

// Nothing breaks any more. Leavers leave for good and receive none of the texts said to them now.
void Chaos::calm() {
  world_.weather = {};
  mail_ms_ = world_.weather.mail_ms;
  end_trouble();
  world_.run_for(21'000);  // longer than the longest absence
  for (auto& user : world_.users)
    if (user->core->model().link == client::LinkState::offline) user->connect();
  if (plan_.leavers == 0) return;
  REQUIRE(world_.run_until([this] { return everybody_online(); }, 120'000));
  world_.run_for(3'000);
  say_to_leavers();  // who is no contact yet is one now
  world_.run_for(3'000);
  for (std::size_t i = 0; i < plan_.leavers; ++i)
    world_.users[i]->core->disconnect(world_.now());
  world_.run_for(3'000);
  say_to_leavers();
}

void Chaos::say_to_leavers() {
  for (std::size_t i = 0; i < plan_.leavers; ++i) {
    User& from = *world_.users[clients - 1 - i];
    const std::string& to = world_.users[i]->name;
    const int known = from.said[to];
    from.say(to);
    CHECK(from.said[to] == known + 1);
  }
}

bool Chaos::left(const std::string& name) const {
  return std::any_of(world_.users.begin(), world_.users.begin() + static_cast<std::ptrdiff_t>(plan_.leavers),
                     [&](const auto& user) { return user->name == name; });
}

bool Chaos::all_arrived() const {
  for (const auto& user : world_.users) {
    if (left(user->name)) continue;
    for (const auto& [to, count] : user->said) {
      const auto at = user->delivered.find(to);
      if (left(to)) continue;
      if (count != (at == user->delivered.end() ? 0 : at->second)) return false;
      const auto& heard = world_.find(to)->heard;
      const auto shown = heard.find(user->name);
      if (shown == heard.end() || count != shown->second.count()) return false;
    }
  }
  return true;
}

// The texts of all alert lines: an honest server and honest peers alarm nobody. Only a disk that fails for long may
// be told.
std::string Chaos::alerts() const {
  std::string all;
  const auto collect = [&](const std::string& who, const std::deque<client::Line>& lines) {
    for (const auto& line : lines)
      if (line.kind == client::Line::Kind::alert && !line.text.starts_with(busy_disk))
        all += who + ": " + line.text.substr(0, 90) + "\n";
  };
  for (const auto& user : world_.users) {
    collect(user->name, user->core->model().status);
    for (const auto& [other, peer] : user->core->model().peers)
      collect(user->name, peer.lines);
  }
  return all;
}

void Chaos::judge() {
  settle();
  const auto ends = ledger_.ends();
  CHECK(ledger_.wrong == "");
  CHECK(ends.said >= plan_.messages);
  CHECK(ends.delivered + ends.waiting + ends.failed == ends.said);
  CHECK(ends.failed == 0);
  CHECK((ends.waiting > 0) == (plan_.leavers > 0));
  const std::string alarms = alerts();
  CHECK(alarms == "");
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  std::uint64_t mailed = 0, noted_early = 0, first_early = 0;
  for (const auto& user : world_.users) {
    mailed += static_cast<std::uint64_t>(user->mailed);
    noted_early += static_cast<std::uint64_t>(user->noted_early);
    first_early += static_cast<std::uint64_t>(user->first_early);
  }
  CHECK(noted_early <= plan_.messages / 500);
  CHECK(first_early <= plan_.messages / 1'000);
  if (plan_.letters) CHECK(mailed > plan_.messages / 10);
  std::printf(
      "%s: {\"said\": %llu, \"delivered\": %llu, \"waiting\": %llu, \"failed\": %llu, \"not_taken\": %llu, "
      "\"mailed\": %llu, \"early\": %llu, \"first_early\": %llu, \"moves\": %llu, \"troubles\": %llu, "
      "\"days\": %llu, "
      "\"mischiefs\": %llu, "
      "\"server_restarts\": %llu, \"seconds\": %.1f, \"messages_s\": %.0f, \"peak_mib\": %ld, "
      "\"alerts\": %lld, \"wrong\": %d}\n",
      plan_.letters ? "letters" : "account", ull(ends.said), ull(ends.delivered), ull(ends.waiting),
      ull(ends.failed), ull(not_taken_), ull(mailed), ull(noted_early), ull(first_early), ull(moves_),
      ull(troubles_), ull(days_), ull(mischiefs_), ull(restarts_), took,
      static_cast<double>(ends.said) / took, use.ru_maxrss / 1'024,
      static_cast<long long>(std::count(alarms.begin(), alarms.end(), '\n')), ledger_.wrong.empty() ? 0 : 1);
}

}  // namespace sims::test
