// The input line.
#include <algorithm>
#include <string_view>
#include <utility>

#include "tui/view_parts.h"

namespace sims::tui {
namespace {

// Rows that fill up cell by cell; a wide character does not straddle the border.
class Typed {
 public:
  Typed(Cells prompt, int width) : row_(std::move(prompt)), width_(static_cast<std::size_t>(width)) {}

  void add(std::string_view text) {
    for (;;) {
      const auto lf = text.find('\n');
      add_line(to_cells(text.substr(0, lf), Style::normal));
      if (lf == std::string_view::npos) return;
      end_row();
      text.remove_prefix(lf + 1);
    }
  }
  // Where the next character would be.
  Point next() {
    if (row_.size() >= width_) end_row();
    return {static_cast<int>(row_.size()), static_cast<int>(rows_.size())};
  }
  std::vector<Cells> take() {
    end_row();
    return std::move(rows_);
  }

 private:
  void add_line(const Cells& cells) {
    for (std::size_t at = 0; at < cells.size();) {
      std::size_t to = std::min(cells.size(), at + width_ - std::min(width_, row_.size()));
      if (to < cells.size() && cells[to].width == 0) --to;
      if (to <= at && row_.empty()) to = at + 2;  // a wide character in a single column
      row_.insert(row_.end(), cells.begin() + static_cast<std::ptrdiff_t>(at),
                  cells.begin() + static_cast<std::ptrdiff_t>(std::max(at, to)));
      at = std::max(at, to);
      if (at < cells.size()) end_row();
    }
  }
  void end_row() {
    rows_.push_back(std::move(row_));
    row_ = {};
  }

  std::vector<Cells> rows_;
  Cells row_;
  std::size_t width_;
};

// Broken at the border, not by words: so the cursor never jumps while one types.
InputRows input_rows(const std::string& prompt, const Editor& editor, int width) {
  width = std::max(1, width);
  Typed typed(fit(to_cells(prompt, Style::strong), width / 2), width);
  const std::string_view text = editor.text();
  InputRows out;
  typed.add(text.substr(0, editor.cursor()));
  out.cursor = typed.next();
  typed.add(text.substr(editor.cursor()));
  out.rows = typed.take();
  return out;
}

}  // namespace

InputRows input_of(const UiState& ui, const Panel& panel) {
  const std::string& peer = ui.window().peer;
  const bool asks = panel.kind != PanelKind::none;
  std::string prompt = asks ? panel.prompt : "[" + (peer.empty() ? std::string("status") : peer) + "] ";
  if (ui.size.width < 40) prompt = "> ";
  if (asks) return input_rows(prompt, *panel.answer, ui.size.width);
  return input_rows(prompt, ui.window().input, ui.size.width);
}

void draw_input(Grid& grid, const Rect& at, const InputRows& input) {
  if (at.empty()) return;
  const int last = static_cast<int>(input.rows.size()) - at.height;
  const int top = std::clamp(input.cursor.y - at.height + 1, 0, std::max(0, last));
  draw_rows(grid, at, input.rows, static_cast<std::size_t>(top));
  grid.cursor = {std::min(input.cursor.x, at.width - 1), at.y + input.cursor.y - top};
}

}  // namespace sims::tui
