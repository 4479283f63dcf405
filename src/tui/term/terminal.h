// A terminal without ncurses, for --plain: raw keys in, bytes out. Gives the terminal back as it was on every
// way out: close() and the destructor, suspend(), and a crash. One at a time; belongs to one thread.
#pragma once

#include <termios.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tui/term/geometry.h"

namespace sims::tui {

// --- what both kinds of screen need
// A description of the terminal of our own: the loop makes it non-blocking, and standard input and output
// share theirs. -1: none, see errno.
int open_terminal_input();
bool read_terminal(int fd, std::string& out);  // appends what was typed; false: the terminal is gone
void write_terminal(std::string_view bytes);   // all of it, as long as somebody reads
bool terminal_takes_output();                  // without waiting
Size terminal_size();                          // asks the kernel
void stop_program();                           // SIGTSTP to the process group; comes back after SIGCONT
// UTF-8 also without a locale of one's own: nearly every terminal today speaks it. False: one with another
// character set was asked for, or there is none with this; then only ASCII is safe.
bool set_terminal_locale();

class Terminal {
 public:
  static Result<std::unique_ptr<Terminal>> open();  // fails, with words for the user, without a terminal
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int input_fd() const { return input_; }
  void suspend();
  void resume();  // after a SIGCONT that suspend() did not wait for
  void close();

 private:
  Terminal(int input, const termios& before) : input_(input), before_(before) {}
  void raw();
  int input_;
  termios before_;
};

}  // namespace sims::tui
