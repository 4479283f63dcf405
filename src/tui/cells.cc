#include "tui/cells.h"

#include <algorithm>
#include <cassert>

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

void add_cluster(std::string_view cluster, Style style, Cells& out) {
  bool first = true;
  for (std::size_t at = 0; at < cluster.size();) {
    const auto [c, size] = decode_utf8(cluster, at);
    assert(size > 0);  // safe_text() leaves only UTF-8
    at += size;
    if (!first && changes_width(c)) continue;
    const int width = char_width(c);
    if (width <= 0) {
      if (first) out.push_back(cell_of(U' ', 1, style));  // a mark without a base gets one
      Cell& base = out.back();
      if (base.count < Cell::most) base.chars[base.count++] = c;
    } else {
      out.push_back(cell_of(c, width, style));
      out.back().joins = !first;
    }
    first = false;
  }
}

bool blank(const Cell& cell) {
  return cell.chars[0] == U' ' && cell.count == 1;
}

}  // namespace

Cells to_cells(std::string_view text, Style style) {
  const std::string safe = safe_text(text, Lines::fold);
  Cells out;
  out.reserve(safe.size());
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
  return out;
}

int width_of(std::span<const Cell> cells) {
  int width = 0;
  for (const Cell& cell : cells)
    width += cell.width;
  return width;
}

std::vector<Wrapped> wrap(std::span<const Cell> cells, int first_width, int width) {
  std::vector<Wrapped> rows;
  std::size_t from = 0;
  while (from < cells.size() || rows.empty()) {
    const int room = std::max(1, rows.empty() ? first_width : width);
    std::size_t to = from;
    std::size_t word_end = 0, next_word = 0;  // the last place to break at: before and after the spaces
    std::size_t cluster = from;               // the last cluster's start
    int used = 0;
    while (to < cells.size() && used + cells[to].width <= room) {
      if (!cells[to].joins) cluster = to;
      if (blank(cells[to])) {
        if (to > from && !blank(cells[to - 1])) word_end = to;
        next_word = to + 1;
      }
      used += cells[to].width;
      ++to;
    }
    if (to == cells.size()) {
      rows.push_back({from, to});
      break;
    }
    if (blank(cells[to])) {  // the row ends where a word ends
      rows.push_back({from, to});
      from = to + 1;
    } else if (word_end > from) {
      rows.push_back({from, word_end});
      from = next_word;
    } else {
      if (cells[to].joins && cluster > from) to = cluster;
      if (to == from) ++to;  // wider than the row
      rows.push_back({from, to});
      from = to;
    }
  }
  return rows;
}

Grid::Grid(Size s) : size{std::max(0, s.width), std::max(0, s.height)} {
  cells.resize(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height));
}

// A wide character of which one half is overwritten loses the other too.
void Grid::set(int x, int y, const Cell& cell) {
  Cell& old = at(x, y);
  if (old.width == 0 && x > 0) at(x - 1, y) = cell_of(U' ', 1, at(x - 1, y).style);
  if (old.width == 2 && x + 1 < size.width) at(x + 1, y) = cell_of(U' ', 1, old.style);
  old = cell;
}

int Grid::put(int x, int y, int width, std::span<const Cell> what) {
  if (y < 0 || y >= size.height || x < 0) return x;
  const int stop = std::min(size.width, x + width);
  for (const Cell& cell : what) {
    if (x >= stop) break;
    if (x + cell.width > stop) {
      set(x, y, cell_of(U' ', 1, cell.style));
      return stop;
    }
    set(x, y, cell);
    if (cell.width == 2) {
      Cell rest = cell_of(0, 0, cell.style);
      rest.count = 0;
      if (at(x + 1, y).width == 2) set(x + 1, y, cell_of(U' ', 1, cell.style));
      at(x + 1, y) = rest;
    }
    x += cell.width;
  }
  return x;
}

int Grid::put_text(int x, int y, int width, std::string_view text, Style style) {
  return put(x, y, width, to_cells(text, style));
}

void Grid::fill(const Rect& where, Style style, char32_t with) {
  for (int y = std::max(0, where.y); y < std::min(size.height, where.y + where.height); ++y) {
    for (int x = std::max(0, where.x); x < std::min(size.width, where.x + where.width); ++x)
      set(x, y, cell_of(with, 1, style));
  }
}

Cells fit(Cells cells, int width) {
  if (width_of(cells) <= width) return cells;
  if (width <= 0) return {};
  int used = 0;
  std::size_t keep = 0;
  while (keep < cells.size() && used + cells[keep].width <= width - 1)
    used += cells[keep++].width;
  const Style style = cells[keep].style;
  cells.resize(keep);
  cells.push_back(cell_of(U'…', 1, style));
  return cells;
}

}  // namespace sims::tui
