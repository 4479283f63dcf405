// The status line.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tui/view.h"
#include "tui/view_parts.h"

namespace sims::tui {
namespace {

using client::LinkState;
using client::Model;
using client::Peer;
using client::SessionState;

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

}  // namespace

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

}  // namespace sims::tui
