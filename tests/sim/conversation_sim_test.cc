// Many clients on a bad network. Texts that were proved delivered were shown, each text is shown once and in
// order, and when the network calms down every text has arrived. User checks each of these as it happens.
#include <doctest/doctest.h>

#include "sim/seeds.h"
#include "sim/world.h"

using namespace sims;
using namespace sims::test;

namespace {

std::vector<std::string> names(std::size_t count) {
  static const std::vector<std::string> all = {"alice", "bob",   "carol", "dave",
                                               "erin",  "frank", "grace", "heidi"};
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

void everybody_online(World& world) {
  REQUIRE(world.run_until(
      [&] {
        for (const auto& user : world.users) {
          if (!user->online()) return false;
          for (const auto& other : world.users)
            if (other != user && (!user->peer(other->name) || !user->peer(other->name)->online)) return false;
        }
        return true;
      },
      60'000));
}

void chatter(World& world, std::size_t texts, bool breaking) {
  for (std::size_t i = 0; i < texts; ++i) {
    User& from = *world.users[world.random.pick(world.users.size())];
    User& to = *world.users[world.random.pick(world.users.size())];
    for (auto burst = world.random.pick(4) == 0 ? 1 + world.random.pick(6) : 1; &from != &to && burst > 0;
         --burst)
      from.say(to.name);
    if (breaking && world.random.pick(15) == 0)
      world.users[world.random.pick(world.users.size())]->drop_link();
    world.run_for(static_cast<std::int64_t>(world.random.pick(400)));
  }
}

void converse(std::uint64_t seed, std::size_t people, std::size_t texts, bool breaking,
              crypto::SuiteList suites, Weather weather = {}) {
  CAPTURE(seed);
  World world(seed, weather);
  for (const auto& name : names(people))
    world.add(name, suites).connect();
  everybody_online(world);
  chatter(world, texts, breaking);
  const bool arrived = world.run_until([&] { return world.all_delivered(); }, 300'000);
  CHECK(arrived);
  CHECK(world.complaints() == "");
  for (const auto& user : world.users)
    CHECK(user->alerts() == 0);  // an honest server and honest peers alarm nobody
}

crypto::SuiteList only(std::string_view label) {
  return {crypto::find_suite_by_label(label)};
}

}  // namespace

TEST_CASE("a calm network: everything arrives, in order, once, and nobody is alarmed") {
  for (const auto seed : seeds(1, 3)) {
    converse(seed, 4, 60, false, only("ecdhe"));
    converse(seed, 3, 40, false, only("rsa"));
  }
}

TEST_CASE("links break at random, also in the middle of a frame") {
  for (const auto seed : seeds(101, 114))
    converse(seed, 8, 250, true, only("ecdhe"));
}

TEST_CASE("links break at random, RSA suite") {
  for (const auto seed : seeds(201, 206))
    converse(seed, 4, 120, true, only("rsa"));
}

TEST_CASE("a slow network: frames, events and work cross each other") {
  Weather slow;
  slow.delay_ms = 600;
  slow.work_ms = 900;
  for (const auto seed : seeds(301, 304))
    converse(seed, 4, 100, true, crypto::default_suites(), slow);
}

TEST_CASE("one session outlives several changes of keys") {
  for (const auto* label : {"ecdhe", "rsa"}) {
    World world(seed_or(7), {});
    User& alice = world.add("alice", only(label));
    User& bob = world.add("bob", only(label));
    alice.connect();
    bob.connect();
    everybody_online(world);
    for (int i = 0; i < 125; ++i) {
      alice.say("bob");
      bob.say("alice");
      world.run_for(static_cast<std::int64_t>(world.random.pick(150)));
    }
    REQUIRE(world.run_until([&] { return world.all_delivered(); }, 60'000));
    CHECK(world.complaints() == "");
    CHECK(alice.sessions["bob"] == 1);
    CHECK(alice.peer("bob")->key_rotations >= 2);
    // The last receiver of a new key has answered with its own, which the other side has not received yet.
    const auto hers = alice.peer("bob")->key_rotations, his = bob.peer("alice")->key_rotations;
    CHECK(std::max(hers, his) - std::min(hers, his) <= 1);
  }
}

TEST_CASE("one RSA session under a second of delay each way: keys go on changing") {
  Weather slow;
  slow.delay_ms = 1'000;
  slow.work_ms = 600;
  World world(seed_or(8), slow);
  User& alice = world.add("alice", only("rsa"));
  User& bob = world.add("bob", only("rsa"));
  alice.connect();
  bob.connect();
  everybody_online(world);
  for (int i = 0; i < 264; ++i) {
    (i % 2 == 0 ? alice : bob).say(i % 2 == 0 ? "bob" : "alice");
    world.run_for(150);
  }
  REQUIRE(world.run_until([&] { return world.all_delivered(); }, 60'000));
  CHECK(world.complaints() == "");
  CHECK(alice.sessions["bob"] == 1);
  CHECK(alice.peer("bob")->key_rotations >= 1);
  CHECK(bob.peer("alice")->key_rotations >= 1);
}
