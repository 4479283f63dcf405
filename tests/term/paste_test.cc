// A bracketed paste is one text: whatever is in it, nothing is sent by it.
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

// Most memory that it ever had, MiB.
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

TEST_CASE("paste: the mode is on, and a short text lands in the input as it is") {
  World world;
  auto program = world.alone();
  CHECK(program->output().mode(2004));
  program->type(pasted("two\rlines"));
  program->see("lines");
  CHECK(program->row_with("two") >= 21);
  // Enter inside of it was none: nothing was tried to be sent.
  CHECK_FALSE(program->shows("status window"));
  CHECK(program->output().violations().empty());
}

TEST_CASE("paste: what looks like keys in it is text") {
  World world;
  auto program = world.alone();
  program->type(pasted("\x1b[A\x03\x1a\x0c\x1b]0;title\x07/quit\r"));
  program->see("/quit");
  CHECK_FALSE(program->ended());
  CHECK(program->output().violations().empty());
}

TEST_CASE(
    "paste: without brackets three lines in one write are one text, where no terminal has shown brackets") {
  World world;
  SUBCASE("a terminal that has none") {
    world.environment["TERM"] = "vt100";
  }
  SUBCASE("lines alone") {
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

// Whether it knows brackets is asked at the start, and given up after a second: until then Enter is Enter.
TEST_CASE(
    "paste: three lines in one write are one text, too, where a terminal does not answer about brackets") {
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

TEST_CASE("paste: in tmux, also behind ssh, what is typed ahead is sent line by line") {
  World world;
  world.environment["TERM"] = "tmux-256color";
  TermProgram demo({World::program("sims-tui"), "--home", world.path("nobody"), "--demo"}, world.environment,
                   {80, 24}, false);
  demo.see("bob");
  const auto begun = std::chrono::steady_clock::now();  // a terminal that may answer is given a second
  for (int i = 0; i < 2 || std::chrono::steady_clock::now() - begun < std::chrono::seconds(2); ++i) {
    demo.type("first " + std::to_string(i) + "\rsecond " + std::to_string(i) + "\r");
    demo.see("<you> second " + std::to_string(i));
  }
  CHECK_FALSE(demo.shows("paste: Enter sends"));
}

TEST_CASE("paste: a terminal that answers about brackets: what is typed ahead is sent line by line") {
  World world;
  TermProgram demo({World::program("sims-tui"), "--home", world.path("nobody"), "--demo"}, world.environment);
  demo.see("bob");
  CHECK(demo.raw_since(0).find("\x1b[?2004$p") != std::string::npos);
  demo.type("\x1b[?2004;1$y");  // after 300 ms or three seconds, it is the same
  demo.type("first\rsecond\r");
  demo.see("<you> second");
  CHECK(demo.shows("<you> first"));
}

TEST_CASE("paste: one megabyte neither sends, nor fills the memory, nor stops the keyboard") {
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
  alice->see("paste");  // it asks
  alice->type("n");
  alice->type("still here");
  alice->see("still here");
  CHECK_FALSE(bob->shows("somebody copied"));
  if (!sanitized()) CHECK(peak_mib(*alice) - before < 8);
  CHECK(alice->output().violations().empty());
}
