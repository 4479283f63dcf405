// The input line: the prompt and the typed text, broken into rows.
#include <algorithm>
#include <string_view>
#include <utility>

#include "tui/view/focus.h"
#include "tui/view/parts.h"

namespace sims::tui {
namespace {

// Fills rows cell by cell. A wide character does not straddle the border.
class Typed {
 public:
  Typed(Cells prompt, Style style, int width)
      : row_(std::move(prompt)), style_(style), width_(static_cast<std::size_t>(width)) {}

  void add(std::string_view text) {
    for (;;) {
      const auto lf = text.find('\n');
      add_line(to_cells(text.substr(0, lf), style_));
      if (lf == std::string_view::npos) return;
      end_row();
      text.remove_prefix(lf + 1);
    }
  }
  // The place of the next character.
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
  Style style_;
  std::size_t width_;
};

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

// As readline shows it, with the cursor on the match.
void show_history_find(const HistoryFind& find, InputPart& out) {
  const std::string& query = find.query.text();
  const bool nothing = find.found.empty();
  out.prompt = nothing && !query.empty() ? "(failed search)`" : "(search)`";
  out.text = query + "': " + find.found;
  const auto at = lower(find.found).find(lower(query));
  out.cursor =
      nothing || at == std::string::npos ? find.query.cursor() : out.text.size() - find.found.size() + at;
}

void show_editor(const Editor& editor, InputPart& out) {
  out.text = editor.text();
  out.cursor = editor.cursor();
}

}  // namespace

InputPart input_part(const client::Model& model, const UiState& ui, const TrustPanel& panel) {
  InputPart out;
  out.width = ui.size.width;
  const bool narrow = ui.size.width < 40;
  switch (focus_of(model, ui)) {
    case Focus::find:
      out.prompt = "search: ";
      show_editor(ui.find.query, out);
      break;
    case Focus::ask:
      out.text = ui.ask.words;
      out.style = Style::strong;
      out.cursor = out.text.size();
      break;
    case Focus::history_find:
      show_history_find(ui.history_find, out);
      return out;
    case Focus::passphrase:
    case Focus::dialog:
    case Focus::input:
    case Focus::server_key:
    case Focus::panel: {
      const std::string& peer = ui.window().peer;
      out.prompt = panel.answer ? panel.prompt : "[" + (peer.empty() ? std::string("status") : peer) + "] ";
      show_editor(panel.answer ? *panel.answer : ui.window().input, out);
    }
  }
  if (narrow && !out.prompt.empty()) out.prompt = "> ";
  return out;
}

// Breaks rows at the border and not between words, so that the cursor never jumps while the user types.
InputRows rows_of(const InputPart& part) {
  const int width = std::max(1, part.width);
  Typed typed(fit(to_cells(part.prompt, Style::strong), width / 2), part.style, width);
  const std::string_view text = part.text;
  InputRows out;
  typed.add(text.substr(0, part.cursor));
  out.cursor = typed.next();
  typed.add(text.substr(part.cursor));
  out.rows = typed.take();
  return out;
}

void draw(Grid& grid, const Rect& at, const InputRows& input) {
  if (at.empty()) return;
  const int last = static_cast<int>(input.rows.size()) - at.height;
  const int top = std::clamp(input.cursor.y - at.height + 1, 0, std::max(0, last));
  draw_rows(grid, at, input.rows, static_cast<std::size_t>(top));
  grid.cursor = {std::min(input.cursor.x, at.width - 1), at.y + input.cursor.y - top};
}

}  // namespace sims::tui
