// A terminal as data: libvterm draws what is fed. Cells, cursor; the rest is Output's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tui/term/cells.h"

namespace sims::test {

struct Glyph {
  std::string text;  // UTF-8: a character with its marks; empty: nothing was written there
  int width = 1;     // 0: the right half of a wide one
  bool bold = false, reverse = false, underline = false;
  int foreground = -1, background = -1;  // of the palette; -1: the terminal's own
};

class Terminal {
 public:
  // `answer` gets what the terminal says to questions of the program (device status and the like).
  Terminal(tui::Size size, std::function<void(std::string_view)> answer);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void feed(std::string_view bytes);
  void resize(tui::Size size);

  tui::Size size() const;
  Glyph cell(int x, int y) const;
  std::string row(int y) const;  // without the blanks at its end
  std::string text() const;      // rows, each with LF
  tui::Point cursor() const;
  bool cursor_visible() const;
  bool alternate() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::test
