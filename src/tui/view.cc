// 1. the title line  2. the peer list  3. the conversation and what stands over it  4. the status line
// 5. the input  6. the connect dialog (dialog_view.cc)  7. all of it
#include "tui/view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "tui/dialog_view.h"
#include "tui/panel.h"

namespace sims::tui {
namespace {

using client::LinkState;
using client::Model;
using client::Peer;
using client::SessionState;
using client::Trust;

const Peer* current_peer(const Model& model, const UiState& ui) {
  const auto it = model.peers.find(ui.window().peer);
  return it == model.peers.end() ? nullptr : &it->second;
}

// --- 1. the title line ---------------------------------------------------------------------------

Style trust_style(Trust trust) {
  switch (trust) {
    case Trust::unverified:
      return Style::bar;
    case Trust::verified:
      return Style::bar_good;
    case Trust::changed:
      return Style::bar_alert;
  }
  return Style::bar;
}

void draw_title(Grid& grid, const Rect& at, const Model& model, const UiState& ui) {
  if (at.empty()) return;
  grid.fill(at, Style::bar);
  const std::string& peer = ui.window().peer;
  std::string with = peer.empty() ? "status" : peer;
  std::string trust;
  Style style = Style::bar;
  if (const Peer* p = current_peer(model, ui)) {
    trust = trust_word(p->trust);
    style = trust_style(p->trust);
    if (!p->online) with += " (offline)";
  }
  std::string self = model.self_name;
  if (!model.server.empty()) self += " @ " + model.server;
  // With whom and how far trusted stays when there is no room for who we are.
  const int right = text_width(with) + (trust.empty() ? 0 : 2 + text_width(trust));
  int x = at.x + 1;
  const int room = at.width - 2;
  if (!self.empty() && room - right - 3 >= 6) {
    x = grid.put(x, at.y, room - right - 3, fit(to_cells(self, Style::bar), room - right - 3));
    x = grid.put_text(x, at.y, 3, " │ ", Style::bar);
  }
  const int trust_room = trust.empty() ? 0 : std::min(room, 2 + text_width(trust));
  const int with_room = at.x + 1 + room - x - trust_room;
  x = grid.put(x, at.y, with_room, fit(to_cells(with, Style::bar_strong), with_room));
  if (!trust.empty()) grid.put_text(x + 2, at.y, at.x + at.width - x - 2, trust, style);
}

std::string terminal_title(const Model& model, const UiState& ui) {
  std::string out = "SIMS";
  if (!model.self_name.empty()) out += ": " + model.self_name;
  if (!model.server.empty()) out += "@" + model.server;
  if (const Peer* p = current_peer(model, ui))
    out += " - " + p->name + " (" + std::string(trust_word(p->trust)) + ")";
  std::string safe = safe_text(out, Lines::fold);
  std::size_t end = 0;
  while (end < safe.size() && grapheme_end(safe, end) <= 200)
    end = grapheme_end(safe, end);
  safe.resize(end);
  return safe;
}

// --- 2. the peer list ----------------------------------------------------------------------------

std::size_t window_number(const UiState& ui, const std::string& peer) {
  for (std::size_t i = 0; i < ui.windows.size(); ++i) {
    if (ui.windows[i].peer == peer) return i + 1;
  }
  return 0;
}

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

void draw_list(Grid& grid, const Layout& layout, const Model& model, const UiState& ui) {
  if (layout.list.empty()) return;
  grid.fill(layout.separator, Style::dim, U'│');
  const auto peers = listed_peers(model, ui);
  const int total = static_cast<int>(peers.size()) + 1;
  const int height = layout.list.height;
  int current = 0;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    if (peers[i]->name == ui.window().peer) current = static_cast<int>(i) + 1;
  }
  const int top = std::clamp(current - height / 2, 0, std::max(0, total - height));
  for (int row = 0; row < height && top + row < total; ++row) {
    const int i = top + row;
    draw_list_row(grid, layout.list.x, layout.list.y + row, layout.list.width,
                  i == 0 ? nullptr : peers[static_cast<std::size_t>(i) - 1], ui);
  }
}

// --- 3. the conversation -------------------------------------------------------------------------

void draw_rows(Grid& grid, const Rect& at, const std::vector<Cells>& rows, std::size_t from) {
  for (int y = 0; y < at.height && from + static_cast<std::size_t>(y) < rows.size(); ++y)
    grid.put(at.x, at.y + y, at.width, rows[from + static_cast<std::size_t>(y)]);
}

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
std::size_t draw_chat(Grid& grid, const Rect& at, const Model& model, const UiState& ui, const Panel& panel) {
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
  const ChatView shown = visible_rows(chat, rest.height, ui.window().scroll);
  draw_rows(grid, rest, shown.rows, 0);
  return shown.below;
}

// --- 4. the status line --------------------------------------------------------------------------

std::string link_words(const Model& model, Now now) {
  switch (model.link) {
    case LinkState::offline:
      return model.problem.empty() ? "offline" : "offline: " + model.problem;
    case LinkState::connecting:
    case LinkState::handshaking:
      return model.progress.empty() ? "connecting" : model.progress;
    case LinkState::asking:
      return "waiting for your answer";
    case LinkState::online:
      return "online";
    case LinkState::waiting: {
      const auto left = std::max<std::int64_t>(0, (model.retry_at_ms - now.steady_ms + 999) / 1000);
      return fmt::format("reconnecting in {} s{}{}", left, model.problem.empty() ? "" : ": ", model.problem);
    }
  }
  return "";
}

std::string session_words(const Peer& peer) {
  switch (peer.session) {
    case SessionState::none:
      return "";
    case SessionState::calling:
      return peer.name + ": calling";
    case SessionState::established:
      break;
  }
  std::string out = peer.name + ": " + suite_label(peer.suite);
  if (peer.key_rotations > 0) out += fmt::format(", key {}", peer.key_rotations + 1);
  return out;
}

std::string unread_words(const Model& model, const UiState& ui) {
  std::string out;
  int shown = 0;
  for (std::size_t i = 0; i < ui.windows.size() && shown < 5; ++i) {
    const auto it = model.peers.find(ui.windows[i].peer);
    if (it == model.peers.end() || i == ui.current || (it->second.unread == 0 && !it->second.attention))
      continue;
    out +=
        fmt::format("{}{}:{}{}", shown++ ? " " : "", i + 1, it->second.attention ? "!" : "", it->second.name);
  }
  return out;
}

void draw_status(Grid& grid, const Rect& at, const Model& model, const UiState& ui, Now now,
                 std::size_t below) {
  if (at.empty()) return;
  grid.fill(at, Style::bar);
  const bool online = model.link == LinkState::online;
  std::vector<std::pair<std::string, Style>> parts;
  // First what cannot wait.
  if (!ui.hint.empty()) parts.emplace_back(ui.hint, Style::bar_strong);
  if (below > 0) parts.emplace_back(fmt::format("{} more below (PgDn)", below), Style::bar_strong);
  parts.emplace_back(link_words(model, now), online ? Style::bar : Style::bar_alert);
  const std::string unread = unread_words(model, ui);
  if (!unread.empty()) parts.emplace_back("unread " + unread, Style::bar_strong);
  if (online && model.round_trip_ms >= 0)
    parts.emplace_back(fmt::format("{} ms", model.round_trip_ms), Style::bar);
  if (online && !model.suite.empty()) parts.emplace_back("server: " + suite_label(model.suite), Style::bar);
  if (const Peer* peer = current_peer(model, ui)) parts.emplace_back(session_words(*peer), Style::bar);
  int x = at.x + 1;
  const int stop = at.x + at.width - 1;
  bool first = true;
  for (const auto& [text, style] : parts) {
    if (text.empty() || x + (first ? 0 : 6) >= stop) continue;
    if (!first) x = grid.put_text(x, at.y, stop - x, " │ ", Style::bar);
    x = grid.put(x, at.y, stop - x, fit(to_cells(text, style), stop - x));
    first = false;
  }
}

// --- 5. the input --------------------------------------------------------------------------------

struct InputRows {
  std::vector<Cells> rows;
  Point cursor;
};

// Broken at the border, not by words: so the cursor never jumps while one types.
InputRows input_rows(const std::string& prompt, const Editor& editor, int width) {
  InputRows out;
  width = std::max(1, width);
  Cells row = fit(to_cells(prompt, Style::strong), width / 2);
  int used = width_of(row);
  auto add = [&](std::string_view text) {
    for (;;) {
      const auto lf = text.find('\n');
      for (const Cell& cell : to_cells(text.substr(0, lf), Style::normal)) {
        if (used + cell.width > width) {
          out.rows.push_back(std::move(row));
          row = {};
          used = 0;
        }
        row.push_back(cell);
        used += cell.width;
      }
      if (lf == std::string_view::npos) return;
      out.rows.push_back(std::move(row));
      row = {};
      used = 0;
      text.remove_prefix(lf + 1);
    }
  };
  const std::string_view text = editor.text();
  add(text.substr(0, editor.cursor()));
  if (used >= width) {
    out.rows.push_back(std::move(row));
    row = {};
    used = 0;
  }
  out.cursor = {used, static_cast<int>(out.rows.size())};
  add(text.substr(editor.cursor()));
  out.rows.push_back(std::move(row));
  return out;
}

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

}  // namespace

// --- 7. all of it --------------------------------------------------------------------------------

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

std::vector<const Peer*> listed_peers(const Model& model, const UiState& ui) {
  std::vector<const Peer*> out;
  out.reserve(model.peers.size());
  for (const auto& [name, peer] : model.peers) {
    const bool shown = peer.online || peer.known() || peer.attention || peer.unread > 0 || !peer.lines.empty();
    if (shown || window_number(ui, name) != 0) out.push_back(&peer);
  }
  return out;
}

Layout layout_of(const Model& model, const UiState& ui) {
  const InputRows input = input_of(ui, make_panel(model, ui));
  return lay_out(ui.size, static_cast<int>(input.rows.size()));
}

Grid render(const Model& model, const UiState& ui, Now now) {
  Grid grid(ui.size);
  if (grid.cells.empty()) return grid;
  grid.title = terminal_title(model, ui);
  const Panel panel = make_panel(model, ui);
  const InputRows input = input_of(ui, panel);
  const Layout layout = lay_out(ui.size, static_cast<int>(input.rows.size()));
  draw_title(grid, layout.title, model, ui);
  draw_list(grid, layout, model, ui);
  const std::size_t below = draw_chat(grid, layout.chat, model, ui, panel);
  draw_status(grid, layout.status, model, ui, now, below);
  draw_input(grid, layout.input, input);
  if (ui.dialog.open && panel.kind != PanelKind::server_first && panel.kind != PanelKind::server_changed)
    draw_dialog(grid, model, ui, link_words(model, now));
  return grid;
}

}  // namespace sims::tui
