// Which windows there are, which one is in front, where it is scrolled to, what of it was seen.
#include <algorithm>

#include "tui/ui/ui.h"
#include "tui/view/panel.h"
#include "tui/view/parts.h"
#include "tui/view/view.h"
#include "tui/view/wording.h"

namespace sims::tui {
namespace {

using client::Line;
using client::Peer;

constexpr std::size_t max_windows = 500, max_by_peers = 400;
constexpr int max_pages = 4;  // of the history, for one key

// Serial of the first of the `unread` newest lines of theirs; 0: there is none.
std::uint64_t first_unread(const Peer& peer, std::size_t unread) {
  std::uint64_t serial = 0;
  for (auto line = peer.lines.rbegin(); line != peer.lines.rend() && unread > 0; ++line) {
    if (line->mine || line->kind == Line::Kind::notice || line->kind == Line::Kind::alert) continue;
    serial = line->serial;
    --unread;
  }
  return serial;
}

bool same(const Scroll& a, const Scroll& b) {
  return a.following == b.following && (a.following || (a.serial == b.serial && a.row == b.row));
}

}  // namespace

// --- which windows ---------------------------------------------------------------------------------

std::optional<std::size_t> Ui::window_of(const std::string& peer, By by) {
  auto& windows = state_.windows;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (windows[i].peer == peer) return i;
  }
  if (windows.size() >= (by == By::user ? max_windows : max_by_peers)) return std::nullopt;
  windows.emplace_back();
  windows.back().peer = peer;
  return windows.size() - 1;
}

// Another one than the status window.
void Ui::drop_window(const std::string& peer) {
  auto& windows = state_.windows;
  const auto at = std::find_if(windows.begin() + 1, windows.end(), [&](auto& w) { return w.peer == peer; });
  if (at == windows.end()) return;
  const auto index = static_cast<std::size_t>(at - windows.begin());
  if (index == state_.current) go_to(index - 1);
  // A window that was only passed is gone by now.
  if (index >= windows.size() || windows[index].peer != peer) return;
  windows.erase(windows.begin() + static_cast<std::ptrdiff_t>(index));
  if (state_.current > index) --state_.current;
}

bool Ui::go_to_peer(const std::string& peer) {
  const auto index = window_of(peer, By::user);
  if (!index) {
    state_.hint = "too many windows are open: /close one first";
    return false;
  }
  go_to(*index);
  return true;
}

void Ui::go_to(std::size_t index) {
  if (index >= state_.windows.size() || index == state_.current) return;
  stop_typing();
  state_.panel_scroll = 0;
  state_.said.clear();
  Window& old = state_.window();
  const auto it = intents_.model().peers.find(old.peer);
  const bool unused = old.passing && old.input.empty() && old.history.empty() &&
                      (it == intents_.model().peers.end() || it->second.lines.empty());
  old.history.leave();
  old.divider = 0;
  if (unused) {
    state_.windows.erase(state_.windows.begin() + static_cast<std::ptrdiff_t>(state_.current));
    if (index > state_.current) --index;
  }
  state_.current = index;
  was_seeing_ = false;
  model_changed();
}

void Ui::step_window(int by) {
  const auto count = static_cast<int>(state_.windows.size());
  go_to(static_cast<std::size_t>((static_cast<int>(state_.current) + by + count) % count));
}

// Through the list as it is shown; a window that is only passed goes again.
void Ui::step_peer(int by) {
  const auto peers = listed_peers(intents_.model(), state_);
  int at = 0;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    if (peers[i]->name == state_.window().peer) at = static_cast<int>(i) + 1;
  }
  const int to = std::clamp(at + by, 0, static_cast<int>(peers.size()));
  if (to == at) return;
  const std::string name = to == 0 ? std::string() : peers[static_cast<std::size_t>(to) - 1]->name;
  const std::size_t before = state_.windows.size();
  const auto index = window_of(name, By::user);
  if (state_.windows.size() > before) state_.windows.back().passing = true;
  if (index) go_to(*index);
}

// As the list shows it: in other windows, then of those who have no window (there may be too many), then
// below what this window shows.
void Ui::next_unread() {
  const auto& peers = intents_.model().peers;
  const auto waits = [](const Peer& peer) { return peer.unread > 0 || peer.attention; };
  const auto& windows = state_.windows;
  for (std::size_t step = 1; step < windows.size(); ++step) {
    const std::size_t i = (state_.current + step) % windows.size();
    const auto it = peers.find(windows[i].peer);
    if (it != peers.end() && waits(it->second)) return go_to(i);
  }
  for (const auto& [name, peer] : peers) {
    if (waits(peer) && window_number(state_, name) == 0) return static_cast<void>(go_to_peer(name));
  }
  const Peer* here = front_peer();
  if (here == nullptr || !waits(*here)) {
    state_.hint = "nothing unread";
    return;
  }
  state_.window().scroll = Scroll{};
  if (state_.away) state_.hint = "unread here until /away ends";
}

// --- what was seen ---------------------------------------------------------------------------------

const Peer* Ui::front_peer() const {
  const auto it = intents_.model().peers.find(state_.window().peer);
  return it == intents_.model().peers.end() ? nullptr : &it->second;
}

// On a small screen a number to compare leaves no row of the chat.
bool Ui::panel_covers() const {
  if (!state_.window().verifying) return false;
  const client::Model& model = intents_.model();
  const Rect body = layout_of(model, state_).chat;
  return place_panel(shown_panel(model, state_), body).height >= body.height;
}

bool Ui::seeing() const {
  const Focus focus = focus_of(intents_.model(), state_);
  const bool covered =
      focus == Focus::gate || focus == Focus::server_key || focus == Focus::dialog || focus == Focus::find;
  return !covered && !panel_covers() && state_.focused && !state_.away && state_.window().scroll.following;
}

// What came before the user saw this window is under a line; what comes while they see it is not.
void Ui::look() {
  const Peer* peer = front_peer();
  const bool sees = peer != nullptr && seeing();
  const bool first = sees && !was_seeing_;
  was_seeing_ = sees;
  if (first || (sees && (peer->unread > 0 || peer->attention))) {
    const std::size_t unread = peer->unread;
    intents_.looked_at(peer->name);
    if (first && unread > 0) state_.window().divider = first_unread(*peer, unread);
  } else if (peer != nullptr && peer->lines.empty() && peer->older) {
    intents_.load_older(peer->name);  // to be read without having been looked at
  }
}

void Ui::tell_link() {
  const client::Model& model = intents_.model();
  const bool online = model.link == client::LinkState::online;
  // A refusal in clear is tried again, but the user who chose the name or has an invitation is here.
  const bool refused = model.link == client::LinkState::waiting && model.refusal.has_value() &&
                       proto::refuses_login(*model.refusal);
  const bool ended = (model.link == client::LinkState::offline || refused) && was_link_ != model.link;
  was_link_ = model.link;
  if (ended && back_to_name()) return;
  if (ended) ask_for_invitation();
  if (model.link != client::LinkState::offline) told_why_.clear();
  // What the dialog was submitted for; not one that was opened since, for another server.
  if (online && !std::exchange(been_online_, been_online_ || online)) state_.dialog.open = false;
  if (online == was_online_) return tell_why();
  was_online_ = online;
  if (online) {
    state_.self_name = model.self_name;
    name_before_.clear();
    state_.dialog.invitation = Editor(64, Newlines::fold);  // redeemed, and not for another server
    was_at_ = model.server + (model.server_name.empty() ? "" : " (" + model.server_name + ")");
    tell("Connected to " + was_at_ + " as " + model.self_name + ".");
    asked_link_ = false;
    return;
  }
  const std::string why = model.problem.empty() ? std::string(".") : ": " + model.problem;
  if (model.link == client::LinkState::offline) told_why_ = model.problem;
  tell("Disconnected from " + was_at_ + why);
  if (model.link == client::LinkState::offline) asked_link_ = false;
}

void Ui::tell(std::string text) {
  if (asked_link_ && !state_.window().peer.empty()) say(text);
  intents_.notice("", std::move(text));
}

// A server that refuses another name still holds the one before it.
bool Ui::back_to_name() {
  const client::Model& model = intents_.model();
  using enum proto::ErrorCode;
  const auto refusal = model.refusal;
  const bool of_the_name =
      refusal == id_taken || refusal == name_taken || refusal == name_invalid || refusal == not_registered;
  if (name_before_.empty() || !of_the_name) return false;
  const std::string before = std::exchange(name_before_, std::string());
  const std::string words = "Not connected as " + model.self_name + ": " + model.problem +
                            ". The name registered for this key is " + before + ": going on as " + before +
                            ".";
  if (auto connects = intents_.nick(before); !connects) return false;
  state_.dialog.name.set(before);
  tell(words);
  return true;
}

// Where no dialog shows it: what ended the attempt, once and in full.
void Ui::tell_why() {
  const client::Model& model = intents_.model();
  if (model.link != client::LinkState::offline || state_.dialog.open || model.problem == told_why_) return;
  told_why_ = model.problem;
  if (!told_why_.empty()) tell("Not connected: " + told_why_ + ". /connect opens the dialog.");
  asked_link_ = false;
}

void Ui::model_changed() {
  if (state_.gate.kind == Gate::Kind::unlock) return;
  change_server();
  tell_link();
  const client::Model& model = intents_.model();  // tell_link() may have made another connection
  if (!model.question) state_.answer_problem.clear();
  for (const auto& [name, peer] : model.peers) {
    if (peer.attention || peer.unread > 0) window_of(name, By::peer);
  }
  if (!wanted_peer_.empty() && model.peers.count(wanted_peer_)) {
    const auto index = window_of(std::exchange(wanted_peer_, std::string()), By::user);
    if (index && wanted_in_front_) go_to(*index);
  }
  look();
}

// --- scrolling -------------------------------------------------------------------------------------

// Of the panel, if it is longer than its place; else of the chat. `by`: rows; 0 is a page, less two rows that
// stay as a guide for the eye.
void Ui::scroll(int direction, int by) {
  const client::Model& model = intents_.model();
  const Layout layout = layout_of(model, state_);
  const PanelPlace panel = place_panel(shown_panel(model, state_), layout.chat);
  const int rows = static_cast<int>(panel.rows.size()), shown = panel.text.height;
  if (rows > shown) {
    state_.panel_scroll =
        std::clamp(state_.panel_scroll - direction * (by > 0 ? by : std::max(1, shown)), 0, rows - shown);
    return;
  }
  const int height = layout.chat.height - panel.height;
  scroll_chat(layout.chat.width, height, direction * (by > 0 ? by : std::max(1, height - 2)));
}

void Ui::scroll_to_end(bool top) {
  const Layout layout = layout_of(intents_.model(), state_);
  constexpr int far = 1'000'000;  // rows
  if (top) return scroll_chat(layout.chat.width, layout.chat.height, far);
  state_.window().scroll = Scroll{};
  look();
}

// At the top the history goes on, in one movement with what is here already.
void Ui::scroll_chat(int width, int height, int rows) {
  Window& window = state_.window();
  const client::Model& model = intents_.model();
  const Peer* peer = front_peer();
  const Chat chat = chat_of(model, state_, width);
  for (int page = 0;; ++page) {
    const Scroll to = scrolled(chat, height, window.scroll, rows);
    const bool top = rows > 0 && same(scrolled(chat, height, to, 1), to);
    if (top && peer && peer->older && page < max_pages && intents_.load_older(peer->name)) continue;
    if (top && same(to, window.scroll)) state_.hint = "there is nothing older";
    window.scroll = to;
    return look();
  }
}

}  // namespace sims::tui
