// A terminal emulator as data: libvterm draws the program's output into cells. Output follows titles and
// modes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tui/term/cells.h"

namespace sims::test {

struct Glyph {
  std::string text;  // UTF-8: a character with its marks; empty: never written
  int width = 1;     // 0: the right half of a wide character
  bool bold = false, reverse = false, underline = false;
  int foreground = -1, background = -1;  // palette index; -1: the terminal's default
};

class Terminal {
 public:
  // `answer` gets the terminal's answers to the program's questions, such as the device status.
  Terminal(tui::Size size, std::function<void(std::string_view)> answer);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void feed(std::string_view bytes);
  void resize(tui::Size size);

  tui::Size size() const;
  Glyph cell(int x, int y) const;
  std::string row(int y) const;  // without trailing blanks
  std::string text() const;      // all rows, each with LF
  tui::Point cursor() const;
  bool cursor_visible() const;
  bool alternate() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::test
