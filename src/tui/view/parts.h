// The parts of the screen, a file each; renderer.cc puts them together. Pure. A part is plain data: all of
// the inputs of its draw(), which makes the text. So a part is cheap to make for every frame, and a part that
// is equal to that of the last frame is not drawn again. draw() fills a rectangle of blank cells; the
// rectangle may be empty.
//
// Right-to-left letters: a terminal that reorders them does so within a row. Remote text is the last thing in
// its row: after our own words, or before nothing but blanks and lines. So it can move neither time, name nor
// mark. Characters that would reorder more (overrides, isolates, marks) are replaced (base/text.h).
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

// The peer of the current window; nullptr in the status window, or if the peer is not known.
const client::Peer* current_peer(const client::Model& model, const UiState& ui);
Layout layout_with(const UiState& ui, const TrustPanel& panel, int input_rows);
// The number of the peer's window, from 1; 0 if it has none.
std::size_t window_number(const UiState& ui, const std::string& peer);

// --- title.cc
struct TitlePart {
  std::string self, server, with;  // with: the peer's name, or "status"
  std::string_view trust;          // trust_word(); empty: no peer
  Style trust_style = Style::bar;
  std::string_view away;  // away_words()
  bool operator==(const TitlePart&) const = default;
};
TitlePart title_part(const client::Model& model, const UiState& ui);
void draw(Grid& grid, const Rect& at, const TitlePart& part);
std::string terminal_title(const TitlePart& part);

// --- peer_list.cc
struct ListRow {
  std::string name;
  std::size_t window = 0, unread = 0;
  Style style = Style::normal;
  char mark = ' ';
  bool offline = false, current = false;
  bool status = false;  // the row of the status window, not of a peer
  bool operator==(const ListRow&) const = default;
};
using ListPart = std::vector<ListRow>;
ListPart list_part(const client::Model& model, const UiState& ui, int height);
void draw(Grid& grid, const Rect& at, const ListPart& part);
// The rectangle of the list over the chat, on screens without room beside it. Empty if it is not open.
Rect over_rect(const Layout& layout, const UiState& ui);

// --- status_line.cc
struct StatusPart {
  struct Unread {
    std::size_t window = 0;
    bool attention = false;
    std::string name;
    bool operator==(const Unread&) const = default;
  };
  std::string hint, progress, problem, away_reason, suite, peer, peer_suite;
  std::vector<Unread> unread;       // in other windows
  std::vector<std::string> typing;  // names of the peers who type
  std::size_t below = 0;            // lines of the chat below the shown ones
  int percent = 100;                // of the chat's lines that are not below
  client::LinkState link = client::LinkState::offline;
  client::SessionState session = client::SessionState::none;
  std::int64_t retry_s = 0, round_trip_ms = -1;
  std::uint64_t key_rotations = 0;
  bool away = false;
  bool operator==(const StatusPart&) const = default;
};
StatusPart status_part(const client::Model& model, const UiState& ui, Now now);
void draw(Grid& grid, const Rect& at, const StatusPart& part);

// --- input_line.cc
// The last rows of the screen: the draft, an answer, a question or a search.
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

// --- search_results.cc: the hits of a search, over the whole chat
std::string find_title(const Find& find);
void draw_find(Grid& grid, const Rect& at, const client::Model& model, const UiState& ui);

// Draws rows[from] and the rows after it. Rows: a sequence of Cells or of spans of Cell.
template <class Rows>
void draw_rows(Grid& grid, const Rect& at, const Rows& rows, std::size_t from) {
  for (int y = 0; y < at.height && from < rows.size(); ++y)
    grid.put(at.x, at.y + y, at.width, rows[from++]);
}

}  // namespace sims::tui
