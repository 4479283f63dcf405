// Stores that are put back by a day while people write letters: the relay's mailboxes, with and without a word of the
// administrator, and clients' stores. It is noticed at the login; what was lost is sent again; no one life of a store
// is shown a text twice, and in the end every text that its sender's store knows is proved.
//   SIMS_STRESS_PEOPLE=200   instead of six
#include <doctest/doctest.h>

#include <cstdio>

#include "sim/seeds.h"
#include "sim/world.h"

using namespace sims;
using namespace sims::test;

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t friends = 5;  // to whom one writes

class Restored {
 public:
  explicit Restored(std::uint64_t seed) : world_(seed, {}) {
    world_.counts_sessions = false;
    for (auto left = size_in("SIMS_STRESS_PEOPLE", 6); left > 0; --left) {
      User& user = world_.add(unlike_name(people()), {crypto::find_suite_by_label("ecdhe")});
      user.trust.servers["server:7467"] = {proto::Id::of(world_.server_identity.public_key()), 1};
      user.put_back_at_times = true;
      user.connect();
    }
    world_.run_for(10'000);
    for (std::size_t from = 0; from < people(); ++from)
      for (std::size_t i = 0; i < friends; ++i)
        world_.users[from]->say(friend_of(from, i).name);
    REQUIRE(world_.run_until([&] { return world_.all_delivered(); }, 120'000));
  }

  // Steps of each six people.
  void live(std::size_t steps) {
    for (std::size_t i = 0; i < steps * people() / 6; ++i) {
      anything();
      world_.run_for(static_cast<std::int64_t>(pick(2'000 * 6 / people())));
      REQUIRE(world_.complaints() == "");
    }
  }

  void put_back_relay(bool told) {
    const auto older = world_.mailbox().snapshot();
    a_day();
    world_.put_back_mail(older, told);
  }

  void put_back_client() {
    User& user = anybody();
    const auto older = user.trust.backup();
    a_day();
    user.put_back(older);
  }

  void put_back_both(bool told) {
    User& user = anybody();
    const auto older_store = user.trust.backup();
    const auto older_mail = world_.mailbox().snapshot();
    a_day();
    world_.put_back_mail(older_mail, told);
    user.put_back(older_store);
  }

  // Everybody is there for some minutes.
  void end() {
    for (const auto& user : world_.users)
      if (user->core->model().link == client::LinkState::offline) user->connect();
    const bool proved = world_.run_until([&] { return waiting() == ""; }, 1'500'000);
    CHECK(proved);
    CHECK(waiting() == "");
    world_.run_for(3'000);
    CHECK(world_.complaints() == "");
    CHECK(keys_opened_twice() == "");
  }

  int said() const {
    int all = 0;
    for (const auto& user : world_.users)
      for (const auto& [to, count] : user->said)
        all += count;
    return all;
  }

  int noticed(const std::string& words) const {
    int all = 0;
    for (const auto& user : world_.users)
      for (const auto& line : user->core->model().status)
        all += line.text.find(words) != std::string::npos;
    return all;
  }

 private:
  std::size_t people() const { return world_.users.size(); }
  std::size_t pick(std::size_t below) { return world_.random.pick(below); }
  User& anybody() { return *world_.users[pick(people())]; }
  User& friend_of(std::size_t who, std::size_t i) { return *world_.users[(who + 1 + i) % people()]; }

  void a_day() {
    live(20);
    world_.sleep(day_ms);
    live(20);
  }

  void anything() {
    const auto who = pick(people());
    User& from = *world_.users[who];
    const auto what = pick(100);
    if (what < 15) return from.away() ? from.connect() : from.leave();
    if (from.away()) return;
    if (what < 20) return from.drop_link();
    if (what < 24) return from.crash();
    const User& to = friend_of(who, pick(friends));
    for (auto burst = pick(4) == 0 ? 1 + pick(8) : 1; burst > 0; --burst)
      from.say(to.name);
  }

  // Texts that their senders' stores know and that are not proved.
  std::string waiting() const {
    std::string out;
    for (const auto& user : world_.users)
      for (const auto& row : user->trust.rows)
        if (row.entry.mine && row.entry.delivery != client::Delivery::delivered) out += row.entry.body + "\n";
    return out;
  }

  // A `once` key whose private half is still there, although a session was opened with it.
  std::string keys_opened_twice() const {
    std::string out;
    for (const auto& user : world_.users) {
      std::map<proto::PrekeyNumber, int> sessions;
      for (const auto& [at, session] : user->trust.mail.sessions)
        ++sessions[at.second.number];
      for (const auto& [at, prekey] : user->trust.mail.prekeys) {
        if (prekey->key.use != proto::PrekeyUse::once) continue;
        if (sessions[at.second] > 1) out += user->name + " opened a key twice\n";
        if (sessions[at.second] > 0 && prekey->key.secret.size() > 0)
          out += user->name + " keeps an opened key\n";
      }
    }
    return out;
  }

  World world_;
};

constexpr const char* relay_older = "The server's mailboxes are older";
constexpr const char* store_older = "The server knows more about our letters";

// For `make stress`.
void tell(const char* what, int said, int noticed) {
  std::printf("restored: %d texts said, %s\nrestored: %d times noticed, %s\n", said, what, noticed, what);
}

}  // namespace

TEST_CASE("70: the relay's mailboxes are put back by a day: noticed, sent again, proved in the end") {
  int said = 0, noticed = 0;
  const auto all = seeds(1'401, 1'404);
  for (const auto seed : all)
    for (const bool told : {true, false}) {
      CAPTURE(seed);
      CAPTURE(told);
      Restored life(seed);
      life.put_back_relay(told);
      life.live(20);
      life.end();
      said += life.said();
      noticed += life.noticed(relay_older);
      CHECK(life.noticed(store_older) == 0);
    }
  if (all.size() > 1) CHECK(noticed > 0);
  tell("the mailboxes put back", said, noticed);
}

TEST_CASE("70: a client's store is put back by a day: noticed, nothing that is still known is lost") {
  int said = 0, noticed = 0;
  auto all = seeds(1'411, 1'414);
  if (all.size() > 1) all.push_back(3'403'588'798);  // a text waits in the store that is put back
  for (const auto seed : all) {
    CAPTURE(seed);
    Restored life(seed);
    for (int i = 0; i < 2; ++i) {
      life.put_back_client();
      life.live(20);
    }
    life.end();
    said += life.said();
    noticed += life.noticed(store_older);
  }
  if (all.size() > 1) CHECK(noticed > 0);
  tell("a store put back", said, noticed);
}

TEST_CASE("70: both stores are put back by a day: noticed by whose own store was not, proved in the end") {
  int said = 0, noticed = 0;
  const auto all = seeds(1'421, 1'424);
  for (const auto seed : all)
    for (const bool told : {true, false}) {
      CAPTURE(seed);
      CAPTURE(told);
      Restored life(seed);
      life.put_back_both(told);
      life.live(20);
      life.end();
      said += life.said();
      noticed += life.noticed(relay_older);
      CHECK(life.noticed(store_older) == 0);
    }
  if (all.size() > 1) CHECK(noticed > 0);
  tell("both put back", said, noticed);
}
