// Pastes: a bracketed paste is one text that never sends anything; guessed pastes without brackets.
#include <doctest/doctest.h>

#include <chrono>
#include <fstream>

#include "term/world.h"

using namespace sims;
using namespace sims::test;

namespace {

std::string pasted(const std::string& text) {
  return "\x1b[200~" + text + "\x1b[201~";
}

// The peak memory of the program, in MiB.
long peak_mib(const TermProgram& program) {
  std::ifstream in("/proc/" + std::to_string(program.pid()) + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::stol(line.substr(6)) / 1024;
  return -1;
}

bool sanitized() {
  const char* variant = std::getenv("VARIANT");
  return variant != nullptr && (std::string(variant) == "asan" || std::string(variant) == "tsan");
}

}  // namespace

TEST_CASE("paste: the mode is on, and a short text goes unchanged into the input") {
  World world;
  auto program = world.alone();
  CHECK(program->output().mode(2004));
  program->type(pasted("two\rlines"));
  program->see("lines");
  CHECK(program->row_with("two") >= 21);
  // The line break in it was no Enter: sims-tui did not try to send.
  CHECK_FALSE(program->shows("status window"));
  CHECK(program->output().violations().empty());
}

TEST_CASE("paste: bytes of keys inside are text") {
  World world;
  auto program = world.alone();
  program->type(pasted("\x1b[A\x03\x1a\x0c\x1b]0;title\x07/quit\r"));
  program->see("/quit");
  CHECK_FALSE(program->ended());
  CHECK(program->output().violations().empty());
}

TEST_CASE("paste: without brackets, three lines in one write are one text") {
  World world;
  SUBCASE("a terminal without brackets") {
    world.environment["TERM"] = "vt100";
  }
  SUBCASE("--plain") {
    world.environment["TERM"] = "dumb";
  }
  const bool plain = world.environment["TERM"] == "dumb";
  std::vector<std::string> words = {World::program("sims-tui"), "--home", world.path("nobody"), "--demo"};
  if (plain) words.emplace_back("--plain");
  TermProgram demo(words, world.environment, {80, 24}, false);
  demo.see("bob");
  demo.type("one of three\rtwo of three\rthree of three\r");
  demo.see("paste: Enter sends");
  CHECK_FALSE(demo.shows("you: one of three"));
  CHECK_FALSE(demo.shows("<you> one of three"));
  demo.type("\r");
  demo.see(plain ? "you: one of three" : "<you> one of three");
  CHECK_FALSE(demo.shows(plain ? "you: two of three" : "<you> two of three"));
  CHECK(demo.output().violations().empty());
}

// sims-tui asks the terminal at the start, and waits a second for the answer. Until then Enter is Enter.
TEST_CASE("paste: three lines in one write are one text if the terminal does not answer about brackets") {
  World world;
  TermProgram demo({World::program("sims-tui"), "--home", world.path("nobody"), "--demo"}, world.environment,
                   {80, 24}, false);
  demo.see("bob");
  int tries = 0;
  demo.see(
      [&] {
        if (demo.shows("paste: Enter sends")) return true;
        if (tries > 0 && !demo.shows("third " + std::to_string(tries))) return false;  // not handled yet
        const auto number = std::to_string(++tries);
        demo.type("\x15");
        demo.type("first " + number + "\rsecond " + number + "\rthird " + number);
        return false;
      },
      "a paste");
  CHECK_FALSE(demo.shows("<you> first " + std::to_string(tries)));
  demo.type("\x15\r");
  demo.see_not("paste: Enter sends");
}

TEST_CASE("paste: in tmux, also behind ssh, lines typed ahead are sent one by one") {
  World world;
  world.environment["TERM"] = "tmux-256color";
  TermProgram demo({World::program("sims-tui"), "--home", world.path("nobody"), "--demo"}, world.environment,
                   {80, 24}, false);
  demo.see("bob");
  const auto begun = std::chrono::steady_clock::now();  // sims-tui waits a second for an answer
  for (int i = 0; i < 2 || std::chrono::steady_clock::now() - begun < std::chrono::seconds(2); ++i) {
    demo.type("first " + std::to_string(i) + "\rsecond " + std::to_string(i) + "\r");
    demo.see("<you> second " + std::to_string(i));
  }
  CHECK_FALSE(demo.shows("paste: Enter sends"));
}

TEST_CASE("paste: if the terminal answers about brackets, lines typed ahead are sent one by one") {
  World world;
  TermProgram demo({World::program("sims-tui"), "--home", world.path("nobody"), "--demo"}, world.environment);
  demo.see("bob");
  CHECK(demo.raw_since(0).find("\x1b[?2004$p") != std::string::npos);
  demo.type("\x1b[?2004;1$y");  // a late answer counts, too
  demo.type("first\rsecond\r");
  demo.see("<you> second");
  CHECK(demo.shows("<you> first"));
}

TEST_CASE("paste: one megabyte sends nothing, needs little memory, and leaves the keyboard usable") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice", "bob"});
  auto bob = world.tui("bob", server);
  auto alice = world.chat("alice", "bob", server);
  std::string text;
  while (text.size() < (1 << 20))
    text += "a line of a text that somebody copied\r";
  const long before = peak_mib(*alice);
  alice->type(pasted(text));
  alice->see("paste");  // the question
  alice->type("n");
  alice->type("still here");
  alice->see("still here");
  CHECK_FALSE(bob->shows("somebody copied"));
  if (!sanitized()) CHECK(peak_mib(*alice) - before < 8);
  CHECK(alice->output().violations().empty());
}
