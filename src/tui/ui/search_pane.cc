// SearchPane: starts a search, steps through the hits, and goes to one.
#include "tui/ui/search_pane.h"

#include <algorithm>

namespace sims::tui {
namespace {

using client::Line;

constexpr int max_pages = 2'000;  // of the history, loaded to reach a line

const Line* line_of_row(const client::Peer& peer, std::uint64_t row) {
  const auto it =
      std::find_if(peer.lines.begin(), peer.lines.end(), [&](const Line& line) { return line.row == row; });
  return it == peer.lines.end() ? nullptr : &*it;
}

}  // namespace

void SearchPane::open(const std::string& text) {
  Find& find = ui_.state.find;
  find = Find{};
  find.open = true;
  find.peer = ui_.state.window().peer;
  find.query.set(text);
  if (!text.empty()) start();
}

void SearchPane::start() {
  Find& find = ui_.state.find;
  find.problem.clear();
  find.hits.clear();
  find.at = 0;
  find.searched = find.query.text();
  if (find.searched.empty()) {
    find.problem = "Type a text to search for.";
    return;
  }
  find.running = true;
  store_.search(find.peer, find.searched);
}

void SearchPane::close() {
  if (ui_.state.find.running) store_.cancel_search();
  ui_.state.find = Find{};
  tracker_.look();
}

void SearchPane::found(std::vector<client::SearchHit> hits, std::string problem) {
  Find& find = ui_.state.find;
  if (!find.open || !find.running) return;
  find.running = false;
  find.hits = std::move(hits);
  find.problem = std::move(problem);
  if (find.hits.empty() && find.problem.empty()) find.problem = "Nothing was found.";
}

bool SearchPane::handle_key(const Key& key) {
  if (ui_.focus() != Focus::find) return false;
  if (ui_.leaves(key)) return close(), true;
  if (ui_.does(key, Action::up) || ui_.does(key, Action::search)) return step(1), true;
  if (ui_.does(key, Action::down) || ui_.does(key, Action::history_search)) return step(-1), true;
  if (ui_.does(key, Action::scroll_up)) return step(10), true;
  if (ui_.does(key, Action::scroll_down)) return step(-10), true;
  if (ui_.does(key, Action::send)) return enter(), true;
  ui_.type_into(ui_.state.find.query, key);
  return true;
}

void SearchPane::enter() {
  const Find& find = ui_.state.find;
  if (find.running) return;
  if (find.hits.empty() || find.query.text() != find.searched) return start();
  go_to_hit();
}

// The hits are sorted from new to old: a step to an older one is a step forward in the list.
void SearchPane::step(int by) {
  Find& find = ui_.state.find;
  if (find.hits.empty()) return;
  const auto last = static_cast<std::ptrdiff_t>(find.hits.size()) - 1;
  const auto to = static_cast<std::ptrdiff_t>(find.at) + by;
  if (to < 0) ui_.state.hint = "this is the newest one";
  if (to > last) ui_.state.hint = "this is the oldest one";
  find.at = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(to, 0, last));
}

void SearchPane::go_to_hit() {
  Find& find = ui_.state.find;
  const client::SearchHit hit = find.hits[find.at];
  const client::Peer* peer = ui_.peer(hit.peer.name);
  if (peer == nullptr || hit.peer.server != ui_.model().server_id) {
    find.problem = "That was with " + hit.peer.name + " at another server.";
    return;
  }
  const Line* line = line_of_row(*peer, hit.entry.row);
  for (int page = 0; line == nullptr && page < max_pages && store_.load_older(hit.peer.name); ++page)
    line = line_of_row(*peer, hit.entry.row);
  if (line == nullptr) {
    find.problem = peer->older ? "It is older than a window can hold: /history export writes it."
                               : "It is not in the history any more.";
    return;
  }
  const std::uint64_t serial = line->serial;
  close();
  if (!windows_.go_to_peer(hit.peer.name)) return;
  ui_.state.window().passing = false;
  ui_.state.window().marked = serial;
  chat_.show_in_middle(serial);
}

}  // namespace sims::tui
