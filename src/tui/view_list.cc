// The peer list.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "tui/view.h"
#include "tui/view_parts.h"

namespace sims::tui {
namespace {

using client::Model;
using client::Peer;
using client::Trust;

void draw_list_row(Grid& grid, int x, int y, int width, const Peer* peer, const UiState& ui) {
  const std::string name = peer ? peer->name : std::string("status");
  const bool current = ui.window().peer == (peer ? peer->name : std::string());
  const bool alarm = peer && (peer->attention || peer->trust == Trust::changed);
  Style style = Style::normal;
  if (peer && !peer->online) style = Style::dim;
  if (peer && peer->unread > 0) style = Style::strong;
  if (alarm) style = Style::attention;
  if (current) style = Style::selected;
  if (current) grid.fill({x, y, width, 1}, style);
  const std::size_t number = window_number(ui, peer ? peer->name : std::string());
  const std::string unread =
      peer && peer->unread ? (peer->unread > 999 ? "999+" : std::to_string(peer->unread)) : "";
  std::string left = alarm ? "!" : current ? ">" : " ";
  left += number && number < 100 ? fmt::format("{:<2} ", number) : "   ";
  const std::string shown = peer && !peer->online ? "(" + name + ")" : name;
  const int unread_room = unread.empty() ? 0 : text_width(unread) + 1;
  int at = grid.put_text(x, y, width, left, style);
  const int room = x + width - at - unread_room;
  grid.put(at, y, room, fit(to_cells(shown, style), room));
  if (!unread.empty()) grid.put_text(x + width - text_width(unread), y, width, unread, style);
}

bool listed(const Peer& peer, const UiState& ui) {
  return peer.online || peer.known() || peer.attention || peer.unread > 0 || !peer.lines.empty() ||
         window_number(ui, peer.name) != 0;
}

// The rows around the current one, nullptr being the status window: no more are looked at than are shown.
struct Around {
  std::vector<const Peer*> above;  // nearest first
  std::vector<const Peer*> from;   // the current one and those below it
};

Around around(const Model& model, const UiState& ui, std::size_t most) {
  Around out;
  auto it = model.peers.find(ui.window().peer);
  const bool at_status = it == model.peers.end();
  if (at_status) {
    out.from.push_back(nullptr);
    it = model.peers.begin();
  }
  for (auto down = it; down != model.peers.end() && out.from.size() < most; ++down) {
    if (listed(down->second, ui)) out.from.push_back(&down->second);
  }
  if (at_status) return out;
  while (out.above.size() < most && it != model.peers.begin()) {
    --it;
    if (listed(it->second, ui)) out.above.push_back(&it->second);
  }
  if (out.above.size() < most) out.above.push_back(nullptr);
  return out;
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

void draw_list(Grid& grid, const Rect& at, const Model& model, const UiState& ui) {
  if (at.empty()) return;
  const auto height = static_cast<std::size_t>(at.height);
  const Around rows = around(model, ui, height);
  // The current one in the middle, but no row stays empty that could be used.
  std::size_t above = std::min(rows.above.size(), height / 2);
  if (above + rows.from.size() < height) above = std::min(rows.above.size(), height - rows.from.size());
  for (std::size_t row = 0; row < height; ++row) {
    const std::size_t below = row - above;
    if (row >= above && below >= rows.from.size()) break;
    draw_list_row(grid, at.x, at.y + static_cast<int>(row), at.width,
                  row < above ? rows.above[above - 1 - row] : rows.from[below], ui);
  }
}

}  // namespace sims::tui
