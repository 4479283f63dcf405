// A screen as plain data, and the only way to put text on it. put_text() and to_cells() make every text safe
// (base/text.h), also our own, so no cell can hold a control character.
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
  attention,  // in the list: a user who tried to contact us; red
  selected,
  alert,
  good,
  match,   // the line that a search found
  unread,  // the divider above the first unread line
  qr,      // dark on light in every theme: cameras need it
  count,
};

// One spacing character with its combining marks. A wide character takes two cells; the second one has width
// 0, no character, and `joins` set. So the width of a row is its number of cells.
struct Cell {
  static constexpr std::size_t max_code_points = 5;  // code points in a cell; ncurses' CCHARW_MAX
  std::array<char32_t, max_code_points> chars{U' '};
  std::uint8_t count = 1;
  std::uint8_t width = 1;
  Style style = Style::normal;
  bool joins = false;  // in one grapheme cluster with the cell before; never wrap between the two
  bool operator==(const Cell&) const = default;
};
static_assert(std::has_unique_object_representations_v<Cell>);  // same_cells() compares bytes

using Cells = std::vector<Cell>;

// Makes the text safe and cuts it into cells; a visible character replaces LF. Drops variation selectors and
// skin tones, because terminals disagree about the width of such characters.
Cells to_cells(std::string_view text, Style style);
void add_cells(std::string_view text, Style style, Cells& out);
inline int width_of(std::span<const Cell> cells) {
  return static_cast<int>(cells.size());
}
bool same_cells(std::span<const Cell> a, std::span<const Cell> b);

struct Wrapped {
  std::size_t from, to;  // the cells of a row, without the spaces where it was broken
};
// Breaks at spaces; breaks a word longer than a row between clusters. Returns at least one row.
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
  std::string title;  // of the terminal, safe, one line; empty: the terminal keeps its own
  ThemeId theme = ThemeId::dark;
  bool mouse = false;  // ask the terminal to report wheel and clicks

  Cell& at(int x, int y) { return cells[index(x, y)]; }
  const Cell& at(int x, int y) const { return cells[index(x, y)]; }
  std::span<const Cell> row(int y) const {
    return {cells.data() + index(0, y), static_cast<std::size_t>(size.width)};
  }
  void reset(Size size);  // as newly made; reuses the memory
  // Draws within [x, x + width) of row y and returns the column behind. A space replaces a wide character
  // that would be cut or overwritten in half.
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

// Replaces each character in `where` that is not ASCII by one of the same width: our lines and symbols by
// similar ones, an accented letter by its base letter, everything else by `?`.
void to_ascii(Grid& grid, const Rect& where);

// Cuts to `width` columns between grapheme clusters; an ellipsis shows that something was cut.
Cells fit(Cells cells, int width);

}  // namespace sims::tui
