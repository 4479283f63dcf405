#include "tui/ui.h"

#include <algorithm>

#include "tui/panel.h"
#include "tui/view.h"

namespace sims::tui {
namespace {

constexpr std::size_t max_windows = 500, max_by_peers = 400;

bool is_char(const Key& key, char32_t c, bool ctrl, bool alt) {
  return key.code == KeyCode::character && key.ch == c && key.ctrl == ctrl && key.alt == alt;
}

}  // namespace

Ui::Ui(Intents& intents, const ConnectFields& fields, std::vector<std::string> suites, UtcOffset offset)
    : intents_(intents) {
  state_.offset = offset;
  state_.windows.emplace_back();
  ConnectDialog& dialog = state_.dialog;
  dialog.server.set(fields.server);
  dialog.port.set(fields.port);
  dialog.name.set(fields.name);
  dialog.suites = std::move(suites);
  const auto it = std::find(dialog.suites.begin(), dialog.suites.end(), fields.suites);
  if (it != dialog.suites.end()) dialog.suite = static_cast<std::size_t>(it - dialog.suites.begin());
}

void Ui::resize(Size size) {
  state_.size = size;
}

void Ui::open_when_known(const std::string& peer) {
  wanted_peer_ = peer;
}

void Ui::found(std::vector<client::SearchHit> hits, std::string problem) {
  Find& find = state_.find;
  find.running = false;
  find.hits = std::move(hits);
  find.problem = std::move(problem);
  find.at = 0;
}

void Ui::say(std::string text) {
  const std::string& peer = state_.window().peer;
  intents_.notice(intents_.model().peers.count(peer) ? peer : std::string(), std::move(text));
}

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
  state_.panel_scroll = 0;
  Window& old = state_.window();
  const auto it = intents_.model().peers.find(old.peer);
  const bool unused = old.passing && old.input.empty() && old.history.empty() &&
                      (it == intents_.model().peers.end() || it->second.lines.empty());
  old.history.leave();
  old.close_asked = false;
  if (unused) {
    state_.windows.erase(state_.windows.begin() + static_cast<std::ptrdiff_t>(state_.current));
    if (index > state_.current) --index;
  }
  state_.current = index;
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

void Ui::next_unread() {
  const auto& windows = state_.windows;
  for (std::size_t step = 1; step < windows.size(); ++step) {
    const std::size_t i = (state_.current + step) % windows.size();
    const auto it = intents_.model().peers.find(windows[i].peer);
    if (it != intents_.model().peers.end() && (it->second.unread > 0 || it->second.attention))
      return go_to(i);
  }
  state_.hint = "nothing unread";
}

void Ui::tell_link() {
  const client::Model& model = intents_.model();
  const bool online = model.link == client::LinkState::online;
  if (online == was_online_) return;
  was_online_ = online;
  if (online) {
    was_at_ = model.server + (model.server_name.empty() ? "" : " (" + model.server_name + ")");
    return intents_.notice("", "Connected to " + was_at_ + " as " + model.self_name + ".");
  }
  const std::string why = model.problem.empty() ? std::string(".") : ": " + model.problem;
  intents_.notice("", "Disconnected from " + was_at_ + why);
}

void Ui::model_changed() {
  const client::Model& model = intents_.model();
  tell_link();
  if (model.link == client::LinkState::online) state_.dialog.open = false;
  if (!model.question) state_.answer_problem.clear();
  for (const auto& [name, peer] : model.peers) {
    if (peer.attention || peer.unread > 0) window_of(name, By::peer);
  }
  if (!wanted_peer_.empty() && model.peers.count(wanted_peer_)) {
    go_to_peer(std::exchange(wanted_peer_, std::string()));
  }
  const std::string peer = state_.window().peer;
  const auto it = model.peers.find(peer);
  if (it == model.peers.end() || state_.dialog.open || model.question) return;
  if (it->second.unread > 0 || it->second.attention) intents_.looked_at(peer);
}

// A page, less two rows that stay as a guide for the eye.
void Ui::scroll(int direction) {
  const client::Model& model = intents_.model();
  const Layout layout = layout_of(model, state_);
  int height = layout.chat.height;
  const Panel panel = make_panel(model, state_);
  if (panel.kind != PanelKind::none) {
    const int rows = static_cast<int>(panel_rows(panel, layout.chat.width).size());
    const int shown = panel_height(rows, height) - 1;
    if (rows > shown) {
      state_.panel_scroll = std::clamp(state_.panel_scroll - direction * std::max(1, shown), 0, rows - shown);
      return;
    }
    height -= shown + 1;
  }
  Window& window = state_.window();
  const auto it = model.peers.find(window.peer);
  if (it == model.peers.end() && !window.peer.empty()) return;
  const Chat chat{window.peer.empty() ? model.status : it->second.lines, model.self_name, window.peer,
                  state_.offset, layout.chat.width};
  window.scroll = scrolled(chat, height, window.scroll, direction * std::max(1, height - 2));
}

// Ctrl-C: what is typed goes (and can be had again with Up); on an empty line the second press leaves.
void Ui::interrupt() {
  Window& window = state_.window();
  const PanelKind panel = panel_kind(intents_.model(), state_);
  if (panel == PanelKind::server_first || panel == PanelKind::server_changed) return intents_.answer(false);
  Editor& editor = panel == PanelKind::none ? window.input : window.answer;
  if (!editor.empty()) {
    if (panel == PanelKind::none) window.history.add(editor.text());
    editor.clear();
    return;
  }
  if (interrupted_) return intents_.quit();
  interrupted_ = true;
  const std::size_t open = undelivered(intents_.model());
  state_.hint = open == 0 ? "Ctrl-C again leaves" : undelivered_words(open) + " Ctrl-C again leaves";
}

bool Ui::window_key(const Key& key) {
  if (key.code == KeyCode::character && key.alt && !key.ctrl && key.ch >= U'0' && key.ch <= U'9') {
    go_to(key.ch == U'0' ? 9 : key.ch - U'1');
    return true;
  }
  if (is_char(key, U'a', false, true)) return next_unread(), true;
  if (is_char(key, U'n', true, false) || (key.code == KeyCode::right && key.alt)) return step_window(1), true;
  if (is_char(key, U'p', true, false) || (key.code == KeyCode::left && key.alt)) return step_window(-1), true;
  if (key.code == KeyCode::down && key.alt) return step_peer(1), true;
  if (key.code == KeyCode::up && key.alt) return step_peer(-1), true;
  if (key.code == KeyCode::page_up) return scroll(1), true;
  if (key.code == KeyCode::page_down) return scroll(-1), true;
  if (is_char(key, U'l', true, false)) return intents_.repaint(), true;
  if (is_char(key, U'z', true, false)) return intents_.suspend(), true;
  if (key.code == KeyCode::function && key.ch == 1) return say(help_text()), true;
  return false;
}

void Ui::key(const Key& key) {
  if (key.code == KeyCode::focus_in || key.code == KeyCode::focus_out) return;
  state_.hint.clear();
  const bool was_interrupted = std::exchange(interrupted_, false);
  if (key.code != KeyCode::tab && key.code != KeyCode::back_tab) completing_ = false;
  const PanelKind panel = panel_kind(intents_.model(), state_);
  const bool asked = panel == PanelKind::server_first || panel == PanelKind::server_changed;
  if (is_char(key, U'z', true, false) || is_char(key, U'l', true, false)) {
    window_key(key);
  } else if (state_.dialog.open && !asked) {
    interrupted_ = was_interrupted;
    dialog_key(key);
  } else if (is_char(key, U'c', true, false)) {
    interrupted_ = was_interrupted;
    interrupt();
  } else if (window_key(key)) {
  } else if (panel != PanelKind::none) {
    answer_key(key);
  } else {
    input_key(key);
  }
  if (key.cut) state_.hint = "the paste was too long: its end was left out";
}

void Ui::answer_key(const Key& key) {
  const PanelKind panel = panel_kind(intents_.model(), state_);
  const bool asked = panel == PanelKind::server_first || panel == PanelKind::server_changed;
  if (key.code == KeyCode::enter) return enter_answer();
  if (key.code == KeyCode::escape) {
    if (asked) return intents_.answer(false);
    Window& window = state_.window();
    window.verifying = false;
    window.problem.clear();
    window.answer.clear();
    return;
  }
  (asked ? state_.answer : state_.window().answer).handle(key);
}

void Ui::browse_history(const std::string* entry) {
  if (entry != nullptr) state_.window().input.set(*entry);
}

void Ui::input_key(const Key& key) {
  Window& window = state_.window();
  if (key.code == KeyCode::enter && !key.alt) return enter();
  if (key.code == KeyCode::tab) return complete_word(true);
  if (key.code == KeyCode::back_tab) return complete_word(false);
  const std::size_t before = window.input.text().size();
  if (window.input.handle(key)) {
    if (window.input.text().size() != before) window.history.leave();
    if (window.input.overflowed()) state_.hint = "a message holds at most 16 KiB: the rest was left out";
    return;
  }
  if (key.code == KeyCode::up) browse_history(window.history.older(window.input.text()));
  if (key.code == KeyCode::down) browse_history(window.history.newer());
}

void Ui::complete_word(bool forward) {
  Editor& input = state_.window().input;
  if (!completing_) {
    Completables with;
    for (const auto* peer : listed_peers(intents_.model(), state_))
      with.peers.push_back(peer->name);
    with.windows = state_.windows.size();
    completion_ = complete(input.text(), input.cursor(), with);
    if (completion_.candidates.empty()) {
      state_.hint = "nothing to complete";
      return;
    }
    completing_ = true;
    completion_at_ = forward ? 0 : completion_.candidates.size() - 1;
  } else {
    const std::size_t count = completion_.candidates.size();
    completion_at_ = (completion_at_ + (forward ? 1 : count - 1)) % count;
  }
  const std::string& chosen = completion_.candidates[completion_at_];
  input.replace(completion_.from, completion_.to, chosen);
  completion_.to = input.cursor();
  const std::size_t count = completion_.candidates.size();
  if (count > 1) state_.hint = std::to_string(completion_at_ + 1) + " of " + std::to_string(count);
}

}  // namespace sims::tui
