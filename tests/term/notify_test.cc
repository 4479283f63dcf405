// Notifications in a terminal: one bell or sequence for a message that the user does not see, none otherwise.
#include <doctest/doctest.h>

#include "term/world.h"

using namespace sims;
using namespace sims::test;

namespace {

// Alice and her contact bob, who writes to her.
struct Two {
  explicit Two(const Environment& more = {}) {
    server = world.server();
    world.pin(server, {"alice", "bob"});
    bob = world.tui("bob", server, {"--query", "alice"});
    for (const auto& [name, value] : more)
      world.environment[name] = value;
    alice = world.chat("alice", "bob", server);
    bob->see("[alice]");
    alice->type("hello\r");
    bob->see("<alice> hello");
    World::accept_request(*bob);
    alice->see("+ <alice> hello");
  }
  void bob_says(const std::string& text) {
    bob->type(text + "\r");
    bob->see("+ <bob> " + text);
  }
  void alice_does(const std::string& keys, const std::string& shown) {
    alice->type(keys);
    alice->see(shown);
  }
  World world;
  std::string server;
  std::unique_ptr<TermProgram> alice, bob;
};

constexpr const char* focus_in = "\x1b[I";
constexpr const char* focus_out = "\x1b[O";

}  // namespace

TEST_CASE("notify: the bell rings for a message in another window, or when the terminal has no focus") {
  Two two;
  const Output& out = two.alice->output();
  two.bob_says("seen");
  two.alice->see("<bob> seen");
  CHECK(out.bells() == 0);
  two.alice->type(
      "\x1b"
      "1");
  two.alice->see("[status]");
  two.bob_says("not seen");
  two.alice->see([&] { return out.bells() == 1; }, "a bell");
  two.alice->type(
      "\x1b"
      "2");
  two.alice->see("[bob]");
  two.alice->see([&] { return out.mode(1004); }, "focus reports wanted");
  two.alice->type(focus_out);
  two.bob_says("nobody looks");
  two.alice->see([&] { return out.bells() == 2; }, "a bell");
  two.alice->type(focus_in);
  two.bob_says("seen again");
  two.alice->see("<bob> seen again");
  two.alice_does("still typing", "[bob] still typing");
  CHECK(out.bells() == 2);
  CHECK(out.notifications().empty());
}

TEST_CASE("notify: sequences name the sender, and show the text only with notify-text") {
  Two two;
  two.alice_does("/set notify osc777\r", "osc777");
  two.alice->type(focus_out);
  two.bob_says("a secret");
  const auto& told = two.alice->output().notifications();
  two.alice->see([&] { return told.size() == 1; }, "a notification");
  CHECK(told[0].find("notify;") == 0);
  CHECK(told[0].find("bob") != std::string::npos);
  CHECK(told[0].find("secret") == std::string::npos);
  two.alice->type(focus_in);
  two.alice_does("/set notify-text on\r", "notify-text");
  two.alice->type(focus_out);
  two.bob_says("no secret; really");
  two.alice->see([&] { return told.size() == 2; }, "a notification");
  CHECK(told[1].find("no secret") != std::string::npos);
  CHECK(two.alice->output().bells() == 0);
  CHECK(two.alice->output().violations() == "");
}

TEST_CASE("notify: in the envelope that tmux passes on") {
  Two two({{"TMUX", "/tmp/tmux-1000/default,1,0"}, {"TERM", "tmux-256color"}});
  two.alice_does("/set notify osc9\r", "osc9");
  two.alice->type(focus_out);
  two.bob_says("hello");
  two.alice->see([&] { return two.alice->output().notifications().size() == 1; }, "a notification");
  CHECK(two.alice->raw_since(0).find("\x1bPtmux;\x1b\x1b]9;") != std::string::npos);
  CHECK(two.alice->output().violations() == "");
}
