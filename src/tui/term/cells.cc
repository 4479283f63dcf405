// Makes cells from safe text, wraps them, and puts them into a Grid.
#include "tui/term/cells.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/text.h"

namespace sims::tui {
namespace {

bool changes_width(char32_t c) {
  return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0x1f3fb && c <= 0x1f3ff) || (c >= 0xe0100 && c <= 0xe01ef);
}

Cell cell_of(char32_t c, int width, Style style) {
  Cell cell;
  cell.chars[0] = c;
  cell.width = static_cast<std::uint8_t>(width);
  cell.style = style;
  return cell;
}

void add_spacing(char32_t c, int width, Style style, bool joins, Cells& out) {
  out.push_back(cell_of(c, width, style));
  out.back().joins = joins;
  if (width < 2) return;
  Cell rest = cell_of(0, 0, style);
  rest.count = 0;
  rest.joins = true;
  out.push_back(rest);
}

void add_mark(char32_t c, Cells& out) {
  Cell& base = out.back().width == 0 ? out[out.size() - 2] : out.back();
  if (base.count < Cell::max_code_points) base.chars[base.count++] = c;
}

void add_cluster(std::string_view cluster, Style style, Cells& out) {
  bool first = true;
  for (std::size_t at = 0; at < cluster.size();) {
    const auto [c, size] = decode_utf8(cluster, at);
    assert(size > 0);  // safe_text() leaves only UTF-8
    at += size;
    if (!first && changes_width(c)) continue;
    const int width = char_width(c);
    if (width <= 0) {
      if (first) out.push_back(cell_of(U' ', 1, style));  // a mark without a base gets a space
      add_mark(c, out);
    } else {
      add_spacing(c, width, style, !first, out);
    }
    first = false;
  }
}

bool blank(const Cell& cell) {
  return cell.chars[0] == U' ' && cell.count == 1;
}

bool plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void add_plain(std::string_view text, Style style, Cells& out) {
  const std::size_t from = out.size();
  out.resize(from + text.size(), cell_of(U' ', 1, style));
  for (std::size_t i = 0; i < text.size(); ++i)
    out[from + i].chars[0] = static_cast<unsigned char>(text[i]);
}

// The ASCII character that replaces the cell on a terminal without Unicode.
char32_t ascii_of(const Cell& cell) {
  switch (cell.chars[0]) {
    case U'│':
      return U'|';
    case U'─':
      return U'-';
    case U'┌':
    case U'┐':
    case U'└':
    case U'┘':
      return U'+';
    case U'…':
      return U'~';
    case U'·':
      return U'.';
    case U'←':
      return U'<';
    case U'→':
      return U'>';
    default:
      break;
  }
  if (cell.width != 1) return U'?';
  if (cell.chars[0] >= 0x20 && cell.chars[0] < 0x7f) return cell.chars[0];  // drops its marks
  const char32_t letter = plain_letter(cell.chars[0]);
  return letter != 0 ? letter : U'?';
}

// Copies blocks that double in size: each frame fills the whole screen.
void fill_cells(std::span<Cell> where, const Cell& with) {
  if (where.empty()) return;
  where[0] = with;
  for (std::size_t done = 1; done < where.size(); done *= 2)
    std::copy_n(where.begin(), std::min(done, where.size() - done),
                where.begin() + static_cast<std::ptrdiff_t>(done));
}

}  // namespace

void add_cells(std::string_view text, Style style, Cells& out) {
  if (plain_ascii(text)) return add_plain(text, style, out);  // safe_text() would not change it
  const std::string safe = safe_text(text, Lines::fold);
  out.reserve(out.size() + safe.size());
  for (std::size_t at = 0; at < safe.size();) {
    const auto c = static_cast<unsigned char>(safe[at]);
    const bool ascii_next = at + 1 >= safe.size() || static_cast<unsigned char>(safe[at + 1]) < 0x80;
    if (c < 0x80 && ascii_next) {
      out.push_back(cell_of(c, 1, style));
      ++at;
      continue;
    }
    const std::size_t end = grapheme_end(safe, at);
    add_cluster(std::string_view(safe).substr(at, end - at), style, out);
    at = end;
  }
}

Cells to_cells(std::string_view text, Style style) {
  Cells out;
  add_cells(text, style, out);
  return out;
}

bool same_cells(std::span<const Cell> a, std::span<const Cell> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

std::vector<Wrapped> wrap(std::span<const Cell> cells, int first_width, int width) {
  std::vector<Wrapped> rows;
  std::size_t from = 0;
  while (from < cells.size() || rows.empty()) {
    const int room = std::max(1, rows.empty() ? first_width : width);
    std::size_t to = std::min(cells.size(), from + static_cast<std::size_t>(room));
    if (to == cells.size()) {
      rows.push_back({from, to});
      break;
    }
    if (blank(cells[to])) {  // a word ends at the end of the row
      rows.push_back({from, to});
      from = to + 1;
      continue;
    }
    std::size_t next_word = to;  // the start of the word that does not fit
    while (next_word > from && !blank(cells[next_word - 1]))
      --next_word;
    std::size_t word_end = next_word;  // the end of the word before it
    while (word_end > from && blank(cells[word_end - 1]))
      --word_end;
    if (word_end > from) {
      rows.push_back({from, word_end});
      from = next_word;
      continue;
    }
    const std::size_t full = to;
    while (to > from && cells[to].joins)
      --to;
    if (to == from) to = cells[full].width == 0 ? full - 1 : full;      // a cluster wider than the row
    if (to == from) to += std::max<std::size_t>(1, cells[from].width);  // a wide character in one column
    rows.push_back({from, to});
    from = to;
  }
  return rows;
}

Grid::Grid(Size s) {
  reset(s);
}

void Grid::reset(Size s) {
  size = {std::max(0, s.width), std::max(0, s.height)};
  cells.resize(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height));
  fill_cells(cells, Cell{});
  cursor = {};
  cursor_visible = true;
  title.clear();
}

// The number of cells, of `width` from (x, y) on, that are on the screen.
std::size_t Grid::room(int x, int y, int width) const {
  if (y < 0 || y >= size.height || x < 0) return 0;
  return static_cast<std::size_t>(std::clamp(width, 0, std::max(0, size.width - x)));
}

// Called after [from, to) of row y was overwritten: clears halves of wide characters beside it.
void Grid::mend(int from, int to, int y) {
  if (from == to) return;
  if (from > 0 && at(from - 1, y).width == 2) at(from - 1, y) = cell_of(U' ', 1, at(from - 1, y).style);
  if (to < size.width && at(to, y).width == 0) at(to, y) = cell_of(U' ', 1, at(to, y).style);
}

int Grid::put(int x, int y, int width, std::span<const Cell> what) {
  const std::size_t n = std::min(what.size(), room(x, y, width));
  if (n == 0) return x;
  std::copy_n(what.begin(), n, cells.begin() + static_cast<std::ptrdiff_t>(index(x, y)));
  const int to = x + static_cast<int>(n);
  if (at(x, y).width == 0) at(x, y) = cell_of(U' ', 1, at(x, y).style);
  if (at(to - 1, y).width == 2) at(to - 1, y) = cell_of(U' ', 1, at(to - 1, y).style);
  mend(x, to, y);
  return to;
}

int Grid::put_text(int x, int y, int width, std::string_view text, Style style) {
  return put(x, y, width, to_cells(text, style));
}

void Grid::fill(const Rect& where, Style style, char32_t with) {
  const Cell cell = cell_of(with, 1, style);
  const int x = std::max(0, where.x);
  for (int y = std::max(0, where.y); y < std::min(size.height, where.y + where.height); ++y) {
    const auto n = room(x, y, where.x + where.width - x);
    fill_cells(std::span(cells).subspan(index(x, y), n), cell);
    mend(x, x + static_cast<int>(n), y);
  }
}

void to_ascii(Grid& grid, const Rect& where) {
  for (int y = std::max(0, where.y); y < std::min(grid.size.height, where.y + where.height); ++y) {
    for (int x = std::max(0, where.x); x < std::min(grid.size.width, where.x + where.width); ++x) {
      Cell& cell = grid.at(x, y);
      if (cell.count == 1 && cell.chars[0] < 0x7f) continue;
      cell = cell_of(ascii_of(cell), 1, cell.style);
    }
  }
}

Cells fit(Cells cells, int width) {
  if (width_of(cells) <= width) return cells;
  if (width <= 0) return {};
  auto keep = static_cast<std::size_t>(width) - 1;
  const Style style = cells[keep].style;
  while (keep > 0 && cells[keep].joins)
    --keep;
  cells.resize(keep);
  cells.push_back(cell_of(U'…', 1, style));
  return cells;
}

}  // namespace sims::tui
