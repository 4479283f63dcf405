// Windows: opens, closes, finds and changes windows, and finds the next unread one.
#include "tui/ui/windows.h"

#include <algorithm>
#include <utility>

#include "base/secret.h"
#include "tui/view/parts.h"

namespace sims::tui {
namespace {

constexpr std::size_t max_windows = 500, max_by_peers = 400;

}  // namespace

bool Windows::handle_key(const Key& key) {
  const auto action = ui_.action_of(key);
  if (!action) return false;
  if (*action <= Action::window_10) return go_to(static_cast<std::size_t>(*action)), true;
  if (*action == Action::window_next) return step(1), true;
  if (*action == Action::window_previous) return step(-1), true;
  if (*action == Action::next_unread) return next_unread(), true;
  return false;
}

std::optional<std::size_t> Windows::window_of(const std::string& peer, By by) {
  auto& windows = ui_.state.windows;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (windows[i].peer == peer) return i;
  }
  if (windows.size() >= (by == By::user ? max_windows : max_by_peers)) return std::nullopt;
  windows.emplace_back();
  windows.back().peer = peer;
  return windows.size() - 1;
}

Window* Windows::find(const std::string& peer) {
  auto& windows = ui_.state.windows;
  const auto it = std::find_if(windows.begin(), windows.end(), [&](auto& w) { return w.peer == peer; });
  return it == windows.end() ? nullptr : &*it;
}

bool Windows::open(const std::string& peer) {
  return window_of(peer, By::user).has_value();
}

void Windows::close(const std::string& peer) {
  auto& windows = ui_.state.windows;
  const auto at = std::find_if(windows.begin() + 1, windows.end(), [&](auto& w) { return w.peer == peer; });
  if (at == windows.end()) return;
  const auto index = static_cast<std::size_t>(at - windows.begin());
  if (index == ui_.state.current) go_to(index - 1);
  // go_to() has closed the window if it was only passed.
  if (index >= windows.size() || windows[index].peer != peer) return;
  windows.erase(windows.begin() + static_cast<std::ptrdiff_t>(index));
  if (ui_.state.current > index) --ui_.state.current;
}

bool Windows::go_to_peer(const std::string& peer) {
  const auto index = window_of(peer, By::user);
  if (!index) {
    ui_.state.hint = "too many windows are open: /close one first";
    return false;
  }
  go_to(*index);
  return true;
}

void Windows::go_to_passing(const std::string& peer) {
  auto& windows = ui_.state.windows;
  const std::size_t before = windows.size();
  const auto index = window_of(peer, By::user);
  if (windows.size() > before) windows.back().passing = true;
  if (index) go_to(*index);
}

void Windows::go_to(std::size_t index) {
  UiState& state = ui_.state;
  if (index >= state.windows.size() || index == state.current) return;
  typing_.stop();
  state.panel_scroll = 0;
  state.said.clear();
  state.history_find = {};  // in the input history of the old one
  Window& old = state.window();
  const client::Peer* peer = ui_.peer(old.peer);
  const bool unused =
      old.passing && old.input.empty() && old.history.empty() && (peer == nullptr || peer->lines.empty());
  old.history.leave();
  old.divider = 0;
  if (unused) {
    state.windows.erase(state.windows.begin() + static_cast<std::ptrdiff_t>(state.current));
    if (index > state.current) --index;
  }
  state.current = index;
  tracker_.front_changed();
  moved_();
}

void Windows::step(int by) {
  const auto count = static_cast<int>(ui_.state.windows.size());
  go_to(static_cast<std::size_t>((static_cast<int>(ui_.state.current) + by + count) % count));
}

// Goes to the next window with unread messages; then to peers without a window, since too many may be open;
// then to the end of this window.
void Windows::next_unread() {
  UiState& state = ui_.state;
  const auto waits = [](const client::Peer* peer) {
    return peer != nullptr && (peer->unread > 0 || peer->attention);
  };
  for (std::size_t step = 1; step < state.windows.size(); ++step) {
    const std::size_t i = (state.current + step) % state.windows.size();
    if (waits(ui_.peer(state.windows[i].peer))) return go_to(i);
  }
  for (const auto& [name, peer] : ui_.model().peers) {
    if (waits(&peer) && window_number(state, name) == 0) return static_cast<void>(go_to_peer(name));
  }
  if (!waits(ui_.front_peer())) {
    state.hint = "nothing unread";
    return;
  }
  state.window().scroll = Scroll{};
  if (state.away) state.hint = "unread here until /away ends";
}

void Windows::model_changed() {
  const client::Model& model = ui_.model();
  for (const auto& [name, peer] : model.peers) {
    if (peer.attention || peer.unread > 0) window_of(name, By::peer);
  }
  if (wanted_peer_.empty() || !model.peers.count(wanted_peer_)) return;
  const auto index = window_of(std::exchange(wanted_peer_, std::string()), By::user);
  if (index && wanted_in_front_) go_to(*index);
}

void Windows::wipe() {
  wipe_and_assign(wanted_peer_);
}

}  // namespace sims::tui
