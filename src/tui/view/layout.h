// Where everything is on a screen of a given size. Pure. Rectangles may be empty; none ever leaves the
// screen.
#pragma once

#include "tui/term/geometry.h"

namespace sims::tui {

struct Layout {
  Rect title;      // one row
  Rect list;       // the peer list; empty below list_from_width columns
  Rect separator;  // one column between list and chat
  Rect chat;
  Rect status;  // one row
  Rect input;   // from one row to a third of the screen; a question takes what it needs
  bool operator==(const Layout&) const = default;
};

constexpr int list_from_width = 60;
constexpr int over_width = 27;  // of the list over the chat, its border included

enum class Columns {
  list,     // list and chat, where there is room for both
  no_list,  // the chat alone
  bare,     // and no title and status line either
};

// `input_rows`: how many the typed text would like, or a question needs.
Layout lay_out(Size size, int input_rows, Columns columns = Columns::list, bool question = false);

}  // namespace sims::tui
