// A bracketed paste is one text: whatever is in it, nothing is sent by it.
#include <doctest/doctest.h>

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
