// How each style looks: attributes and colours, by theme and by how many colours the terminal has. Pure. What
// a style means is always told by a word or a mark too.
#pragma once

#include "tui/term/cells.h"
#include "tui/term/theme_id.h"

namespace sims::tui {

struct Paint {
  bool bold = false, dim = false, reverse = false, underline = false;
  int foreground = -1, background = -1;  // of the terminal's 256, 16 or 8 colours; -1: its own
  bool operator==(const Paint&) const = default;
};

// `colours`: how many there are; fewer than 8 count as none.
Paint paint_of(ThemeId theme, int colours, Style style);

}  // namespace sims::tui
