// The title line, and the title of the terminal's window.
#include <algorithm>

#include "base/text.h"
#include "tui/view/parts.h"
#include "tui/view/view.h"
#include "tui/view/wording.h"

namespace sims::tui {
namespace {

using client::Model;
using client::Peer;
using client::Standing;
using client::Trust;

Style trust_style(const Peer& peer) {
  if (peer.trust == Trust::changed) return Style::bar_alert;
  switch (peer.standing) {
    case Standing::request:
    case Standing::blocked:
      return Style::bar_strong;
    case Standing::stranger:
    case Standing::contact:
      return peer.trust == Trust::verified ? Style::bar_good : Style::bar;
  }
  return Style::bar;
}

}  // namespace

TitlePart title_part(const Model& model, const UiState& ui) {
  TitlePart out;
  out.self = own_name(model, ui);
  out.server = model.server;
  const std::string& peer = ui.window().peer;
  out.with = peer.empty() ? "status" : peer;
  if (const Peer* p = current_peer(model, ui)) {
    out.trust = trust_word(*p);
    out.trust_style = trust_style(*p);
    out.away = away_words(model, *p);
  }
  return out;
}

void draw(Grid& grid, const Rect& at, const TitlePart& part) {
  if (at.empty()) return;
  grid.fill(at, Style::bar);
  const Cells with =
      to_cells(part.with + (part.away.empty() ? "" : " (" + std::string(part.away) + ")"), Style::bar_strong);
  const Cells trust = to_cells(part.trust, part.trust_style);
  std::string self = part.self;
  if (!part.server.empty()) self += " @ " + part.server;
  // When space is short, keep the peer and the trust state; drop our own name.
  const int trust_room = trust.empty() ? 0 : 2 + width_of(trust);
  const int right = width_of(with) + trust_room;
  int x = at.x + 1;
  const int room = at.width - 2;
  if (!self.empty() && room - right - 3 >= 6) {
    x = grid.put(x, at.y, room - right - 3, fit(to_cells(self, Style::bar), room - right - 3));
    x = grid.put_text(x, at.y, 3, " │ ", Style::bar);
  }
  const int with_room = at.x + 1 + room - x - std::min(room, trust_room);
  x = grid.put(x, at.y, with_room, fit(with, with_room));
  grid.put(x + 2, at.y, at.x + at.width - x - 2, trust);
}

std::string terminal_title(const TitlePart& part) {
  std::string out = "SIMS";
  if (!part.self.empty()) out += ": " + part.self;
  if (!part.server.empty()) out += "@" + part.server;
  if (!part.trust.empty()) out += " - " + part.with + " (" + std::string(part.trust) + ")";
  std::string safe = safe_text(out, Lines::fold);
  std::size_t end = 0;
  while (end < safe.size() && grapheme_end(safe, end) <= 200)
    end = grapheme_end(safe, end);
  safe.resize(end);
  return safe;
}

}  // namespace sims::tui
