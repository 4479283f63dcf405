// The output of sims-tui: the whole screen (ncurses) or, with --plain, a stream of lines. run_app() owns it;
// it outlives the Session.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "client/model/model.h"
#include "tui/state/state.h"

namespace sims::tui {

class Display {
 public:
  // Fails without a terminal, and with one of an unknown type or that cannot place the cursor. Then the
  // terminal is untouched. The error is for the user.
  static Result<std::unique_ptr<Display>> open(bool plain);
  virtual ~Display() = default;

  virtual int input_fd() const = 0;
  virtual bool read_input(std::string& out) = 0;  // appends the typed bytes; false: the terminal is gone
  virtual Size size() const = 0;
  // False: the terminal takes no output now (the user stopped it, or its link is slow); the caller must
  // retry.
  virtual bool draw(const client::Model& model, const UiState& ui, Now now) = 0;
  // Draws only the input, after a key that changed only the draft (Ui::typed()). False: nothing was drawn,
  // and draw() is needed.
  virtual bool draw_input(const client::Model& model, const UiState& ui) = 0;
  virtual Size resized() = 0;  // after SIGWINCH: asks the kernel
  virtual void repaint() = 0;  // the next draw() writes everything
  // For bytes between two draws that neither move the cursor nor change a cell (a notification). Drops them
  // when the terminal takes no output now.
  virtual void write(std::string_view bytes) = 0;
  virtual void suspend() = 0;  // restores the terminal, stops the process group, returns after SIGCONT
  virtual void resume() = 0;   // for a SIGCONT that came outside of suspend()
  virtual void close() = 0;
  virtual bool unicode() const = 0;  // more than ASCII is safe to draw
  virtual int colours() const = 0;   // 0: the terminal has none, or they are not used
  virtual bool modern() const = 0;   // takes titles, bracketed paste and focus reports
};

}  // namespace sims::tui
