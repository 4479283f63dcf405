// Sizes and rectangles, in cells of the screen. Plain data.
#pragma once

namespace sims::tui {

struct Size {
  int width = 80;
  int height = 24;
  bool operator==(const Size&) const = default;
};

struct Rect {
  int x = 0, y = 0, width = 0, height = 0;
  bool empty() const { return width <= 0 || height <= 0; }
  bool operator==(const Rect&) const = default;
};

}  // namespace sims::tui
