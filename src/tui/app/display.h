// What the program shows itself on: the whole screen (ncurses) or, with --plain, a stream of lines. Owned by
// the program's main function, outlives the Front.
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
  // Fails, with the terminal untouched and words for the user, without a terminal or with one that cannot do
  // it.
  static Result<std::unique_ptr<Display>> open(bool plain);
  virtual ~Display() = default;

  virtual int input_fd() const = 0;
  virtual bool read_input(std::string& out) = 0;  // appends what was typed; false: the terminal is gone
  virtual Size size() const = 0;
  // False: the terminal takes nothing now (somebody stopped it, or the link to it is slow): to be tried
  // again.
  virtual bool draw(const client::Model& model, const UiState& ui, Now now) = 0;
  // After a key that changed the draft alone (Ui::typed()): the input and nothing else. False: nothing was
  // done, draw() is needed.
  virtual bool draw_input(const client::Model& model, const UiState& ui) = 0;
  virtual Size resized() = 0;  // after SIGWINCH: asks the kernel
  virtual void repaint() = 0;  // the next draw() writes everything
  // Between two draws: what neither moves the cursor nor changes a cell (a notification). Left out when the
  // terminal takes nothing now.
  virtual void write(std::string_view bytes) = 0;
  virtual void suspend() = 0;  // gives the terminal back, stops, comes back after SIGCONT
  virtual void resume() = 0;   // after a SIGCONT that suspend() did not wait for
  virtual void close() = 0;
  virtual bool unicode() const = 0;  // may show more than ASCII
  virtual int colours() const = 0;   // 0: none, or none are used
  virtual bool modern() const = 0;   // takes a title, bracketed paste and focus reports
};

}  // namespace sims::tui
