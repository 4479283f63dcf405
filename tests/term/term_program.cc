// TermProgram: starts a program in a pty, types, resizes, and waits for its screen.
#include "term/term_program.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "base/text.h"

namespace sims::test {
namespace {

winsize size_of(tui::Size size) {
  winsize out{};
  out.ws_col = static_cast<unsigned short>(size.width);
  out.ws_row = static_cast<unsigned short>(size.height);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words)
    out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

TermProgram::TermProgram(const std::vector<std::string>& argv, const Environment& environment, tui::Size size,
                         bool answers)
    : terminal_(size, [this, answers](std::string_view answer) {
        if (answers) waiting_ += answer;
      }) {
  std::vector<std::string> words = argv, variables;
  for (const auto& [name, value] : environment)
    variables.push_back(name + "=" + value);
  const auto arguments = pointers(words), settings = pointers(variables);
  const winsize lines = size_of(size);
  if (::openpty(&master_, &slave_, nullptr, nullptr, &lines) != 0) throw std::runtime_error("no pty");
  first_mode_ = mode();
  ::fcntl(master_, F_SETFD, FD_CLOEXEC);
  ::fcntl(slave_, F_SETFD, FD_CLOEXEC);
  ::fcntl(master_, F_SETFL, O_NONBLOCK);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::login_tty(slave_);
    ::execve(arguments[0], arguments.data(), settings.data());
    ::_exit(127);
  }
  if (pid_ < 0) throw std::runtime_error("no fork");
}

TermProgram::~TermProgram() {
  if (!status_) {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  hang_up();
}

void TermProgram::type(std::string_view bytes) {
  waiting_ += bytes;
  until([this] { return write_waiting(), waiting_.empty(); }, "room for what is typed");
}

void TermProgram::write_waiting() {
  while (!waiting_.empty() && master_ >= 0) {
    const ssize_t n = ::write(master_, waiting_.data(), waiting_.size());
    if (n <= 0) return;
    waiting_.erase(0, static_cast<std::size_t>(n));
  }
}

void TermProgram::serve() {
  std::array<char, 65'536> room;
  for (;;) {
    const ssize_t n = ::read(master_, room.data(), room.size());
    if (n <= 0) break;
    const std::string_view bytes(room.data(), static_cast<std::size_t>(n));
    raw_ += bytes;
    output_.feed(bytes);
    terminal_.feed(bytes);
  }
  write_waiting();
}

void TermProgram::resize(tui::Size size) {
  serve();  // draws output for the old size at the old size
  const winsize lines = size_of(size);
  terminal_.resize(size);
  ::ioctl(master_, TIOCSWINSZ, &lines);
}

void TermProgram::signal(int number) {
  ::kill(pid_, number);
}

pid_t TermProgram::foreground() const {
  return ::tcgetpgrp(master_);
}

void TermProgram::hang_up() {
  if (slave_ >= 0) ::close(slave_);
  if (master_ >= 0) ::close(master_);
  slave_ = master_ = -1;
}

termios TermProgram::mode() const {
  termios out{};
  ::tcgetattr(slave_, &out);
  return out;
}

int TermProgram::row_with(std::string_view text) const {
  for (int y = 0; y < terminal_.size().height; ++y)
    if (terminal_.row(y).find(text) != std::string::npos) return y;
  return -1;
}

bool TermProgram::shows(std::string_view text) const {
  return row_with(text) >= 0;
}

void TermProgram::see(std::string_view text) {
  see([&] { return shows(text); }, "\"" + std::string(text) + "\" on the screen");
}

void TermProgram::see_not(std::string_view text) {
  see([&] { return !shows(text); }, "end of \"" + std::string(text) + "\" on the screen");
}

void TermProgram::see(const std::function<bool()>& what, const std::string& words) {
  until(what, words);
}

bool TermProgram::ended() {
  if (status_) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  status_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  if (master_ >= 0) serve();
  return true;
}

int TermProgram::await_end() {
  until([this] { return ended(); }, "end of the program");
  return *status_;
}

std::string TermProgram::report() const {
  std::string out = "--- screen, cursor " + std::to_string(terminal_.cursor().x) + "," +
                    std::to_string(terminal_.cursor().y) + "\n" + terminal_.text();
  return out + output_.violations();
}

}  // namespace sims::test
