// A screen as plain data, and the one way that text gets onto it: put_text and to_cells make every text safe
// (base/text.h), whoever wrote it, so that no control character can ever be in a cell.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tui/term/geometry.h"
#include "tui/term/theme_id.h"

namespace sims::tui {

enum class Style : std::uint8_t {
  normal,
  dim,
  strong,
  bar,  // title and status lines
  bar_strong,
  bar_good,   // verified
  bar_alert,  // a changed key, no connection
  mine,       // our name
  theirs,
  attention,  // red in the list: somebody tried to contact us
  selected,
  alert,
  good,
  match,   // what was looked for
  unread,  // the line above what was not read yet
  qr,      // dark on light, whatever the theme: cameras need it
  count,
};

// One spacing character and the marks on it. A wide one takes two cells, its second one has width 0, no
// character and joins: so a row of cells is as wide as it is long.
struct Cell {
  static constexpr std::size_t most = 5;  // code points; ncurses' CCHARW_MAX
  std::array<char32_t, most> chars{U' '};
  std::uint8_t count = 1;
  std::uint8_t width = 1;
  Style style = Style::normal;
  bool joins = false;  // belongs to the same grapheme cluster as the cell before: never wrap between them
  bool operator==(const Cell&) const = default;
};
static_assert(std::has_unique_object_representations_v<Cell>);  // rows are compared as bytes

using Cells = std::vector<Cell>;

// Makes the text safe and cuts it into cells (LF becomes a stand-in). Variation selectors and skin tones are
// left out: terminals disagree about the width that they make.
Cells to_cells(std::string_view text, Style style);
void add_cells(std::string_view text, Style style, Cells& out);
inline int width_of(std::span<const Cell> cells) {
  return static_cast<int>(cells.size());
}
bool same_cells(std::span<const Cell> a, std::span<const Cell> b);

struct Wrapped {
  std::size_t from, to;  // cells of this row, without the spaces where it was broken
};
// By words; a word longer than a row by clusters. At least one row.
std::vector<Wrapped> wrap(std::span<const Cell> cells, int first_width, int width);

struct Point {
  int x = 0, y = 0;
  bool operator==(const Point&) const = default;
};

struct Grid {
  explicit Grid(Size size = {});
  Size size;
  std::vector<Cell> cells;  // row by row
  Point cursor;
  bool cursor_visible = true;
  std::string title;  // for the terminal, safe, one line; empty: it keeps its own
  ThemeId theme = ThemeId::dark;
  bool mouse = false;  // wheel and clicks are wanted

  Cell& at(int x, int y) { return cells[index(x, y)]; }
  const Cell& at(int x, int y) const { return cells[index(x, y)]; }
  std::span<const Cell> row(int y) const {
    return {cells.data() + index(0, y), static_cast<std::size_t>(size.width)};
  }
  void reset(Size size);  // as new, in the memory that it has
  // Draws within [x, x + width) of row y, returns the column behind. A wide character of which one half would
  // be cut or was overwritten becomes a space.
  int put(int x, int y, int width, std::span<const Cell> what);
  int put_text(int x, int y, int width, std::string_view text, Style style);
  void fill(const Rect& where, Style style, char32_t with = U' ');

 private:
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) + static_cast<std::size_t>(x);
  }
  std::size_t room(int x, int y, int width) const;
  void mend(int from, int to, int y);
};

// What is not ASCII there becomes a stand-in of the same width: lines and marks of ours their likes, a letter
// with marks on it the letter, everything else `?`.
void to_ascii(Grid& grid, const Rect& where);

// Cuts to `width` columns at the border of a grapheme cluster, with an ellipsis when something is missing.
Cells fit(Cells cells, int width);

}  // namespace sims::tui
