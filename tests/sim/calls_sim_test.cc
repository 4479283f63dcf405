// Calls, logins and names: simultaneous calls, absent peers, second logins, taken names.
#include <doctest/doctest.h>

#include "sim/seeds.h"
#include "sim/world.h"

using namespace sims;
using namespace sims::test;

namespace {

struct Two {
  explicit Two(std::uint64_t seed, Weather weather = {})
      : world(seed, weather), alice(world.add("alice")), bob(world.add("bob")) {
    alice.connect();
    bob.connect();
    REQUIRE(world.run_until([&] { return sees(alice, "bob") && sees(bob, "alice"); }, 30'000));
  }
  static bool sees(const User& user, const std::string& name) {
    return user.peer(name) && user.peer(name)->online;
  }

  World world;
  User& alice;
  User& bob;
};

}  // namespace

TEST_CASE("attack 13: both call at once, 1,000 interleavings: exactly one session each") {
  Two two(seed_or(13));
  auto& [world, alice, bob] = two;
  for (int i = 0; i < 1'000; ++i) {
    CAPTURE(i);
    alice.sessions.clear();
    bob.sessions.clear();
    alice.say("bob");
    if (world.random.pick(3) != 0) world.run_for(static_cast<std::int64_t>(world.random.pick(120)));
    bob.say("alice");
    REQUIRE(world.run_until([&] { return world.all_delivered(); }, 20'000));
    CHECK(alice.sessions["bob"] == 1);
    CHECK(bob.sessions["alice"] == 1);
    alice.core->end_session("bob", "", world.now());
    world.run_for(15'000);
    REQUIRE(bob.peer("alice")->session == client::SessionState::none);
  }
  CHECK(world.complaints() == "");
  CHECK(alice.alerts() == 0);
  CHECK(bob.alerts() == 0);
}

TEST_CASE("a text to somebody who is away waits for the return") {
  Two two(seed_or(21));
  auto& [world, alice, bob] = two;
  bob.core->disconnect(world.now());
  world.run_for(2'000);
  REQUIRE(alice.peer("bob") == nullptr);  // a stranger who left
  bob.connect();
  REQUIRE(world.run_until([&] { return Two::sees(alice, "bob"); }, 30'000));
  alice.say("bob");
  REQUIRE(world.run_until([&] { return world.all_delivered(); }, 30'000));
  CHECK(alice.peer("bob")->known());

  bob.core->disconnect(world.now());
  world.run_for(2'000);
  REQUIRE_FALSE(alice.peer("bob")->online);
  alice.say("bob");
  alice.say("bob");
  world.run_for(60'000);
  CHECK(alice.undelivered() == 2);
  CHECK(alice.peer("bob")->lines.back().delivery == client::Delivery::mailed);
  bob.connect();
  CHECK(world.run_until([&] { return world.all_delivered(); }, 30'000));
  CHECK(world.complaints() == "");
}

TEST_CASE("a stranger who called and left leaves nothing that a lost link could trip over") {
  for (const auto seed : seeds(61, 70)) {
    CAPTURE(seed);
    Two two(seed);
    auto& [world, alice, bob] = two;
    User& eve = world.add("eve");
    eve.connect();
    REQUIRE(world.run_until([&] { return Two::sees(eve, "alice"); }, 30'000));
    eve.say("alice");
    world.run_for(static_cast<std::int64_t>(world.random.pick(400)));
    eve.drop_link();
    eve.core->disconnect(world.now());
    world.run_for(static_cast<std::int64_t>(world.random.pick(400)));
    alice.drop_link();
    REQUIRE(world.run_until(
        [&] { return alice.online() && Two::sees(alice, "bob") && !Two::sees(alice, "eve"); }, 60'000));
    eve.connect();
    alice.say("bob");
    bob.say("alice");
    CHECK(world.run_until([&] { return world.all_delivered(); }, 120'000));
    CHECK(alice.heard["eve"].count() == 1);
    CHECK(world.complaints() == "");
  }
}

TEST_CASE("a link that breaks before it is open was never open") {
  for (const auto seed : seeds(81, 90)) {
    CAPTURE(seed);
    World world(seed, {});
    User& alice = world.add("alice");
    alice.connect();
    alice.drop_link();
    world.run_for(120'000);
    CHECK(alice.online());
    for (const auto& handshakes : world.stats().handshakes)
      CHECK(handshakes.timed_out == 0);
  }
}

TEST_CASE("a second login of the same identity replaces the first, which stays away") {
  Two two(seed_or(31));
  auto& [world, alice, bob] = two;
  // The same keys in another program: the relay forwards to the newest login.
  client::CoreOptions options;
  options.name = "bob";
  options.accept_new = true;
  options.accept_strangers = true;
  world.users.push_back(std::make_unique<User>(world, "bob-again", options, 99));
  User& again = *world.users.back();
  again.identity = crypto::SigningKey::from_seed(bob.identity.seed());
  options.identity = &again.identity;
  again.core = std::make_unique<client::ClientCore>(options, again.trust, again.ephemerals, again);
  again.connect();
  REQUIRE(world.run_until([&] { return again.online() && !bob.online(); }, 30'000));
  world.run_for(60'000);
  CHECK(bob.core->model().link == client::LinkState::offline);
  CHECK(bob.core->model().problem.find("replaced by another login") != std::string::npos);
  CHECK(again.online());
  CHECK(Two::sees(alice, "bob"));
}

TEST_CASE("a name that is taken: said, and not tried again") {
  Two two(seed_or(41));
  auto& [world, alice, bob] = two;
  client::CoreOptions options;
  options.name = "bob";
  options.accept_new = true;
  options.accept_strangers = true;
  world.users.push_back(std::make_unique<User>(world, "mallory", options, 5));
  User& mallory = *world.users.back();
  mallory.connect();
  world.run_for(60'000);
  CHECK(mallory.core->model().link == client::LinkState::offline);
  CHECK(mallory.core->model().problem.find("the name is taken there") == 0);
  CHECK(bob.online());
}

TEST_CASE("a dead link is noticed by ping and mended") {
  Two two(seed_or(51));
  auto& [world, alice, bob] = two;
  alice.say("bob");
  REQUIRE(world.run_until([&] { return world.all_delivered(); }, 30'000));
  CHECK(alice.core->model().round_trip_ms > 0);
  alice.freeze();
  CHECK(world.run_until([&] { return alice.core->model().link == client::LinkState::waiting; }, 30'000));
  CHECK(world.run_until([&] { return alice.online() && Two::sees(alice, "bob"); }, 30'000));
  alice.say("bob");
  bob.say("alice");
  CHECK(world.run_until([&] { return world.all_delivered(); }, 60'000));
  CHECK(world.complaints() == "");
}
