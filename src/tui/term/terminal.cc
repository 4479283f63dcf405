// Terminal: opens the terminal's input, sets raw mode, and restores it at a stop and at the end.
#include "tui/term/terminal.h"

#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <cstring>

#include "base/secret.h"
#include "tui/term/crash.h"

namespace sims::tui {

int open_terminal_input() {
  constexpr int flags = O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
  const char* name = ::ttyname(STDIN_FILENO);
  const int fd = ::open(name ? name : "/dev/tty", flags);
  return fd < 0 ? ::open("/dev/tty", flags) : fd;
}

bool read_terminal(int fd, std::string& out) {
  std::array<char, 4096> room;
  for (;;) {
    const ssize_t n = ::read(fd, room.data(), room.size());
    if (n > 0) {
      out.append(room.data(), static_cast<std::size_t>(n));
      wipe(room.data(), static_cast<std::size_t>(n));  // it may be a passphrase
      if (static_cast<std::size_t>(n) < room.size()) return true;
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else {
      return n < 0 && errno == EAGAIN;
    }
  }
}

void write_terminal(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      pollfd ready{STDOUT_FILENO, POLLOUT, 0};
      if (::poll(&ready, 1, 1'000) <= 0) return;
    } else if (n < 0 && errno != EINTR) {
      return;  // the terminal is gone; read_terminal() reports it
    }
  }
}

bool terminal_takes_output() {
  pollfd ready{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&ready, 1, 0) != 0;
}

Size terminal_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {80, 24};
  return {std::min<int>(size.ws_col, 1'000), std::min<int>(size.ws_row, 1'000)};
}

void stop_program() {
  struct sigaction stop {
  }, before{};
  stop.sa_handler = SIG_DFL;
  sigemptyset(&stop.sa_mask);
  ::sigaction(SIGTSTP, &stop, &before);
  ::kill(0, SIGTSTP);  // the whole group, as the terminal does, so that a script that started us stops too
  ::sigaction(SIGTSTP, &before, nullptr);
}

bool set_terminal_locale() {
  static_cast<void>(std::setlocale(LC_ALL, ""));
  const std::string characters = ::nl_langinfo(CODESET);
  if (characters == "UTF-8") return true;
  const bool none = characters == "ANSI_X3.4-1968";  // ASCII: no locale is set, or it is not installed
  return std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr && none;
}

Result<std::unique_ptr<Terminal>> Terminal::open() {
  if (!::isatty(STDIN_FILENO) || !::isatty(STDOUT_FILENO))
    return fail("standard input and output must be a terminal; use `sims' in scripts");
  termios before{};
  ::tcgetattr(STDOUT_FILENO, &before);
  const int input = open_terminal_input();
  if (input < 0) return fail(std::string("cannot open the terminal: ") + std::strerror(errno));
  set_terminal_locale();
  arm_crash(before, "\r\n");
  std::unique_ptr<Terminal> terminal(new Terminal(input, before));
  terminal->raw();
  return terminal;
}

void Terminal::raw() {
  termios mode = before_;
  ::cfmakeraw(&mode);
  ::tcsetattr(STDOUT_FILENO, TCSADRAIN, &mode);
}

void Terminal::suspend() {
  write_terminal("\r\n");
  ::tcsetattr(STDOUT_FILENO, TCSADRAIN, &before_);
  stop_program();
  raw();
}

void Terminal::resume() {
  raw();
}

void Terminal::close() {
  if (input_ < 0) return;
  write_terminal("\r\n");
  disarm_crash();
  ::tcsetattr(STDOUT_FILENO, TCSADRAIN, &before_);
  ::close(input_);
  input_ = -1;
}

Terminal::~Terminal() {
  close();
}

}  // namespace sims::tui
