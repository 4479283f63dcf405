// PeerList: its keys and clicks, and the step from peer to peer.
#include "tui/ui/peer_list.h"

#include <algorithm>

#include "tui/view/parts.h"
#include "tui/view/view.h"

namespace sims::tui {

bool PeerList::handle_key(const Key& key) {
  if (ui_.state.look.list_over) return over_key(key);
  const auto action = ui_.action_of(key);
  if (action == Action::list_up) return step(-1), true;
  if (action == Action::list_down) return step(1), true;
  if (action == Action::list) return toggle(), true;
  return false;
}

// Up and Down move through the list over the chat; Enter and Escape close it. Any other key closes it and then
// has its usual effect.
bool PeerList::over_key(const Key& key) {
  const auto action = ui_.action_of(key);
  if (action == Action::up || action == Action::list_up) return step(-1), true;
  if (action == Action::down || action == Action::list_down) return step(1), true;
  ui_.state.look.list_over = false;
  return action == Action::send || action == Action::cancel || action == Action::list;
}

// Moves through the list in its shown order. A window that is only passed closes again.
void PeerList::step(int by) {
  const auto peers = listed_peers(ui_.model(), ui_.state);
  int at = 0;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    if (peers[i]->name == ui_.state.window().peer) at = static_cast<int>(i) + 1;
  }
  const int to = std::clamp(at + by, 0, static_cast<int>(peers.size()));
  if (to == at) return;
  windows_.go_to_passing(to == 0 ? std::string() : peers[static_cast<std::size_t>(to) - 1]->name);
}

void PeerList::toggle() {
  Look& look = ui_.state.look;
  if (!layout_of(ui_.model(), ui_.state).list.empty()) {
    ui_.state.hint = "the list is at the left";
  } else {
    look.bare = false;
    look.list_over = true;
  }
}

void PeerList::click(const Key& press) {
  const Layout layout = layout_of(ui_.model(), ui_.state);
  const Rect over = over_rect(layout, ui_.state);
  const Rect& list = over.empty() ? layout.list : over;
  const int row = press.y - list.y;
  if (press.x < list.x || press.x >= list.x + list.width || row < 0 || row >= list.height) return;
  const ListPart rows = list_part(ui_.model(), ui_.state, list.height);
  const auto at = static_cast<std::size_t>(row);
  if (at >= rows.size()) return;
  ui_.state.look.list_over = false;
  if (rows[at].status)
    windows_.go_to(0);
  else
    windows_.go_to_peer(rows[at].name);
}

}  // namespace sims::tui
