// 1. the conversation  2. words  3. all of it
#include "tui/view.h"

#include <fmt/format.h>

#include <algorithm>

#include "tui/dialog_view.h"
#include "tui/gate_view.h"
#include "tui/panel.h"
#include "tui/view_parts.h"

namespace sims::tui {
namespace {

using client::Model;
using client::Peer;
using client::Trust;

// --- 1. the conversation -------------------------------------------------------------------------

void draw_panel(Grid& grid, const Rect& at, const Panel& panel, const std::vector<Cells>& rows, int scroll) {
  const bool alarm = panel.kind == PanelKind::server_changed || panel.kind == PanelKind::peer_changed;
  const Rect title{at.x, at.y, at.width, 1};
  const int body = at.height - 1;
  const int hidden = std::max(0, static_cast<int>(rows.size()) - body);
  const int top = std::clamp(scroll, 0, hidden);
  grid.fill(title, alarm ? Style::bar_alert : Style::bar);
  std::string text = panel.title;
  if (hidden > 0) text = (top < hidden ? "PgDn: more │ " : "PgUp: more │ ") + text;
  grid.put(at.x + 1, at.y, at.width - 1,
           fit(to_cells(text, alarm ? Style::bar_alert : Style::bar_strong), at.width - 1));
  draw_rows(grid, {at.x, at.y + 1, at.width, body}, rows, static_cast<std::size_t>(top));
}

// Returns how many lines are below what is shown.
std::size_t draw_chat(Grid& grid, const Rect& at, const Model& model, const UiState& ui, const Panel& panel,
                      RowCache& cache) {
  if (at.empty()) return 0;
  Rect rest = at;
  if (panel.kind != PanelKind::none) {
    const auto rows = panel_rows(panel, at.width);
    const int height = panel_height(static_cast<int>(rows.size()), at.height);
    draw_panel(grid, {at.x, at.y + at.height - height, at.width, height}, panel, rows, ui.panel_scroll);
    rest.height -= height;
  }
  const Peer* peer = current_peer(model, ui);
  if (peer == nullptr && !ui.window().peer.empty()) return 0;
  const Chat chat{peer ? peer->lines : model.status, model.self_name, ui.window().peer, ui.offset, at.width};
  const ChatView shown = visible_rows(chat, cache, rest.height, ui.window().scroll);
  draw_rows(grid, rest, shown.rows, 0);
  return shown.below;
}

}  // namespace

const Peer* current_peer(const Model& model, const UiState& ui) {
  const auto it = model.peers.find(ui.window().peer);
  return it == model.peers.end() ? nullptr : &it->second;
}

// --- 2. words ------------------------------------------------------------------------------------

std::string_view trust_word(Trust trust) {
  switch (trust) {
    case Trust::unverified:
      return "unverified";
    case Trust::verified:
      return "verified";
    case Trust::changed:
      return "KEY CHANGED";
  }
  return "";
}

std::string suite_label(std::string_view wire_name) {
  return std::string(wire_name.substr(0, wire_name.find('_')));
}

std::size_t undelivered(const Peer& peer) {
  using client::Delivery;
  return static_cast<std::size_t>(
      std::count_if(peer.lines.begin(), peer.lines.end(), [](const client::Line& line) {
        return line.mine && (line.delivery == Delivery::queued || line.delivery == Delivery::sent);
      }));
}

std::size_t undelivered(const Model& model) {
  std::size_t count = 0;
  for (const auto& [name, peer] : model.peers)
    count += undelivered(peer);
  return count;
}

std::string undelivered_words(std::size_t count) {
  return fmt::format("{} of your messages {} not delivered yet.", count, count == 1 ? "is" : "are");
}

// --- 3. all of it --------------------------------------------------------------------------------

Layout layout_of(const Model& model, const UiState& ui) {
  const InputRows input = input_of(ui, make_panel(model, ui));
  return lay_out(ui.size, static_cast<int>(input.rows.size()));
}

const Grid& Renderer::render(const Model& model, const UiState& ui, Now now) {
  grid_.reset(ui.size);
  if (grid_.cells.empty()) return grid_;
  grid_.title = terminal_title(model, ui);
  const Panel panel = make_panel(model, ui);
  const InputRows input = input_of(ui, panel);
  const Layout layout = lay_out(ui.size, static_cast<int>(input.rows.size()));
  draw_title(grid_, layout.title, model, ui);
  grid_.fill(layout.separator, Style::dim, U'│');
  draw_list(grid_, layout.list, model, ui);
  const std::size_t below = draw_chat(grid_, layout.chat, model, ui, panel, rows_);
  draw_status(grid_, layout.status, model, ui, now, below);
  draw_input(grid_, layout.input, input);
  if (ui.dialog.open && panel.kind != PanelKind::server_first && panel.kind != PanelKind::server_changed)
    draw_dialog(grid_, model, ui, link_words(model, now));
  if (ui.gate.open()) draw_gate(grid_, ui.gate);
  return grid_;
}

Grid render(const Model& model, const UiState& ui, Now now) {
  Renderer once;
  return once.render(model, ui, now);
}

}  // namespace sims::tui
