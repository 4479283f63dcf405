// The signal handler that writes the restoring bytes and raises the signal again.
#include "tui/term/crash.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace sims::tui {
namespace {

constexpr std::array crash_signals = {SIGABRT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,    SIGTRAP, SIGQUIT,
                                      SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGVTALRM, SIGSYS};

// Written only while the handler is not armed; from then on the handler only reads it.
struct Crash {
  termios mode{};
  std::array<char, 256> bytes{};
  std::size_t size = 0;
  volatile sig_atomic_t armed = 0;
};
Crash crash;

// Async-signal-safe: write, tcsetattr, signal, raise.
void on_crash(int number) {
  if (crash.armed) {
    crash.armed = 0;
    ssize_t ignored = ::write(STDOUT_FILENO, crash.bytes.data(), crash.size);
    static_cast<void>(ignored);
    ::tcsetattr(STDOUT_FILENO, TCSANOW, &crash.mode);
  }
  static_cast<void>(::signal(number, SIG_DFL));
  static_cast<void>(::raise(number));
}

}  // namespace

void arm_crash(const termios& mode, const std::string& bytes) {
  crash.armed = 0;
  crash.mode = mode;
  crash.size = std::min(bytes.size(), crash.bytes.size());
  std::memcpy(crash.bytes.data(), bytes.data(), crash.size);
  crash.armed = 1;
  struct sigaction action {};
  action.sa_handler = on_crash;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (int number : crash_signals)
    ::sigaction(number, &action, nullptr);
}

void disarm_crash() {
  crash.armed = 0;
}

}  // namespace sims::tui
