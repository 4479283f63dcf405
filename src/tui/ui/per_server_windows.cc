// Each server has windows of its own; what is kept of them when the program ends.
#include <algorithm>

#include "tui/ui/ui.h"

namespace sims::tui {
namespace {

constexpr std::size_t max_servers = 16;  // whose windows are kept

KeptServer kept_of(const std::string& server, const UiState& state) {
  KeptServer out{server, {}, 0};
  for (std::size_t i = 0; i < state.windows.size(); ++i) {
    const Window& window = state.windows[i];
    if (window.passing && window.input.empty()) continue;
    if (i == state.current) out.current = out.windows.size();
    out.windows.push_back({window.peer, window.input.text(), window.history.entries(), window.typed_for});
  }
  return out;
}

}  // namespace

Kept Ui::kept() const {
  Kept out{kept_of(server_id_, state_)};
  out.insert(out.end(), elsewhere_.begin(), elsewhere_.end());
  return out;
}

void Ui::show(const KeptServer& kept) {
  server_id_ = kept.id;
  state_.windows.clear();
  state_.windows.emplace_back();
  for (const KeptWindow& from : kept.windows) {
    const auto index = window_of(from.peer, By::user);
    if (!index) break;
    Window& window = state_.windows[*index];
    window.input.set(from.draft);
    window.typed_for = from.typed_for;
    for (const auto& entry : from.history)
      window.history.add(entry);
  }
  state_.current = std::min(kept.current, state_.windows.size() - 1);
  state_.panel_scroll = 0;
  typing_to_.clear();
  was_seeing_ = false;
  if (state_.ask.about != Ask::About::paste) state_.ask = {};  // it was about somebody of the other server
}

void Ui::restore(const Kept& kept) {
  elsewhere_.clear();
  if (kept.empty()) return;
  show(kept.front());
  elsewhere_.assign(kept.begin() + 1, kept.end());
  model_changed();
}

// A name means somebody else at another server: its windows and drafts are not these. A server whose new key
// was accepted keeps its own, if its contacts came along.
void Ui::change_server() {
  const client::Model& model = intents_.model();
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
  KeptServer now{id, {}, 0};
  if (it != elsewhere_.end()) {
    now = std::move(*it);
    now.id = id;
    elsewhere_.erase(it);
  } else if (server_id_.empty()) {
    server_id_ = id;  // what was typed before the first server is this one's
    return;
  }
  elsewhere_.insert(elsewhere_.begin(), kept_of(server_id_, state_));
  if (elsewhere_.size() >= max_servers) elsewhere_.pop_back();
  show(now);
}

}  // namespace sims::tui
