// The parts of the screen, a file each; view.cc puts them together. Pure. A part is plain data: all that its
// draw() looks at, and the words are made there. So it is cheap to make for every frame, and one that is
// equal to the last frame's need not be drawn again. Each draws on blank cells, in the rectangle that it is
// given, which may be empty.
//
// Right-to-left letters: a terminal that reorders them does so within a row. Text of somebody else is the
// last thing in its row, behind words of ours or in front of nothing but blanks and lines, so that neither
// time, name nor mark can move; what would reorder more (overrides, isolates, marks) is a stand-in
// (base/text.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client/model/model.h"
#include "tui/state/state.h"
#include "tui/term/cells.h"
#include "tui/view/chat.h"
#include "tui/view/trust_panel.h"

namespace sims::tui {

// The peer of the current window; nullptr: the status window, or nobody who is known.
const client::Peer* current_peer(const client::Model& model, const UiState& ui);
Layout layout_with(const UiState& ui, const TrustPanel& panel, int input_rows);
// From 1 on; 0: there is none.
std::size_t window_number(const UiState& ui, const std::string& peer);

// --- view_title.cc
struct TitlePart {
  std::string self, server, with;  // with: the peer's name, or which window it is
  std::string_view trust;          // a word; empty: no peer
  Style trust_style = Style::bar;
  bool offline = false;
  bool operator==(const TitlePart&) const = default;
};
TitlePart title_part(const client::Model& model, const UiState& ui);
void draw(Grid& grid, const Rect& at, const TitlePart& part);
std::string terminal_title(const TitlePart& part);

// --- view_list.cc
struct ListRow {
  std::string name;
  std::size_t window = 0, unread = 0;
  Style style = Style::normal;
  char mark = ' ';
  bool offline = false, current = false;
  bool status = false;  // the status window, and nobody's name
  bool operator==(const ListRow&) const = default;
};
using ListPart = std::vector<ListRow>;
ListPart list_part(const client::Model& model, const UiState& ui, int height);
void draw(Grid& grid, const Rect& at, const ListPart& part);
// Over the chat, where the list has no room of its own; empty: it is not shown so.
Rect over_rect(const Layout& layout, const UiState& ui);

// --- view_status.cc
struct StatusPart {
  struct Unread {
    std::size_t window = 0;
    bool attention = false;
    std::string name;
    bool operator==(const Unread&) const = default;
  };
  std::string hint, progress, problem, away_reason, suite, peer, peer_suite;
  std::vector<Unread> unread;       // in other windows
  std::vector<std::string> typing;  // who
  std::size_t below = 0;            // lines of the chat under what is shown
  int percent = 100;                // of the chat's lines, above that
  client::LinkState link = client::LinkState::offline;
  client::SessionState session = client::SessionState::none;
  std::int64_t retry_s = 0, round_trip_ms = -1;
  std::uint64_t key_rotations = 0;
  bool away = false;
  bool operator==(const StatusPart&) const = default;
};
StatusPart status_part(const client::Model& model, const UiState& ui, Now now);
void draw(Grid& grid, const Rect& at, const StatusPart& part);

// --- view_input.cc
// The last rows, whatever has the keys: the draft, an answer, a question, a search.
struct InputPart {
  std::string prompt, text;
  Style style = Style::normal;  // of the text
  std::size_t cursor = 0;
  int width = 0;
  bool operator==(const InputPart&) const = default;
};
InputPart input_part(const client::Model& model, const UiState& ui, const TrustPanel& panel);
struct InputRows {
  std::vector<Cells> rows;
  Point cursor;
};
InputRows rows_of(const InputPart& part);
void draw(Grid& grid, const Rect& at, const InputRows& input);

// --- view_find.cc: what was found, over the whole chat
std::string find_title(const Find& find);
void draw_find(Grid& grid, const Rect& at, const client::Model& model, const UiState& ui);

// Rows: Cells, or spans of them.
template <class Rows>
void draw_rows(Grid& grid, const Rect& at, const Rows& rows, std::size_t from) {
  for (int y = 0; y < at.height && from < rows.size(); ++y)
    grid.put(at.x, at.y + y, at.width, rows[from++]);
}

}  // namespace sims::tui
