// The usual terminal types, with and without colours, and those that cannot show a screen.
#include <doctest/doctest.h>

#include "term/world.h"

using namespace sims;
using namespace sims::test;

namespace {

bool coloured(const Terminal& screen) {
  for (int y = 0; y < screen.size().height; ++y)
    for (int x = 0; x < screen.size().width; ++x) {
      const Glyph glyph = screen.cell(x, y);
      if (glyph.foreground != -1 || glyph.background != -1) return true;
    }
  return false;
}

// Red among the first 16 colours of the palette, or mostly red in the colour cube behind them.
bool reddish(int colour) {
  if (colour < 16 || colour > 231) return colour == 1 || colour == 9;
  const int red = (colour - 16) / 36, green = (colour - 16) / 6 % 6, blue = (colour - 16) % 6;
  return red >= green + 2 && red >= blue + 2;
}

// The list marks a stranger who has written with `!`, and in red if there are colours.
void check_attention(TermProgram& program, bool colours) {
  const int row = program.row_with("!");
  REQUIRE(row >= 0);
  CHECK(program.screen().row(row).find("bob") != std::string::npos);
  const Glyph mark = program.screen().cell(0, row);
  CHECK(mark.text == "!");
  if (colours)
    CHECK_MESSAGE(reddish(mark.foreground), mark.foreground);
  else
    CHECK_FALSE(coloured(program.screen()));
}

void talk(World& world, const std::string& server, bool colours) {
  auto alice = world.tui("alice", server);
  alice->see("online");
  const auto bob = world.start_sims("bob", server, {"send", "alice", "psst", "--timeout", "300"});
  alice->see("!");
  check_attention(*alice, colours);
  alice->type("a \xe6\xbc\xa2 word");
  alice->see("[status] a \xe6\xbc\xa2 word");
  alice->type("\x1b[5~\x1b[6~\x1bOD\x1b[1~");
  alice->type("x");
  alice->see("[status] xa \xe6\xbc\xa2 word");
  alice->type("\x0c\x05\x15/quit\r");
  REQUIRE(alice->await_end() == 0);
  check_restored(*alice);
}

}  // namespace

TEST_CASE("kinds: the usual terminals") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice", "bob"});
  struct Row {
    const char* term;
    bool colours;
  };
  for (const Row& row : {Row{"xterm-256color", true},
                         {"xterm", true},
                         {"screen", true},
                         {"screen-256color", true},
                         {"tmux", true},
                         {"tmux-256color", true},
                         {"linux", true},
                         {"vt100", false}}) {
    CAPTURE(row.term);
    world.environment["TERM"] = row.term;
    talk(world, server, row.colours);
  }
}

TEST_CASE("kinds: NO_COLOR") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice", "bob"});
  world.environment["NO_COLOR"] = "1";
  talk(world, server, false);
}

TEST_CASE("kinds: on a terminal that cannot show a screen, only an error is printed") {
  World world;
  for (const char* term : {"dumb", "unknown", "nosuchterminal", ""}) {
    CAPTURE(term);
    world.environment["TERM"] = term;
    TermProgram program({World::program("sims-tui"), "--home", world.path("alice")}, world.environment);
    REQUIRE(program.await_end() == 2);
    CHECK(program.shows("sims-tui: "));
    CHECK(program.raw_since(0).find('\x1b') == std::string::npos);
    check_restored(program);
    CHECK_FALSE(std::filesystem::exists(world.path("alice")));
  }
}

TEST_CASE("kinds: the title is written when it changes, saved before and restored") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice", "bob"});
  auto bob = world.tui("bob", server);
  auto alice = world.chat("alice", "bob", server);
  alice->see([&] { return alice->output().title().find("bob") != std::string::npos; }, "bob in the title");
  CHECK(alice->output().title_depth() > 0);
  const auto count = alice->output().titles().size();
  alice->type("many keys that change nothing about it\r");
  bob->see("alice");
  bob->see("!");
  bob->type("/query alice\r");
  bob->see("[alice]");
  World::accept_request(*bob);
  alice->see("+ <alice> many keys");
  alice->type("\x0c");
  alice->type("more");
  alice->see("more");
  const auto& titles = alice->output().titles();
  for (std::size_t i = 1; i < titles.size(); ++i)
    CHECK(titles[i] != titles[i - 1]);
  CHECK(titles.size() == count + 1);  // one change: the user has written, so the peer is a contact
  CHECK(titles.back().find("unverified") != std::string::npos);
  alice->type("\x15/quit\r");
  REQUIRE(alice->await_end() == 0);
  check_restored(*alice);
}
