// ReadTracker: marks messages as read while their window is seen, and places the divider.
#include "tui/ui/read_tracker.h"

#include "tui/view/trust_panel.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

using client::Line;
using client::Peer;

// The serial of the oldest of the peer's `unread` newest lines; 0: there is none.
std::uint64_t first_unread(const Peer& peer, std::size_t unread) {
  std::uint64_t serial = 0;
  for (auto line = peer.lines.rbegin(); line != peer.lines.rend() && unread > 0; ++line) {
    if (line->mine || line->kind == Line::Kind::notice || line->kind == Line::Kind::alert) continue;
    serial = line->serial;
    --unread;
  }
  return serial;
}

}  // namespace

// On a small screen the panel of /verify leaves no row for the chat.
bool ReadTracker::panel_covers() const {
  if (!ui_.state.window().verifying) return false;
  const client::Model& model = ui_.model();
  const Rect body = layout_of(model, ui_.state).chat;
  return place_panel(shown_panel(model, ui_.state), body).height >= body.height;
}

bool ReadTracker::seeing() const {
  const Focus focus = ui_.focus();
  const bool covered = focus == Focus::passphrase || focus == Focus::server_key || focus == Focus::dialog ||
                       focus == Focus::find;
  const UiState& state = ui_.state;
  return !covered && !panel_covers() && state.focused && !state.away && state.window().scroll.following;
}

// Puts the divider above messages that arrived before the user saw this window. Messages that arrive while
// the user sees it get none.
void ReadTracker::look() {
  const Peer* peer = ui_.front_peer();
  const bool sees = peer != nullptr && seeing();
  const bool first = sees && !was_seeing_;
  was_seeing_ = sees;
  if (first || (sees && (peer->unread > 0 || peer->attention))) {
    const std::size_t unread = peer->unread;
    conversations_.mark_read(peer->name);
    if (first && unread > 0) ui_.state.window().divider = first_unread(*peer, unread);
  } else if (peer != nullptr && peer->lines.empty() && peer->older) {
    store_.load_older(peer->name);  // shows the history without marking messages as read
  }
}

}  // namespace sims::tui
