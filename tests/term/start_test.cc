// sims-tui starts, talks, exits and restores the terminal.
#include <doctest/doctest.h>

#include "term/world.h"

using namespace sims;
using namespace sims::test;

TEST_CASE("start: a conversation in a terminal") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice", "bob"});
  auto bob = world.tui("bob", server, {"--query", "alice"});
  auto alice = world.chat("alice", "bob", server);
  bob->see("[alice]");
  alice->type("hello\r");
  bob->see("<alice> hello");
  World::accept_request(*bob);
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

TEST_CASE("start: if the terminal type is missing or unknown, the error says which one to set") {
  World world;
  std::string wanted;
  SUBCASE("not known on this machine") {
    world.environment["TERM"] = "nobody-has-this";
    wanted = "the terminal type nobody-has-this is not known on this machine: set TERM=xterm-256color";
  }
  SUBCASE("missing") {
    world.environment.erase("TERM");
    wanted = "TERM is not set: set it to the type of the terminal, TERM=xterm-256color for most";
  }
  SUBCASE("empty") {
    world.environment["TERM"] = "";
    wanted = "TERM is not set: set it to the type of the terminal, TERM=xterm-256color for most";
  }
  TermProgram program({World::program("sims-tui"), "--home", world.path("nobody"), "--demo"},
                      world.environment, {200, 24});
  CHECK(program.await_end() == 2);
  const std::string said = program.raw_since(0);
  CHECK(said.find(wanted) != said.npos);
  CHECK(said.find("--plain") != said.npos);
}
