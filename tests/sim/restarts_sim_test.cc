// Programs that die at random and lose uncommitted writes, on a network that breaks at random. At
// any moment a text is delivered and once on its receiver's disk, or still shown as waiting. When
// the network calms down all texts have arrived in order.
#include <doctest/doctest.h>

#include "sim/seeds.h"
#include "sim/world.h"

using namespace sims;
using namespace sims::test;

namespace {

struct Chaos {
  std::size_t people = 4, steps = 300;
  bool accept_new = true;
  std::string_view suite = "ecdhe";
  Weather weather = {};
};

void anything(World& world) {
  User& from = *world.users[world.random.pick(world.users.size())];
  User& to = *world.users[world.random.pick(world.users.size())];
  const auto what = world.random.pick(100);
  if (what < 2) return from.crash();
  if (what < 4) {  // at the worst moment: something came and is not on disk
    world.run_until([&] { return from.core->holds_writes(); }, 2'000);
    return from.crash();
  }
  if (what < 8) return from.drop_link();
  if (what < 10) return from.accept_requests();
  if (what < 11) return from.core->disconnect(world.now());
  if (what < 14) return from.connect();
  if (&from == &to || !from.peer(to.name)) return;
  for (auto burst = what < 30 ? 1 + world.random.pick(12) : 1; burst > 0; --burst)
    from.say(to.name);
}

void live(std::uint64_t seed, const Chaos& chaos) {
  CAPTURE(seed);
  World world(seed, chaos.weather);
  const std::vector<std::string> names = {"alice", "bob", "carol", "dave", "erin"};
  for (std::size_t i = 0; i < chaos.people; ++i)
    world.add(names[i], {crypto::find_suite_by_label(chaos.suite)}, chaos.accept_new);
  for (auto& user : world.users) {
    // The server is known, so that nobody is asked.
    user->trust.servers["server:7467"] = {proto::Id::of(world.server_identity.public_key()), 1};
    user->connect();
  }
  world.run_for(3'000);
  for (std::size_t step = 0; step < chaos.steps; ++step) {
    anything(world);
    world.run_for(static_cast<std::int64_t>(world.random.pick(400)));
    REQUIRE(world.unaccounted() == "");
  }
  for (auto& user : world.users)
    if (user->core->model().link == client::LinkState::offline) user->connect();
  const auto calm = [&] {
    for (auto& user : world.users)
      user->accept_requests();
    return world.all_delivered();
  };
  CHECK(world.run_until(calm, 1'500'000));
  world.run_for(3'000);
  CHECK(world.unaccounted() == "");
  CHECK(world.complaints() == "");
  for (const auto& user : world.users)
    CHECK(user->alerts() == 0);
}

}  // namespace

TEST_CASE("programs die and come back, links break: nothing is lost, nothing is shown twice") {
  for (const auto seed : seeds(501, 505))
    live(seed, {});
}

TEST_CASE("programs die and come back, RSA suite") {
  for (const auto seed : seeds(601, 602))
    live(seed, {.people = 3, .steps = 150, .suite = "rsa"});
}

TEST_CASE("programs die and come back among strangers, who are accepted now and then") {
  for (const auto seed : seeds(701, 704))
    live(seed, {.accept_new = false});
}

TEST_CASE("programs die and come back on a slow network") {
  Weather slow;
  slow.delay_ms = 600;
  slow.work_ms = 900;
  for (const auto seed : seeds(801, 803))
    live(seed, {.steps = 200, .weather = slow});
}

TEST_CASE("texts that can't be read at a start are read later, before any other text goes") {
  World world(seed_or(851), {});
  User& alice = world.add("alice");
  User& bob = world.add("bob");
  alice.connect();
  bob.connect();
  REQUIRE(world.run_until([&] { return alice.peer("bob") && alice.peer("bob")->online; }, 30'000));
  alice.say("bob");
  REQUIRE(world.run_until([&] { return world.all_delivered(); }, 30'000));
  bob.core->disconnect(world.now());
  world.run_for(3'000);
  alice.say("bob");
  world.run_for(3'000);

  alice.trust.unreadable = true;
  alice.crash();
  world.run_for(30'000);
  // Of texts to be sent, of texts that came, of letters, of receipts and of our keys: each once.
  CHECK(alice.alerts() == 5);
  const auto refused = alice.core->send_text("bob", "ahead of the other", false, world.now());
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == "unsent messages could not be read yet; try again in a moment");

  alice.trust.unreadable = false;
  bob.connect();
  world.run_for(12'000);
  alice.say("bob");
  CHECK(world.run_until([&] { return world.all_delivered(); }, 120'000));
  CHECK(world.complaints() == "");
}
