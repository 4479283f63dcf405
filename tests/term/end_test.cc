// The terminal is restored at every exit and stop of sims-tui.
#include <doctest/doctest.h>
#include <signal.h>

#include "term/world.h"

using namespace sims;
using namespace sims::test;

TEST_CASE("end: on SIGTERM and SIGHUP it says goodbye and exits") {
  for (const int number : {SIGTERM, SIGHUP}) {
    CAPTURE(number);
    World world;
    const auto server = world.server();
    world.pin(server, {"alice"});
    auto alice = world.tui("alice", server);
    alice->see("online");
    CHECK(alice->screen().alternate());
    alice->signal(number);
    REQUIRE(alice->await_end() == 0);
    check_restored(*alice);
    until([&] { return world.server_program().log().find("reason=\"disconnect\"") != std::string::npos; },
          "goodbye at the server");
  }
}

TEST_CASE("end: a crash leaves a usable terminal, and the exit status names the signal") {
  World world;
  auto program = world.alone();
  program->type("unsent");
  program->see("unsent");
  program->signal(SIGABRT);
  REQUIRE(program->await_end() == -SIGABRT);
  // The handler restores the mode that the program read at its start.
  check_restored(*program);
}

TEST_CASE("end: it exits when the terminal is closed") {
  World world;
  const auto server = world.server();
  world.pin(server, {"alice"});
  auto alice = world.tui("alice", server);
  alice->see("online");
  alice->hang_up();
  alice->await_end();
  until([&] { return world.sims("watcher", server, {"list"}).find("alice") == std::string::npos; },
        "end of alice's login");
}

TEST_CASE("end: the old content of the screen is back") {
  World world;
  auto environment = world.environment;
  environment["PS1"] = "$ ";
  TermProgram shell({"/bin/dash", "-i"}, environment);
  shell.see("$");
  shell.type("echo a line from before\r");
  shell.see([&] { return shell.screen().text().find("\na line from before\n$") != std::string::npos; },
            "the shell's output");
  shell.type(World::program("sims-tui") + " --home " + world.path("alice") + "\r");
  World::close_dialog(shell);
  CHECK_FALSE(shell.shows("from before"));
  shell.type("/quit\r");
  shell.see("from before");
  CHECK_FALSE(shell.screen().alternate());
}

// In a shell: the kernel does not stop a program that no parent could continue.
TEST_CASE("end: suspended and continued") {
  World world;
  auto environment = world.environment;
  environment["PS1"] = "$ ";
  TermProgram shell({"/bin/dash", "-i"}, environment);
  shell.see("$");
  const pid_t at_rest = shell.foreground();
  for (const bool by_key : {true, false}) {
    CAPTURE(by_key);
    shell.type(World::program("sims-tui") + " --home " + world.path("alice") + "\r");
    World::close_dialog(shell);
    shell.type("a draft");
    shell.see("a draft");
    const pid_t program = shell.foreground();
    REQUIRE(program != at_rest);
    if (by_key)
      shell.type("\x1a");
    else
      ::kill(program, SIGTSTP);
    shell.see([&] { return shell.foreground() == at_rest && shell.shows("topped"); }, "the shell in front");
    check_restored(shell);
    shell.type("fg\r");
    shell.see("a draft");
    CHECK(shell.screen().alternate());
    shell.see([&] { return shell.output().mode(2004); }, "bracketed paste");
    shell.type(" goes on");
    shell.see("a draft goes on");
    shell.type("\x15/quit\r");
    shell.see([&] { return shell.foreground() == at_rest && !shell.screen().alternate(); },
              "the shell in front");
    check_restored(shell);
  }
}

TEST_CASE("end: suspended from outside in the middle of drawing, again and again") {
  World world;
  auto environment = world.environment;
  environment["PS1"] = "$ ";
  TermProgram shell({"/bin/dash", "-i"}, environment);
  shell.see("$");
  const pid_t at_rest = shell.foreground();
  shell.type(World::program("sims-tui") + " --home " + world.path("alice") + "\r");
  World::close_dialog(shell);
  const pid_t program = shell.foreground();
  for (int i = 0; i < 60; ++i) {
    ::kill(program, SIGWINCH);  // causes a full draw
    pump(i % 3);
    ::kill(program, SIGTSTP);
    shell.see([&] { return shell.foreground() == at_rest; }, "the shell in front");
    shell.type("fg\r");
    shell.see([&] { return shell.foreground() == program && shell.screen().alternate(); }, "the program");
    shell.type("a");
    shell.see(std::string(static_cast<std::size_t>(i) + 1, 'a'));
  }
  CHECK(shell.output().violations() == "");
}

TEST_CASE("end: after SIGSTOP and SIGCONT it draws and sets its modes again") {
  World world;
  auto program = world.alone();
  program->type("a draft");
  program->see("a draft");
  program->signal(SIGSTOP);
  const std::size_t mark = program->mark();
  program->signal(SIGCONT);
  program->see([&] { return program->raw_since(mark).find("a draft") != std::string::npos; }, "a repaint");
  program->type(" goes on");
  program->see("a draft goes on");
}
