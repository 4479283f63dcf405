// Twenty thousand random keys: sims-tui survives, still answers, and restores the terminal.
#include <doctest/doctest.h>
#include <signal.h>

#include "support/fixed_rng.h"
#include "term/world.h"

using namespace sims;
using namespace sims::test;

namespace {

constexpr char suspends = 0x1a;

std::string random_character(FixedRng& random) {
  static const std::vector<std::string> others = {"\xe6\xbc\xa2",
                                                  "\xcc\x81",
                                                  "\xf0\x9f\x98\x80",
                                                  "\xe2\x80\x8d",
                                                  "\xd7\xa9",
                                                  "\xef\xb8\x8f",
                                                  "\xf0\x9f\x87\xa9",
                                                  "\xff",
                                                  "\xc2\x9b",
                                                  "\xe2\x80",
                                                  "/",
                                                  "//",
                                                  " /",
                                                  ":",
                                                  "@"};
  if (random.pick(4) == 0) return others[random.pick(others.size())];
  return std::string(1, static_cast<char>(' ' + random.pick(95)));
}

std::string random_sequence(FixedRng& random) {
  static const std::string finals = "ABCDEFGHIMPQRSZbcdfhilmnqstuxyz~@`{|}^_ $";
  std::string out = random.pick(3) == 0 ? "\x1bO" : "\x1b[";
  for (std::size_t i = random.pick(5); i > 0; --i)
    out += "0123456789;?<>:"[random.pick(15)];
  out += finals[random.pick(finals.size())];
  return out;
}

// Any key, but none that exits: no second Ctrl-C on an empty line, and no /quit with Enter. No Ctrl-Z either:
// while sims-tui suspends itself, the terminal handles the keys, and Ctrl-Backslash would kill it.
std::string random_key(FixedRng& random) {
  static const std::vector<std::string> known = {"\x1b[A",
                                                 "\x1b[B",
                                                 "\x1b[C",
                                                 "\x1b[D",
                                                 "\x1b[H",
                                                 "\x1b[F",
                                                 "\x1b[5~",
                                                 "\x1b[6~",
                                                 "\x1b[3~",
                                                 "\x1b[2~",
                                                 "\x1b[Z",
                                                 "\x1bOP",
                                                 "\x1b[11~",
                                                 "\x1b[1;5C",
                                                 "\x1b[1;3A",
                                                 "\x1b[1;3B",
                                                 "\x1b[I",
                                                 "\x1b[O",
                                                 "\x1b\r",
                                                 "\x1b\x7f",
                                                 "\x1b[<0;10;10M",
                                                 "\x1b[<0;10;10m",
                                                 "\x1b[<64;3;3M",
                                                 "\x1b[M !!",
                                                 "\x1b[200~pasted\rtext\x1b[201~",
                                                 "\x1b[200~\x1b[201~",
                                                 "\x1b[27;5;9~",
                                                 "\x1b[97;5u",
                                                 "\x1b[12;40R",
                                                 "\x1b[?62;c",
                                                 "\x1b\x1b",
                                                 "\x1b"};
  switch (random.pick(8)) {
    case 0:
      return known[random.pick(known.size())];
    case 1:
      return random_sequence(random);
    case 2: {  // Ctrl-something
      const char c = static_cast<char>(random.pick(32));
      return c == 3 ? "x\x03y" : c == suspends ? "" : std::string(1, c);
    }
    case 3: {  // Alt-something
      const char c = static_cast<char>(random.pick(128));
      return c == suspends ? "\x1b" : std::string("\x1b") + c;
    }
    default:
      return random_character(random);
  }
}

void hammer(TermProgram& program, std::uint64_t seed, int keys) {
  FixedRng random(seed);
  for (int i = 0; i < keys;) {
    std::string some;
    for (const int end = i + 40; i < end; ++i)
      some += random_key(random);
    program.type(some);
    pump(0);
    REQUIRE_FALSE(program.ended());
    if (random.pick(20) == 0)
      program.resize({static_cast<int>(1 + random.pick(120)), static_cast<int>(1 + random.pick(40))});
  }
}

void check_alive(TermProgram& program) {
  program.resize({80, 24});
  const std::size_t mark = program.mark();
  // An unfinished paste would swallow the next keys, so end it first.
  program.type("\x1b[201~");
  until(
      [&] {
        program.type("\x0c");
        pump(50);
        return program.raw_since(mark).find("\x1b[2J") != std::string::npos;
      },
      "a repaint after the random keys");
  CHECK(program.output().violations() == "");
  program.signal(SIGTERM);
  REQUIRE(program.await_end() == 0);
  check_restored(program);
}

}  // namespace

TEST_CASE("random keys: not connected") {
  World world;
  auto program = world.alone();
  hammer(*program, 1, 10'000);
  check_alive(*program);
}

TEST_CASE("random keys: among peers") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice", "bob", "carol"});
  auto bob = world.tui("bob", server);
  auto alice = world.chat("alice", "bob", server);
  hammer(*alice, 2, 10'000);
  CHECK(bob->output().violations() == "");
  check_alive(*alice);
}
