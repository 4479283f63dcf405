// The layout: a rectangle for each part of a screen of a given size. Pure. A rectangle may be empty; none
// leaves the screen.
#pragma once

#include "tui/term/geometry.h"

namespace sims::tui {

struct Layout {
  Rect title;      // one row
  Rect list;       // the peer list; empty on a screen narrower than list_from_width
  Rect separator;  // one column between list and chat
  Rect chat;
  Rect status;  // one row
  Rect input;   // from one row to a third of the screen; a question gets all rows that it needs
  bool operator==(const Layout&) const = default;
};

constexpr int list_from_width = 60;
constexpr int over_width = 27;  // columns of the list over the chat, with its border

enum class Columns {
  list,     // list and chat, if there is room for both
  no_list,  // the chat alone
  bare,     // the chat alone, without title and status line
};

// `input_rows`: the rows of the typed text or of the question.
Layout lay_out(Size size, int input_rows, Columns columns = Columns::list, bool question = false);

}  // namespace sims::tui
