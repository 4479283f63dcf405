// The checks of safe.h, with a list of characters of their own.
#include "fuzz/safe.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace sims::fuzz {
namespace {

struct Range {
  char32_t from, to;
};
// C0, DEL and C1; Unicode's format characters, line separators, surrogates, private use, variation selectors,
// tags, and letters without a shape.
constexpr Range not_drawn[] = {
    {0, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},      {0x600, 0x605},
    {0x61c, 0x61c},   {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x115f, 0x1160},    {0x17b4, 0x17b5},
    {0x180b, 0x180f}, {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},    {0x3164, 0x3164},
    {0xd800, 0xf8ff}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},    {0xfff0, 0xfffb},
    {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
};

}  // namespace

bool drawn(char32_t c) {
  return c <= 0x10ffff && std::none_of(std::begin(not_drawn), std::end(not_drawn),
                                       [c](const Range& r) { return c >= r.from && c <= r.to; });
}

bool safe(std::string_view text, std::string_view besides) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint next = decode_utf8(text, at);
    if (next.size == 0) return false;
    at += next.size;
    const bool allowed = next.c < 0x80 && besides.find(static_cast<char>(next.c)) != besides.npos;
    if (!allowed && !drawn(next.c)) return false;
  }
  return true;
}

bool safe(std::span<const tui::Cell> cells) {
  for (std::size_t x = 0; x < cells.size(); ++x) {
    const tui::Cell& cell = cells[x];
    if (cell.width == 0) {
      if (x == 0 || cells[x - 1].width != 2 || cell.count != 0) return false;
      continue;
    }
    if (cell.width > 2 || cell.count < 1 || cell.count > tui::Cell::max_code_points) return false;
    if (cell.width == 2 && (x + 1 == cells.size() || cells[x + 1].width != 0)) return false;
    if (char_width(cell.chars[0]) != cell.width) return false;
    for (std::size_t i = 0; i < cell.count; ++i)
      if (!drawn(cell.chars[i]) || (i > 0 && char_width(cell.chars[i]) != 0)) return false;
  }
  return true;
}

bool safe(const tui::Grid& grid) {
  for (int y = 0; y < grid.size.height; ++y)
    if (!safe(grid.row(y))) return false;
  const auto [x, y] = grid.cursor;
  const bool empty = grid.size.width == 0 || grid.size.height == 0;
  const bool within = x >= 0 && y >= 0 && x < grid.size.width && y < grid.size.height;
  return safe(grid.title) && (within || empty || !grid.cursor_visible);
}

bool ascii(const tui::Grid& grid) {
  return std::all_of(grid.cells.begin(), grid.cells.end(), [](const tui::Cell& cell) {
    return cell.width == 1 && cell.count == 1 && cell.chars[0] >= 0x20 && cell.chars[0] < 0x7f;
  });
}

}  // namespace sims::fuzz
