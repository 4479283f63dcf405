// The attributes and colours of each style, by theme and by the number of colours of the terminal. Pure. A
// style never carries a meaning alone: a word or a mark on the screen says the same.
#pragma once

#include "tui/term/cells.h"
#include "tui/term/theme_id.h"

namespace sims::tui {

struct Paint {
  bool bold = false, dim = false, reverse = false, underline = false;
  int foreground = -1, background = -1;  // an index into the terminal's colours; -1: its default
  bool operator==(const Paint&) const = default;
};

// `colours`: the number that the terminal has; fewer than 8 count as none.
Paint paint_of(ThemeId theme, int colours, Style style);

}  // namespace sims::tui
