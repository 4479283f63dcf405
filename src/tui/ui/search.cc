// Looking back: through the history of conversations (/search, Ctrl-S), and through what was typed (Ctrl-R).
#include <algorithm>

#include "tui/ui/ui.h"

#include "tui/view/view.h"

namespace sims::tui {
namespace {

using client::Line;

constexpr int max_pages = 2'000;  // loaded to reach a line

}  // namespace

// --- the history -----------------------------------------------------------------------------------

void Ui::open_find(const std::string& text) {
  Find& find = state_.find;
  find = Find{};
  find.open = true;
  find.peer = state_.window().peer;
  find.query.set(text);
  if (!text.empty()) start_search();
}

void Ui::start_search() {
  Find& find = state_.find;
  find.problem.clear();
  find.hits.clear();
  find.at = 0;
  find.searched = find.query.text();
  if (find.searched.empty()) {
    find.problem = "Type what to look for.";
    return;
  }
  find.running = true;
  intents_.search(find.peer, find.searched);
}

void Ui::close_find() {
  if (state_.find.running) intents_.cancel_search();
  state_.find = Find{};
  look();
}

void Ui::found(std::vector<client::SearchHit> hits, std::string problem) {
  Find& find = state_.find;
  if (!find.open || !find.running) return;
  find.running = false;
  find.hits = std::move(hits);
  find.problem = std::move(problem);
  if (find.hits.empty() && find.problem.empty()) find.problem = "Nothing was found.";
}

void Ui::find_key(const Key& key) {
  Find& find = state_.find;
  if (leaves(key)) return close_find();
  if (does(key, Action::up) || does(key, Action::search)) return step_hit(1);
  if (does(key, Action::down) || does(key, Action::history_search)) return step_hit(-1);
  if (does(key, Action::scroll_up)) return step_hit(10);
  if (does(key, Action::scroll_down)) return step_hit(-10);
  if (does(key, Action::send)) {
    if (find.running) return;
    if (find.hits.empty() || find.query.text() != find.searched) return start_search();
    return go_to_hit();
  }
  type_into(find.query, key);
}

// Newest first: a step back in time is one on in the list.
void Ui::step_hit(int by) {
  Find& find = state_.find;
  if (find.hits.empty()) return;
  const auto last = static_cast<std::ptrdiff_t>(find.hits.size()) - 1;
  const auto to = static_cast<std::ptrdiff_t>(find.at) + by;
  if (to < 0) state_.hint = "this is the newest one";
  if (to > last) state_.hint = "this is the oldest one";
  find.at = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(to, 0, last));
}

void Ui::go_to_hit() {
  const client::SearchHit hit = state_.find.hits[state_.find.at];
  const client::Model& model = intents_.model();
  const auto peer = model.peers.find(hit.peer.name);
  if (peer == model.peers.end() || hit.peer.server != model.server_id) {
    state_.find.problem = "That was with " + hit.peer.name + " at another server.";
    return;
  }
  const auto line_of_row = [&]() -> const Line* {
    const auto& lines = peer->second.lines;
    const auto it =
        std::find_if(lines.begin(), lines.end(), [&](const Line& line) { return line.row == hit.entry.row; });
    return it == lines.end() ? nullptr : &*it;
  };
  const Line* line = line_of_row();
  for (int page = 0; line == nullptr && page < max_pages && intents_.load_older(hit.peer.name); ++page)
    line = line_of_row();
  if (line == nullptr) {
    state_.find.problem = peer->second.older
                              ? "That is longer ago than a window holds: /history export has it."
                              : "It is not in the history any more.";
    return;
  }
  const std::uint64_t serial = line->serial;
  close_find();
  if (!go_to_peer(hit.peer.name)) return;
  state_.window().passing = false;
  state_.window().marked = serial;
  state_.window().scroll = {false, serial, 0};
  // Into the middle of the screen.
  const Layout layout = layout_of(model, state_);
  scroll_chat(layout.chat.width, layout.chat.height, -layout.chat.height / 2);
}

// --- what was typed --------------------------------------------------------------------------------

void Ui::history_find_key(const Key& key) {
  HistoryFind& find = state_.history_find;
  if (leaves(key)) {
    find = HistoryFind{};
    return;
  }
  const std::size_t all = state_.window().history.entries().size();
  if (does(key, Action::history_search) || does(key, Action::up))
    return look_back(find.found.empty() ? all : find.at);
  if (does(key, Action::send) || does(key, Action::complete)) {
    if (!find.found.empty()) state_.window().input.set(find.found);
    find = HistoryFind{};
    return tell_typing();
  }
  if (type_into(find.query, key)) look_back(all);
}

// The newest entry before this one that holds the query.
void Ui::look_back(std::size_t before) {
  HistoryFind& find = state_.history_find;
  const auto& history = state_.window().history;
  const std::string& query = find.query.text();
  const auto at = query.empty() ? std::nullopt : history.search(query, before);
  if (at) {
    find.found = history.entries()[*at];
    find.at = *at;
  } else if (before == history.entries().size()) {
    find.found.clear();
    if (!query.empty()) state_.hint = "not among what was typed here";
  } else {
    state_.hint = "there is no older one";
  }
}

}  // namespace sims::tui
