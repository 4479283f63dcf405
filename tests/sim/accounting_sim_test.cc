// The whole account: 200 clients talk while links drop and freeze, programs die and restart, the
// relay restarts, and delays change. Every text ends as proved delivered or as visibly waiting.
// None is lost silently, shown twice or shown out of order.
//   SIMS_STRESS_MESSAGES=1000000 make test-sim SEED=7 ONLY="the whole account"
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "sim/ledger.h"
#include "sim/seeds.h"

using namespace sims;
using namespace sims::test;

namespace {

constexpr std::size_t clients = 200;
constexpr std::size_t friends = 3;  // on each side: they get most texts
constexpr std::uint64_t apart_mischief_least = 60, apart_mischief_most = 250;  // messages, on average
constexpr std::uint64_t apart_restarts_least = 2'500, apart_restarts_most = 20'000;
constexpr std::uint64_t apart_settling = 2'000;
constexpr std::size_t leavers = 5;  // stay away at the end: texts to them wait

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

// No two names look alike, since the client warns of such names.
std::string name_of(std::size_t number) {
  constexpr const char* syllables[] = {"bar", "fem", "gin", "kol", "put", "wys"};
  std::string name;
  for (int i = 0; i < 3; ++i, number /= std::size(syllables))
    name += syllables[number % std::size(syllables)];
  return name;
}

class Chaos {
 public:
  Chaos(std::uint64_t seed, std::uint64_t messages)
      : messages_(messages),
        apart_restarts_(std::clamp(messages / 50, apart_restarts_least, apart_restarts_most)),
        apart_mischief_(std::clamp(messages / 100, apart_mischief_least, apart_mischief_most)),
        world_(seed, {}),
        ledger_(world_) {
    world_.counts_sessions = false;
    for (std::size_t i = 0; i < clients; ++i) {
      User& user = world_.add(name_of(i), {crypto::find_suite_by_label("ecdhe")});
      // The server is known, so that nobody is asked.
      user.trust.servers["server:7467"] = {proto::Id::of(world_.server_identity.public_key()), 1};
      user.connect();
    }
  }

  void run() {
    REQUIRE(world_.run_until([this] { return everybody_online(); }, 120'000));
    began_ = std::chrono::steady_clock::now();
    world_.later(1, [this] { turn(); });
    REQUIRE(world_.run_until([this] { return said_ >= messages_; }, INT64_MAX / 2));
    CHECK(world_.unaccounted() == "");
    calm();
    CHECK(world_.run_until([this] { return all_arrived(); }, 3'000'000));
    world_.run_for(3'000);
    judge();
  }

 private:
  bool everybody_online() const {
    return std::all_of(world_.users.begin(), world_.users.end(), [](const auto& u) { return u->online(); });
  }
  std::size_t pick(std::size_t below) { return world_.random.pick(below); }
  User& anybody() { return *world_.users[pick(clients)]; }

  // A user says something, or something breaks. Then the next turn is planned.
  void turn() {
    if (said_ >= messages_) return;
    world_.later(10, [this] { turn(); });
    const auto before = said_;
    speak();
    const auto passed = [&](std::uint64_t apart) { return before / apart != said_ / apart; };
    if (said_ > before && pick(apart_mischief_) < said_ - before) mischief();
    if (passed(apart_restarts_)) {
      world_.restart_server();
      ++restarts_;
    }
    if (passed(apart_settling)) settle();
    if (passed(50'000)) {
      std::printf("%llu said, at %lld s\n", ull(said_),
                  static_cast<long long>(world_.now().steady_ms / 1'000));
      std::fflush(stdout);
    }
  }

  void speak() {
    const auto i = pick(clients);
    const auto away = 1 + pick(pick(500) == 0 ? clients - 1 : friends);
    User& from = *world_.users[i];
    const User& to = *world_.users[(pick(2) == 0 ? i + away : i + clients - away) % clients];
    if (!from.peer(to.name)) return;
    for (auto burst = pick(4) == 0 ? 1 + pick(20) : 1; burst > 0 && said_ < messages_; --burst) {
      const int known = from.said[to.name];
      from.say(to.name);
      from.said[to.name] > known ? ++said_ : ++not_taken_;
    }
  }

  void mischief() {
    User& user = anybody();
    const auto what = pick(100);
    ++mischiefs_;
    if (what < 40) return user.drop_link();
    if (what < 55) return user.freeze();
    if (what < 70) return user.crash();
    if (what < 88) return user.crash_soon();
    if (what < 95) {
      user.core->disconnect(world_.now());
      return world_.later(20'000, [&user] { user.connect(); });
    }
    constexpr std::int64_t delays[] = {5, 30, 30, 300, 1'000};
    world_.weather.delay_ms = delays[pick(std::size(delays))];
    world_.weather.work_ms = 1 + static_cast<std::int64_t>(pick(200));
    world_.weather.chop = pick(4) != 0;
  }

  void settle() {
    ledger_.settle();
    REQUIRE(ledger_.wrong == "");
    REQUIRE(world_.complaints() == "");
    REQUIRE(world_.unaccounted() == "");
  }

  // Nothing breaks any more. Some users leave for good and receive none of the texts said to them now.
  void calm() {
    world_.weather = {};
    world_.run_for(21'000);  // longer than the longest absence
    for (auto& user : world_.users)
      if (user->core->model().link == client::LinkState::offline) user->connect();
    for (std::size_t i = 0; i < leavers; ++i)
      world_.users[i]->core->disconnect(world_.now());
    world_.run_for(3'000);
    for (std::size_t i = 0; i < leavers; ++i)
      world_.users[clients - 1 - i]->say(world_.users[i % friends]->name);
  }
  bool left(const std::string& name) const {
    return std::any_of(world_.users.begin(), world_.users.begin() + leavers,
                       [&](const auto& user) { return user->name == name; });
  }
  bool all_arrived() const {
    for (const auto& user : world_.users) {
      if (left(user->name)) continue;
      for (const auto& [to, count] : user->said) {
        const auto at = user->delivered.find(to);
        if (!left(to) && count != (at == user->delivered.end() ? 0 : at->second)) return false;
      }
    }
    return true;
  }

  // The texts of all alert lines: an honest server and honest peers alarm nobody.
  std::string alerts() const {
    std::string all;
    const auto collect = [&](const std::string& who, const std::deque<client::Line>& lines) {
      for (const auto& line : lines)
        if (line.kind == client::Line::Kind::alert) all += who + ": " + line.text + "\n";
    };
    for (const auto& user : world_.users) {
      collect(user->name, user->core->model().status);
      for (const auto& [other, peer] : user->core->model().peers)
        collect(user->name, peer.lines);
    }
    return all;
  }

  void judge() {
    settle();
    const auto ends = ledger_.ends();
    CHECK(ledger_.wrong == "");
    CHECK(ends.said >= messages_);
    CHECK(ends.delivered + ends.waiting + ends.failed == ends.said);
    CHECK(ends.failed == 0);
    CHECK(ends.waiting > 0);  // of those who stay away
    const std::string alarms = alerts();
    CHECK(alarms == "");
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    std::printf(
        "account: {\"said\": %llu, \"delivered\": %llu, \"waiting\": %llu, \"failed\": %llu, \"not_taken\": "
        "%llu, "
        "\"mischiefs\": %llu, \"server_restarts\": %llu, \"seconds\": %.1f, \"messages_s\": %.0f, "
        "\"peak_mib\": %ld, \"alerts\": %lld, \"wrong\": %d}\n",
        ull(ends.said), ull(ends.delivered), ull(ends.waiting), ull(ends.failed), ull(not_taken_),
        ull(mischiefs_), ull(restarts_), took, static_cast<double>(ends.said) / took, use.ru_maxrss / 1'024,
        static_cast<long long>(std::count(alarms.begin(), alarms.end(), '\n')),
        ledger_.wrong.empty() ? 0 : 1);
  }
  static unsigned long long ull(std::uint64_t n) { return n; }

  std::uint64_t messages_, apart_restarts_, apart_mischief_, said_ = 0, not_taken_ = 0, mischiefs_ = 0,
                                                             restarts_ = 0;
  World world_;
  Ledger ledger_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace

TEST_CASE("the whole account: 200 clients in chaos, each message proved delivered or visibly not") {
  const auto messages = from_environment("SIMS_STRESS_MESSAGES", 6'000);
  const auto seed = seed_or(from_environment("SIMS_STRESS_SEED", 901));
  CAPTURE(seed);
  Chaos(seed, messages).run();
}
