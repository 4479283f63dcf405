// The terminal changes its size fast and often, while messages arrive.
#include <doctest/doctest.h>

#include "support/fixed_rng.h"
#include "term/world.h"

using namespace sims;
using namespace sims::test;

namespace {

std::vector<std::string> numbered(int count) {
  std::vector<std::string> out = {"a first one", "?"};
  for (int i = 1; i <= count; ++i)
    out.push_back("message " + std::to_string(i) + " of " + std::to_string(count) +
                  (i == count ? " (last)" : ""));
  return out;
}

// Leaves out the status line, whose round trip time changes by itself.
std::string without_status(const Terminal& screen) {
  std::string out;
  for (int y = 0; y < screen.size().height; ++y)
    if (y != screen.size().height - 2) out += screen.row(y) + "\n";
  return out;
}

// Waits until sims-tui has drawn everything. The input line must be empty.
void settle(TermProgram& program) {
  program.type("zqzq");
  program.see("zqzq");
  program.type("\x15");
  program.see_not("zqzq");
}

// Checks that a full repaint changes nothing. The input line must be empty.
void check_as_repainted(TermProgram& program) {
  settle(program);
  const std::string before = without_status(program.screen());
  const std::size_t mark = program.mark();
  program.type("\x0c");
  program.see([&] { return program.raw_since(mark).find("\x1b[2J") != std::string::npos; }, "a repaint");
  settle(program);
  CHECK(without_status(program.screen()) == before);
}

}  // namespace

TEST_CASE("resize: many sizes while messages arrive leave the right screen") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice"});
  auto alice = world.tui("alice", server, {"--query", "talker"});
  alice->see("online");
  constexpr int messages = 300;
  auto talker = world.talker(server, "talker", "alice", 100, numbered(messages));
  alice->see("a first one");
  World::accept_request(*alice);
  FixedRng random(7);
  for (int i = 0; i < 100; ++i) {
    alice->resize({static_cast<int>(10 + random.pick(191)), static_cast<int>(3 + random.pick(58))});
    pump(static_cast<int>(random.pick(30)));
    REQUIRE_FALSE(alice->ended());
  }
  alice->resize({80, 24});
  alice->see("(last)");
  REQUIRE(talker->await_end() == 0);
  alice->see("(offline");
  // No message is lost or shown twice: the last lines of the pane are the last messages.
  const int last = alice->row_with("(last)");
  for (int i = 0; i < 10; ++i)
    CHECK(alice->screen().row(last - i).find("message " + std::to_string(messages - i) + " of") !=
          std::string::npos);
  check_as_repainted(*alice);
  CHECK(alice->output().violations() == "");
}

TEST_CASE("resize: to the smallest size and back, with a draft") {
  World world;
  auto program = world.alone();
  program->type("a draft");
  program->see("a draft");
  for (const tui::Size size : {tui::Size{20, 5}, {10, 3}, {1, 1}, {2, 2}, {200, 60}, {80, 1}, {1, 24}}) {
    CAPTURE(size.width);
    CAPTURE(size.height);
    program->resize(size);
    const std::size_t mark = program->mark();
    program->type("x\x7f");
    until([&] { return program->mark() > mark || program->ended(); }, "output");
    REQUIRE_FALSE(program->ended());
  }
  program->resize({80, 24});
  program->see([&] { return program->screen().row(23) == "[status] a draft"; }, "the draft in its place");
  program->type("\x15");
  program->see_not("a draft");
  check_as_repainted(*program);
  CHECK(program->output().violations() == "");
}
