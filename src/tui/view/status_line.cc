// The status line: the hint, the link, unread windows, who types, and the cipher suites.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tui/view/parts.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

using client::LinkState;
using client::Model;
using client::Peer;
using client::SessionState;

constexpr std::size_t max_named = 5;  // names of peers who wrote, and of peers who type

void add_link(const Model& model, Now now, StatusPart& out) {
  out.link = model.link;
  switch (model.link) {
    case LinkState::connecting:
    case LinkState::handshaking:
      out.progress = model.progress;
      break;
    case LinkState::waiting:
      out.retry_s = (now.ms_until(model.retry_at_ms) + 999) / 1'000;
      out.problem = model.problem;
      break;
    case LinkState::offline:
      out.problem = model.problem;
      break;
    case LinkState::asking:
      break;
    case LinkState::online:
      out.round_trip_ms = model.round_trip_ms;
      out.suite = model.suite;
  }
}

// Looks only at peers with a window: the list of all online users may be long.
void add_others(const Model& model, const UiState& ui, StatusPart& out) {
  for (std::size_t i = 0; i < ui.windows.size(); ++i) {
    const auto it = model.peers.find(ui.windows[i].peer);
    if (it == model.peers.end()) continue;
    const Peer& peer = it->second;
    if (peer.typing && out.typing.size() < max_named) out.typing.push_back(peer.name);
    if (i == ui.current || (peer.unread == 0 && !peer.attention) || out.unread.size() == max_named) continue;
    out.unread.push_back({i + 1, peer.attention, peer.name});
  }
}

std::string session_words(const StatusPart& part) {
  switch (part.session) {
    case SessionState::none:
      return "";
    case SessionState::calling:
      return part.peer + ": calling";
    case SessionState::established:
      break;
  }
  std::string out = part.peer + ": " + suite_label(part.peer_suite);
  if (part.key_rotations > 0) out += fmt::format(", key {}", part.key_rotations + 1);
  return out;
}

std::string unread_words(const StatusPart& part) {
  std::string out;
  for (const auto& from : part.unread)
    out += fmt::format("{}{}:{}{}", out.empty() ? "unread " : " ", from.window, from.attention ? "!" : "",
                       from.name);
  return out;
}

std::string typing_words(const StatusPart& part) {
  std::string out;
  for (const auto& name : part.typing)
    out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? out : out + (part.typing.size() == 1 ? " is typing" : " are typing");
}

std::string link_words(const StatusPart& part) {
  switch (part.link) {
    case LinkState::offline:
      return "offline";
    case LinkState::connecting:
    case LinkState::handshaking:
      return part.progress.empty() ? "connecting" : part.progress;
    case LinkState::asking:
      return "waiting for your answer";
    case LinkState::online:
      return "online";
    case LinkState::waiting:
      return fmt::format("reconnecting in {} s", part.retry_s);
  }
  return "";
}

using Words = std::vector<std::pair<std::string, Style>>;

// Urgent texts first; last the problem, because the server may have worded it.
Words words_of(const StatusPart& part) {
  const bool online = part.link == LinkState::online;
  Words out;
  out.emplace_back(part.hint, Style::bar_strong);
  if (part.below > 0)
    out.emplace_back(fmt::format("{} more below (PgDn), {} %", part.below, part.percent), Style::bar_strong);
  out.emplace_back(link_words(part), online ? Style::bar : Style::bar_alert);
  if (part.away)
    out.emplace_back(part.away_reason.empty() ? "away" : "away: " + part.away_reason, Style::bar_strong);
  out.emplace_back(unread_words(part), Style::bar_strong);
  out.emplace_back(typing_words(part), Style::bar);
  if (online && part.round_trip_ms >= 0)
    out.emplace_back(fmt::format("{} ms", part.round_trip_ms), Style::bar);
  if (online && !part.suite.empty()) out.emplace_back("server: " + suite_label(part.suite), Style::bar);
  out.emplace_back(session_words(part), Style::bar);
  out.emplace_back(part.problem, online ? Style::bar : Style::bar_alert);
  return out;
}

}  // namespace

std::string link_words(const Model& model, Now now) {
  StatusPart part;
  add_link(model, now, part);
  const std::string words = link_words(part);
  return part.problem.empty() ? words : words + ": " + part.problem;
}

StatusPart status_part(const Model& model, const UiState& ui, Now now) {
  StatusPart out;
  add_link(model, now, out);
  out.hint = ui.hint;
  if (ui.passphrase.kind == PassphraseState::Kind::unlock) return out;  // locked: show no conversation
  out.away = ui.away;
  out.away_reason = ui.away_reason;
  add_others(model, ui, out);
  if (const Peer* peer = current_peer(model, ui)) {
    out.session = peer->session;
    out.peer = peer->name;
    out.peer_suite = peer->suite;
    out.key_rotations = peer->key_rotations;
  }
  return out;
}

void draw(Grid& grid, const Rect& at, const StatusPart& part) {
  if (at.empty()) return;
  grid.fill(at, Style::bar);
  int x = at.x + 1;
  const int stop = at.x + at.width - 1;
  bool first = true;
  for (const auto& [text, style] : words_of(part)) {
    if (text.empty() || x + (first ? 0 : 6) >= stop) continue;
    if (!first) x = grid.put_text(x, at.y, stop - x, " │ ", Style::bar);
    x = grid.put(x, at.y, stop - x, fit(to_cells(text, style), stop - x));
    first = false;
  }
}

}  // namespace sims::tui
