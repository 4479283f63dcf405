// The terminal: the only user of ncurses. Draws grids (only what changed, one update a call), reads input
// through a descriptor of its own, sets title, mouse and focus reports. Gives the terminal back as it was on
// every way out: close() and the destructor, suspend(), and a handler for the signals of a crash. One at a
// time; belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tui/term/cells.h"

namespace sims::tui {

class Screen {
 public:
  // Fails, with the terminal untouched and words for the user, without a terminal or with one that cannot do
  // it.
  static Result<std::unique_ptr<Screen>> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  int input_fd() const;
  // Appends what was typed. False: the terminal is gone.
  bool read_input(std::string& out);
  Size size() const;
  bool unicode() const;  // it may show more than ASCII
  // False: the terminal takes nothing now, nothing was done. `stamps`: a number for each row; one that is the
  // same as in the last call stands for the same cells (Renderer). Without them all cells are compared.
  bool draw(const Grid& grid, std::span<const std::uint64_t> stamps = {});
  void write(std::string_view bytes);  // between frames, what does not move the cursor: notifications

  Size resized();  // after SIGWINCH: asks the kernel
  void repaint();  // the next draw() writes everything
  void suspend();  // gives the terminal back, stops the process group, comes back after SIGCONT
  void resume();   // after a SIGCONT that suspend() did not wait for
  void close();
  int colours() const;
  bool modern() const;  // takes a title and bracketed paste

 private:
  struct State;
  explicit Screen(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sims::tui
