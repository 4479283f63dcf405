// World and Child: starts programs, waits for their logs, and stops them at the end.
#include "term/world.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace sims::test {

namespace {

// A descriptor to read this text from.
int input_of(std::string_view text) {
  const int out = ::memfd_create("input", MFD_CLOEXEC);
  if (out < 0 || ::write(out, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("no memory for an input");
  ::lseek(out, 0, SEEK_SET);
  return out;
}

}  // namespace

// --- Child ---------------------------------------------------------------------------------------

Child::Child(const std::vector<std::string>& argv, const Environment& environment, std::string log_path,
             std::string_view input)
    : log_path_(std::move(log_path)) {
  std::vector<std::string> words = argv, variables;
  std::vector<char*> arguments, settings;
  for (const auto& [name, value] : environment)
    variables.push_back(name + "=" + value);
  for (auto& word : words)
    arguments.push_back(word.data());
  for (auto& variable : variables)
    settings.push_back(variable.data());
  arguments.push_back(nullptr);
  settings.push_back(nullptr);
  const int log = ::open(log_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int in = input_of(input);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setsid();
    ::dup2(in, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execve(arguments[0], arguments.data(), settings.data());
    ::_exit(127);
  }
  ::close(log);
  ::close(in);
  if (pid_ < 0) throw std::runtime_error("no fork");
}

Child::~Child() {
  if (ended()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Child::signal(int number) {
  if (!ended()) ::kill(pid_, number);
}

bool Child::ended() {
  int status = 0;
  if (!ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    status_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    ended_ = true;
  }
  return ended_;
}

int Child::await_end() {
  until([this] { return ended(); }, "end of a program");
  return status_;
}

std::string Child::log() const {
  std::ifstream in(log_path_);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string Child::report() const {
  const std::string all = log();
  return "--- " + log_path_ + "\n" + all.substr(all.size() > 2'000 ? all.size() - 2'000 : 0);
}

// --- World ---------------------------------------------------------------------------------------

World::World() {
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string variable = *one;
    const std::string name = variable.substr(0, variable.find('='));
    if (name == "PATH" || name.ends_with("SAN_OPTIONS")) environment[name] = variable.substr(name.size() + 1);
  }
  environment["HOME"] = path("home");
  environment["LC_ALL"] = "C.UTF-8";
  environment["TERM"] = "xterm-256color";
  environment["TZ"] = "UTC";
  std::filesystem::create_directory(path("home"));
}

std::string World::program(const std::string& name) {
  const char* build = std::getenv("BUILD");
  return std::filesystem::absolute(build ? build : "build/release") / name;
}

std::string World::server() {
  const std::string number = std::to_string(++count_);
  children_.push_back(
      std::make_unique<Child>(std::vector<std::string>{program("simsd"), "--state-dir",
                                                       path("state-" + number), "--listen", "127.0.0.1:0"},
                              environment, path("simsd-" + number + ".log")));
  Child& child = *children_.back();
  constexpr std::string_view ready = "simsd: ready on ";
  until([&] { return child.ended() || child.log().find(ready) != std::string::npos; }, "ready line of simsd");
  const std::string log = child.log();
  const std::size_t at = log.find(ready);
  REQUIRE_MESSAGE(at != std::string::npos, "simsd ended:\n" << log);
  const std::size_t from = at + ready.size();
  return log.substr(from, log.find(' ', from) - from);
}

std::unique_ptr<Child> World::start_sims(const std::string& who, const std::string& server,
                                         const std::vector<std::string>& words) {
  std::vector<std::string> command = {program("sims"), "--home", path(who), "--server",
                                      server,          "--name", who,       "--accept-new"};
  command.insert(command.end(), words.begin(), words.end());
  return std::make_unique<Child>(command, environment, path("sims-" + std::to_string(++count_) + ".log"));
}

std::string World::sims(const std::string& who, const std::string& server,
                        const std::vector<std::string>& words) {
  const auto child = start_sims(who, server, words);
  const int status = child->await_end();
  REQUIRE_MESSAGE(status == 0, "sims: exit status " << status << "\n" << child->log());
  return child->log();
}

std::unique_ptr<Child> World::talker(const std::string& server, const std::string& who, const std::string& to,
                                     int rate, const std::vector<std::string>& lines) {
  std::string input;
  for (const auto& line : lines)
    input += line + "\n";
  return std::make_unique<Child>(
      std::vector<std::string>{program("bench/talker"), server, who, to, std::to_string(rate)}, environment,
      path("talker-" + std::to_string(++count_) + ".log"), input);
}

void World::pin(const std::string& server, const std::vector<std::string>& names) {
  for (const auto& name : names)
    sims(name, server, {"list"});
}

std::vector<std::string> World::tui_command(const std::string& who, const std::string& server,
                                            const std::vector<std::string>& words) const {
  std::vector<std::string> out = {
      program("sims-tui"), "--home", path(who), "--server", server, "--name", who};
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

std::unique_ptr<TermProgram> World::tui(const std::string& who, const std::string& server,
                                        const std::vector<std::string>& words, tui::Size size) {
  return std::make_unique<TermProgram>(tui_command(who, server, words), environment, size);
}

std::unique_ptr<TermProgram> World::alone(tui::Size size) {
  auto out = std::make_unique<TermProgram>(
      std::vector<std::string>{program("sims-tui"), "--home", path("alone-" + std::to_string(++count_))},
      environment, size);
  close_dialog(*out);
  return out;
}

void World::close_dialog(TermProgram& program) {
  program.see("Esc cancel");
  program.type("\x1b");
  program.see_not("Esc cancel");
}

void World::accept_request(TermProgram& program) {
  program.see("/decline");  // shown with the request
  program.type("/accept\r");
  program.see_not("/decline");
}

std::unique_ptr<TermProgram> World::chat(const std::string& who, const std::string& peer,
                                         const std::string& server, tui::Size size) {
  auto out = tui(who, server, {"--query", peer}, size);
  out->see("[" + peer + "]");
  return out;
}

void check_restored(const TermProgram& terminal) {
  const termios& before = terminal.first_mode();
  const termios after = terminal.mode();
  CHECK(after.c_lflag == before.c_lflag);
  CHECK(after.c_iflag == before.c_iflag);
  CHECK(after.c_oflag == before.c_oflag);
  CHECK(std::memcmp(after.c_cc, before.c_cc, sizeof after.c_cc) == 0);
  const Output& out = terminal.output();
  for (const int mode : {1, 1000, 1002, 1003, 1004, 1006, 1049, 2004, 2026})
    CHECK_MESSAGE(!out.mode(mode), "mode " << mode << " is still on");
  CHECK_FALSE(terminal.screen().alternate());
  CHECK(terminal.screen().cursor_visible());
  CHECK(out.title_depth() == 0);
  CHECK(out.violations() == "");
}

}  // namespace sims::test
