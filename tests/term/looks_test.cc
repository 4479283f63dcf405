// The other modes: --ascii, --plain, --demo, and the mouse.
#include <doctest/doctest.h>

#include <algorithm>

#include "term/world.h"

using namespace sims;
using namespace sims::test;

namespace {

bool all_ascii(const std::string& bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return (c & 0x80) == 0; });
}

// Quits; sims-tui asks once if a text is not delivered.
void leave(TermProgram& program) {
  program.type("/quit\r");
  program.see([&] { return program.ended() || program.shows("Leave?"); }, "the end or a question");
  if (!program.ended()) program.type("y");
}

}  // namespace

TEST_CASE("looks: --ascii writes ASCII only, for any message") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice"});
  auto alice = world.tui("alice", server, {"--ascii", "--query", "bob"});
  alice->see("online");
  const auto bob = world.talker(
      server, "bob", "alice", 100,
      {"first", "?", "\\xe6\\xbc\\xa2\\xe5\\xad\\x97 caf\\xc3\\xa9 \\xf0\\x9f\\x98\\x80", "(last)"});
  alice->see("first");
  World::accept_request(*alice);
  alice->see("(last)");
  alice->see("cafe");
  alice->type("\xc3\xa4\xe6\xbc\xa2 typed");
  alice->see("typed");
  CHECK(all_ascii(alice->raw_since(0)));
  alice->type("\x15/quit\r");
  REQUIRE(alice->await_end() == 0);
  check_restored(*alice);
}

TEST_CASE("looks: --plain writes lines without any escape sequence") {
  World world;
  world.environment["TERM"] = "dumb";
  const auto server = world.server();
  world.pin(server, {"alice", "bob"});
  auto alice = world.tui("alice", server, {"--plain", "--query", "bob"});
  alice->see("Connected to");
  const auto bob = world.start_sims("bob", server, {"send", "alice", "psst", "--timeout", "300"});
  alice->see("psst");
  alice->type("/accept\r");
  REQUIRE(bob->await_end() == 0);
  alice->type("typo\x7f\x7f\x7f\x7fhello");
  alice->see("hello");
  alice->type("\x15/quit\r");
  REQUIRE(alice->await_end() == 0);
  CHECK(alice->raw_since(0).find('\x1b') == std::string::npos);
  check_restored(*alice);
}

TEST_CASE("looks: --demo needs no server and leaves no files") {
  World world;
  TermProgram demo({World::program("sims-tui"), "--home", world.path("nobody"), "--demo"}, world.environment);
  demo.see("bob");
  demo.type("/query bob\r");
  demo.see("[bob]");
  demo.type("hello demo\r");
  demo.see("hello demo");
  leave(demo);
  REQUIRE(demo.await_end() == 0);
  check_restored(demo);
  CHECK_FALSE(std::filesystem::exists(world.path("nobody")));
}

TEST_CASE("looks: with the mouse on, the wheel scrolls and a click opens a window") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice", "bob"});
  auto bob = world.tui("bob", server);
  auto alice = world.chat("alice", "bob", server);
  CHECK_FALSE(alice->output().mode(1006));
  alice->type("/set mouse on\r");
  alice->see([&] { return alice->output().mode(1000) && alice->output().mode(1006); }, "mouse reports");
  for (int i = 0; i < 40; ++i)
    alice->type("line " + std::to_string(i) + "\r");
  alice->see("line 39");
  for (int i = 0; i < 20; ++i)
    alice->type("\x1b[<64;40;10M");
  alice->see_not("line 39");
  for (int i = 0; i < 30; ++i)
    alice->type("\x1b[<65;40;10M");
  alice->see("line 39");
  const int row = alice->row_with("status");  // in the list
  REQUIRE(row > 0);
  const std::string at = ";3;" + std::to_string(row + 1);
  alice->type("\x1b[<0" + at + "M\x1b[<0" + at + "m");
  alice->see("[status]");
  alice->type("/set mouse off\r");
  alice->see([&] { return !alice->output().mode(1000) && !alice->output().mode(1006); }, "no mouse reports");
  leave(*alice);
  REQUIRE(alice->await_end() == 0);
  check_restored(*alice);
}
