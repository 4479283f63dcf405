// The terminal as a screen: the only user of ncurses. It draws grids (changed cells only, one update a call),
// reads input through its own descriptor, and sets title, mouse and focus reports. The terminal is restored
// by close(), the destructor, suspend() and the handler for crash signals. One object at a time; it belongs
// to one thread.
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
  // Fails without a terminal, and with one of an unknown type or that cannot place the cursor. Then the
  // terminal is untouched. The error is for the user.
  static Result<std::unique_ptr<Screen>> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  int input_fd() const;
  // Appends the typed bytes. False: the terminal is gone.
  bool read_input(std::string& out);
  Size size() const;
  bool unicode() const;  // more than ASCII is safe to draw
  // False: the terminal takes no output now, and nothing was drawn. `stamps`: a number for each row; a row
  // with the same number as in the last call has the same cells (Renderer). Without stamps all cells are
  // compared.
  bool draw(const Grid& grid, std::span<const std::uint64_t> stamps = {});
  void write(std::string_view bytes);  // between frames; for bytes that do not move the cursor: notifications

  Size resized();  // after SIGWINCH: asks the kernel
  void repaint();  // the next draw() writes everything
  void suspend();  // restores the terminal, stops the process group, returns after SIGCONT
  void resume();   // for a SIGCONT that came outside of suspend()
  void close();
  int colours() const;
  bool modern() const;  // the terminal takes titles and bracketed paste

 private:
  struct State;
  explicit Screen(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sims::tui
