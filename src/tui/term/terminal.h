// A terminal without ncurses, for --plain: raw keys in, bytes out. The terminal is restored by close(), the
// destructor, suspend() and a crash. One object at a time; it belongs to one thread.
#pragma once

#include <termios.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tui/term/geometry.h"

namespace sims::tui {

// --- Used by Terminal and Screen.
// Opens the terminal once more for input; the caller closes the descriptor. -1: failed, see errno. Standard
// input and output share one open file, and the loop must not make output non-blocking.
int open_terminal_input();
bool read_terminal(int fd, std::string& out);  // appends the typed bytes; false: the terminal is gone
void write_terminal(std::string_view bytes);   // all bytes; gives up when the terminal takes none for 1 s
bool terminal_takes_output();                  // without blocking
Size terminal_size();                          // asks the kernel
void stop_program();                           // SIGTSTP to the process group; returns after SIGCONT
// Sets the environment's locale. If none is set or installed: UTF-8, which nearly every terminal understands.
// False: the locale has another character set, or C.UTF-8 is missing; then only ASCII is safe.
bool set_terminal_locale();

class Terminal {
 public:
  static Result<std::unique_ptr<Terminal>> open();  // fails without a terminal; the error is for the user
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int input_fd() const { return input_; }
  void suspend();
  void resume();  // for a SIGCONT that came outside of suspend()
  void close();

 private:
  Terminal(int input, const termios& before) : input_(input), before_(before) {}
  void raw();
  int input_;
  termios before_;
};

}  // namespace sims::tui
