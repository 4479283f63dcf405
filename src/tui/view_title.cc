// The title line, and the terminal's own title.
#include "base/text.h"
#include "tui/view.h"
#include "tui/view_parts.h"

namespace sims::tui {
namespace {

using client::Model;
using client::Peer;
using client::Trust;

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

}  // namespace

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

}  // namespace sims::tui
