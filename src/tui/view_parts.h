// The parts of the screen, a file each; view.cc puts them together. Pure. Each covers the whole rectangle
// that it is given, which may be empty.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "client/model.h"
#include "tui/cells.h"
#include "tui/panel.h"
#include "tui/state.h"

namespace sims::tui {

// The peer of the current window; nullptr: the status window, or nobody who is known.
const client::Peer* current_peer(const client::Model& model, const UiState& ui);
// From 1 on; 0: there is none.
std::size_t window_number(const UiState& ui, const std::string& peer);
// What the connection does.
std::string link_words(const client::Model& model, Now now);

// Rows: Cells, or spans of them.
template <class Rows>
void draw_rows(Grid& grid, const Rect& at, const Rows& rows, std::size_t from) {
  for (int y = 0; y < at.height && from < rows.size(); ++y)
    grid.put(at.x, at.y + y, at.width, rows[from++]);
}

// view_title.cc
void draw_title(Grid& grid, const Rect& at, const client::Model& model, const UiState& ui);
std::string terminal_title(const client::Model& model, const UiState& ui);

// view_list.cc
void draw_list(Grid& grid, const Rect& at, const client::Model& model, const UiState& ui);

// view_status.cc; `below`: lines of the chat under what is shown
void draw_status(Grid& grid, const Rect& at, const client::Model& model, const UiState& ui, Now now,
                 std::size_t below);

// view_input.cc
struct InputRows {
  std::vector<Cells> rows;
  Point cursor;
};
InputRows input_of(const UiState& ui, const Panel& panel);
void draw_input(Grid& grid, const Rect& at, const InputRows& input);

}  // namespace sims::tui
