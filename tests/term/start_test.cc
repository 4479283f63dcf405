// sims-tui comes up, talks, and leaves the terminal as it was.
#include <doctest/doctest.h>

#include "term/world.h"

using namespace sims;
using namespace sims::test;

TEST_CASE("a conversation in a terminal") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice", "bob"});
  auto bob = world.tui("bob", server, {"--query", "alice"});
  auto alice = world.chat("alice", "bob", server);
  bob->see("[alice]");
  alice->type("hello\r");
  bob->see("<alice> hello");
  World::let_in(*bob);
  alice->see("+ <alice> hello");
  bob->type("hello yourself\r");
  alice->see("<bob> hello yourself");
  alice->type("/quit\r");
  REQUIRE(alice->await_end() == 0);
  check_restored(*alice);
  bob->type("/quit\r");
  REQUIRE(bob->await_end() == 0);
  check_restored(*bob);
}
