// The peer list: a row for each peer, with its mark, window number and unread messages.
#include <fmt/format.h>

#include <algorithm>

#include "tui/view/parts.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

using client::Model;
using client::Peer;
using client::Standing;
using client::Trust;

bool listed(const Peer& peer, const UiState& ui) {
  return peer.online || peer.known() || peer.attention || peer.unread > 0 || !peer.lines.empty() ||
         window_number(ui, peer.name) != 0;
}

// The rows around the current one; nullptr is the status window. Visits no more peers than the list shows,
// because a large server has many.
struct RowsAround {
  std::vector<const Peer*> above;  // nearest first
  std::vector<const Peer*> from;   // the current one and the ones below it
};

RowsAround around(const Model& model, const UiState& ui, std::size_t max_rows) {
  RowsAround out;
  auto it = model.peers.find(ui.window().peer);
  const bool at_status = it == model.peers.end();
  if (at_status) {
    out.from.push_back(nullptr);
    it = model.peers.begin();
  }
  for (auto down = it; down != model.peers.end() && out.from.size() < max_rows; ++down) {
    if (listed(down->second, ui)) out.from.push_back(&down->second);
  }
  if (at_status) return out;
  while (out.above.size() < max_rows && it != model.peers.begin()) {
    --it;
    if (listed(it->second, ui)) out.above.push_back(&it->second);
  }
  if (out.above.size() < max_rows) out.above.push_back(nullptr);
  return out;
}

// A mark that asks for attention has precedence over the mark of the current window.
char mark_of(const Peer& peer, bool current) {
  if (peer.attention || peer.trust == Trust::changed) return '!';
  if (peer.standing == Standing::request) return '?';
  if (peer.standing == Standing::blocked) return 'x';
  return current ? '>' : ' ';
}

ListRow row_of(const Peer* peer, const UiState& ui) {
  ListRow out;
  out.name = peer ? peer->name : std::string("status");
  out.status = peer == nullptr;
  out.window = window_number(ui, peer ? peer->name : std::string());
  out.current = ui.window().peer == (peer ? peer->name : std::string());
  out.mark = peer ? mark_of(*peer, out.current) : out.current ? '>' : ' ';
  if (peer) {
    out.offline = !peer->online;
    out.unread = peer->unread;
    if (out.offline || peer->standing == Standing::blocked) out.style = Style::dim;
    if (out.unread > 0 || peer->standing == Standing::request) out.style = Style::strong;
    if (out.mark == '!') out.style = Style::attention;
  }
  if (out.current) out.style = Style::selected;
  return out;
}

void draw_row(Grid& grid, int x, int y, int width, const ListRow& row) {
  if (row.current) grid.fill({x, y, width, 1}, row.style);
  std::string unread;
  if (row.unread > 0) unread = row.unread > 999 ? "999+" : std::to_string(row.unread);
  std::string left(1, row.mark);
  left += row.window && row.window < 100 ? fmt::format("{:<2} ", row.window) : "   ";
  const int end = static_cast<int>(unread.size());
  const int at = grid.put_text(x, y, width, left, row.style);
  const int room = x + width - at - (end ? end + 1 : 0);
  grid.put(at, y, room, fit(to_cells(row.offline ? "(" + row.name + ")" : row.name, row.style), room));
  grid.put_text(x + width - end, y, end, unread, row.style);
}

}  // namespace

std::vector<const Peer*> listed_peers(const Model& model, const UiState& ui) {
  std::vector<const Peer*> out;
  out.reserve(model.peers.size());
  for (const auto& [name, peer] : model.peers) {
    if (listed(peer, ui)) out.push_back(&peer);
  }
  return out;
}

std::size_t window_number(const UiState& ui, const std::string& peer) {
  for (std::size_t i = 0; i < ui.windows.size(); ++i) {
    if (ui.windows[i].peer == peer) return i + 1;
  }
  return 0;
}

ListPart list_part(const Model& model, const UiState& ui, int rows) {
  ListPart out;
  if (rows <= 0) return out;
  const auto height = static_cast<std::size_t>(rows);
  const RowsAround found = around(model, ui, height);
  // Put the current row in the middle, unless that would leave rows empty.
  std::size_t above = std::min(found.above.size(), height / 2);
  if (above + found.from.size() < height) above = std::min(found.above.size(), height - found.from.size());
  out.reserve(height);
  for (std::size_t i = above; i > 0; --i)
    out.push_back(row_of(found.above[i - 1], ui));
  for (std::size_t i = 0; i < found.from.size() && out.size() < height; ++i)
    out.push_back(row_of(found.from[i], ui));
  return out;
}

Rect over_rect(const Layout& layout, const UiState& ui) {
  if (!ui.look.list_over || ui.look.bare || !layout.list.empty()) return {};
  return {0, layout.chat.y, std::min(over_width, layout.chat.width), layout.chat.height};
}

void draw(Grid& grid, const Rect& at, const ListPart& part) {
  for (std::size_t i = 0; i < part.size() && static_cast<int>(i) < at.height; ++i)
    draw_row(grid, at.x, at.y + static_cast<int>(i), at.width, part[i]);
}

}  // namespace sims::tui
