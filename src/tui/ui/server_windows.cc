// ServerWindows: saves the windows of one server, and restores those of the next.
#include "tui/ui/server_windows.h"

#include <algorithm>

#include "base/secret.h"

namespace sims::tui {
namespace {

constexpr std::size_t max_servers = 16;  // with saved windows

SavedServerWindows saved_windows_of(const std::string& server, const UiState& state) {
  SavedServerWindows out{server, {}, 0};
  for (std::size_t i = 0; i < state.windows.size(); ++i) {
    const Window& window = state.windows[i];
    if (window.passing && window.input.empty()) continue;
    if (i == state.current) out.current = out.windows.size();
    out.windows.push_back({window.peer, window.input.text(), window.history.entries(), window.typed_for});
  }
  return out;
}

}  // namespace

SavedWindows ServerWindows::kept() const {
  SavedWindows out{saved_windows_of(server_id_, ui_.state)};
  out.insert(out.end(), elsewhere_.begin(), elsewhere_.end());
  return out;
}

void ServerWindows::show(const SavedServerWindows& kept) {
  UiState& state = ui_.state;
  server_id_ = kept.id;
  state.windows.clear();
  state.windows.emplace_back();
  for (const SavedWindow& from : kept.windows) {
    if (!windows_.open(from.peer)) break;
    Window& window = *windows_.find(from.peer);
    window.input.set(from.draft);
    window.typed_for = from.typed_for;
    for (const auto& entry : from.history)
      window.history.add(entry);
  }
  state.current = std::min(kept.current, state.windows.size() - 1);
  state.panel_scroll = 0;
  typing_.forget();
  tracker_.front_changed();
  // They are about windows of the other server.
  state.ask = {};
  state.asks_below.clear();
  state.history_find = {};
}

bool ServerWindows::restore(const SavedWindows& kept) {
  elsewhere_.clear();
  if (kept.empty()) return false;
  show(kept.front());
  elsewhere_.assign(kept.begin() + 1, kept.end());
  return true;
}

// The same name is another user at another server, so each server has its own windows and drafts. A server
// whose new key was accepted keeps its windows if the contacts moved to the new key.
void ServerWindows::model_changed() {
  const client::Model& model = ui_.model();
  if (model.server_id.empty()) return;
  const std::string id = model.server_id.str();
  if (id == server_id_) return;
  const auto find = [this](const std::string& whose) {
    return std::find_if(elsewhere_.begin(), elsewhere_.end(), [&](auto& k) { return k.id == whose; });
  };
  auto it = find(id);
  if (it == elsewhere_.end() && model.server_was) {
    const std::string before = model.server_was->str();
    if (before == server_id_) server_id_.clear();
    it = find(before);
  }
  SavedServerWindows now{id, {}, 0};
  if (it != elsewhere_.end()) {
    now = std::move(*it);
    now.id = id;
    elsewhere_.erase(it);
  } else if (server_id_.empty()) {
    server_id_ = id;  // windows and drafts from before the first connection belong to this server
    return;
  }
  elsewhere_.insert(elsewhere_.begin(), saved_windows_of(server_id_, ui_.state));
  if (elsewhere_.size() >= max_servers) elsewhere_.pop_back();
  show(now);
}

void ServerWindows::wipe() {
  wipe_and_assign(elsewhere_);
  wipe_and_assign(server_id_);
}

}  // namespace sims::tui
