#include "tui/ui/ui.h"

#include <fmt/format.h>

#include <algorithm>

#include "tui/view/panel.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

// As an editor would show it: a break at the very end begins no line.
std::size_t lines_of(std::string_view text) {
  std::size_t lines = 1;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    lines += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
  return lines;
}

std::string left_out(std::size_t bytes) {
  return fmt::format("{} byte{} left out", bytes, bytes == 1 ? " was" : "s were");
}

}  // namespace

Ui::Ui(Intents& intents, const ConnectFields& fields, std::vector<std::string> suites, UtcOffset offset)
    : intents_(intents) {
  state_.offset = offset;
  state_.windows.emplace_back();
  state_.dialog.suites = std::move(suites);
  set_fields(fields);
}

void Ui::resize(Size size) {
  state_.size = size;
}

void Ui::set_options(const Options& options) {
  state_.options = options;
}

void Ui::set_keys(const Keymap& keys) {
  state_.keys = keys;
}

void Ui::open_when_known(const std::string& peer) {
  wanted_peer_ = peer;
}

// A panel may cover the chat: then its first rows say it.
void Ui::say(std::string text) {
  Window& window = state_.window();
  window.scroll = Scroll{};
  if (panel_kind(intents_.model(), state_) != PanelKind::none) {
    state_.said = text;
    state_.panel_scroll = 0;
  }
  intents_.notice(intents_.model().peers.count(window.peer) ? window.peer : std::string(), std::move(text));
}

// Another window may come to the front by itself: the hint stays there until a key.
void Ui::warn(const std::string& text, std::string hint) {
  state_.hint = std::move(hint);
  if (!state_.window().peer.empty()) intents_.notice("", text);
  say(text);
}

void Ui::say_elsewhere(const std::string& peer, std::string text) {
  if (state_.window().peer != peer) return say(std::move(text));
  state_.window().scroll = Scroll{};
}

bool Ui::refuse(std::string why) {
  say(std::move(why));
  return false;
}

void Ui::focus_changed(bool focused) {
  state_.focused = focused;
  const client::Peer* peer = front_peer();
  if (focused && peer != nullptr && peer->unread == 0) state_.window().divider = 0;
  model_changed();
}

void Ui::key(const Key& key) {
  typed_ = false;
  if (key.code == KeyCode::focus_in || key.code == KeyCode::focus_out)
    return focus_changed(key.code == KeyCode::focus_in);
  if (key.code == KeyCode::press || key.code == KeyCode::wheel_up || key.code == KeyCode::wheel_down)
    return pointer(key);
  const bool hinted = !std::exchange(state_.hint, std::string()).empty();
  const bool was_interrupted = std::exchange(interrupted_, false);
  const auto action = action_of(key);
  if (action != Action::complete && action != Action::complete_back) completing_ = false;
  const Focus focus = focus_of(intents_.model(), state_);
  if (action == Action::suspend) {
    intents_.suspend();
  } else if (action == Action::redraw) {
    intents_.repaint();
  } else if (focus == Focus::gate) {
    gate_key(key);
  } else if (focus == Focus::dialog) {
    interrupted_ = was_interrupted;
    dialog_key(key);
  } else if (focus == Focus::find) {
    find_key(key);
  } else if (focus == Focus::ask) {
    ask_key(key);
  } else if (focus == Focus::history_find) {
    history_find_key(key);
  } else if (!(state_.look.list_over && list_key(key))) {
    if (action == Action::interrupt) {
      interrupted_ = was_interrupted;
      interrupt(key);
    } else if (!window_key(key)) {
      focus == Focus::input ? input_key(key) : panel_key(key);
    }
  }
  if (key.cut > 0 && state_.hint.empty())
    state_.hint = "the paste was too long: at its end " + left_out(key.cut);
  typed_ = typed_ && !hinted && state_.hint.empty();
  if (!typed_) look();  // a key may have uncovered what is unread
}

bool Ui::leaves(const Key& key) const {
  const auto action = action_of(key);
  return action == Action::cancel || action == Action::interrupt;
}

bool Ui::type_into(Editor& editor, const Key& key) {
  return editor.handle(key, state_.keys, state_.kills);
}

// What is typed goes (and can be had again with Up, or undo); on an empty line the second press leaves.
void Ui::interrupt(const Key& key) {
  Window& window = state_.window();
  const Focus focus = focus_of(intents_.model(), state_);
  if (focus == Focus::server_key) return intents_.answer(false);
  Editor& editor = focus == Focus::panel ? window.answer : window.input;
  if (!editor.empty()) {
    if (focus == Focus::input) {
      window.history.add(editor.text());
      window.left_out = 0;
    }
    editor.set("");
    return tell_typing();
  }
  if (undelivered(intents_.model()) > 0) {
    held_ = {window.peer, "", "", "", false, Invocation{find_command("/quit"), {}}};
    run(*held_.call);
    return;
  }
  if (interrupted_) return intents_.quit();
  interrupted_ = true;
  state_.hint = shown_key(key) + " again leaves";
}

bool Ui::window_key(const Key& key) {
  const auto action = action_of(key);
  if (!action) return false;
  if (*action <= Action::window_10) return go_to(static_cast<std::size_t>(*action)), true;
  switch (*action) {
    case Action::window_next:
      return step_window(1), true;
    case Action::window_previous:
      return step_window(-1), true;
    case Action::next_unread:
      return next_unread(), true;
    case Action::list_up:
      return step_peer(-1), true;
    case Action::list_down:
      return step_peer(1), true;
    case Action::list:
      return toggle_list(), true;
    case Action::scroll_up:
      return scroll(1), true;
    case Action::scroll_down:
      return scroll(-1), true;
    case Action::top:
      return scroll_to_end(true), true;
    case Action::bottom:
      return scroll_to_end(false), true;
    case Action::search:
      return open_find(""), true;
    case Action::help:
      return help_keys(), true;
    case Action::bare:
      return state_.look.bare = !state_.look.bare, true;
    case Action::mouse:
      return toggle_mouse(), true;
    default:
      return false;
  }
}

void Ui::input_key(const Key& key) {
  wanted_in_front_ = false;  // the user is at home here
  if (key.code == KeyCode::paste) return paste(key);
  const auto action = action_of(key);
  if (action == Action::send) return enter();
  if (action == Action::complete) return complete_word(true);
  if (action == Action::complete_back) return complete_word(false);
  if (action == Action::history_search) {
    state_.history_find.open = true;
    return;
  }
  if (action == Action::cancel) return cancel();
  typed_ = edit(key);
  if (!typed_ && action) browse(*action);
}

// The bare view, or the first attempt to connect; a link that is lost goes on being mended.
void Ui::cancel() {
  if (std::exchange(state_.look.bare, false)) return;
  const client::LinkState link = intents_.model().link;
  const bool trying = link != client::LinkState::offline && link != client::LinkState::online;
  if (!trying || been_online_) return;
  intents_.disconnect();
  say("The attempt to connect was ended. /connect opens the dialog.");
}

bool Ui::takes_lines() const {
  const Focus focus = focus_of(intents_.model(), state_);
  return focus == Focus::input || focus == Focus::ask;
}

void Ui::paste(const Key& key) {
  const std::size_t lines = lines_of(key.text);
  if (lines <= static_cast<std::size_t>(state_.options.paste_lines)) {
    edit(key);
    if (key.guessed && state_.hint.empty()) state_.hint = "paste: Enter sends";
    return;
  }
  ask(Ask::About::paste, fmt::format("Insert what was pasted, {} lines? y yes, n no", lines), key.text);
  state_.ask.cut = key.cut;
  state_.ask.guessed = key.guessed;
}

void Ui::browse(Action action) {
  Window& window = state_.window();
  const std::string* entry = nullptr;
  if (action == Action::up) entry = window.history.older(window.input.text());
  if (action == Action::down) entry = window.history.newer();
  if (entry == nullptr) return;
  window.input.set(*entry);
  window.left_out = 0;
}

// False: the key means nothing to the editor.
bool Ui::edit(const Key& key) {
  Window& window = state_.window();
  const std::string before = window.input.text();
  if (!type_into(window.input, key)) return false;
  if (const std::size_t lost = window.input.left_out()) {
    window.left_out += lost + key.cut;
    state_.hint = "a message holds at most 16 KiB: " + left_out(window.left_out);
  }
  if (window.input.empty()) window.left_out = 0;
  if (window.input.text() == before) return true;
  window.history.leave();
  tell_typing();
  return true;
}

// After the draft was changed. How often the peer hears of it is the core's to decide.
void Ui::tell_typing() {
  const client::Peer* peer = front_peer();
  Window& window = state_.window();
  const std::string& text = window.input.text();
  if (text.empty())
    window.typed_for.clear();
  else if (window.typed_for.empty() && peer != nullptr)
    window.typed_for = peer->id.text();
  if (peer == nullptr || !peer->known() || state_.away || text.empty() || text.front() == '/')
    return stop_typing();
  typing_to_ = peer->name;
  intents_.typing(typing_to_, true);
}

void Ui::stop_typing() {
  if (!typing_to_.empty()) intents_.typing(std::exchange(typing_to_, std::string()), false);
}

void Ui::complete_word(bool forward) {
  Editor& input = state_.window().input;
  if (!completing_) {
    Completables with;
    for (const auto* peer : listed_peers(intents_.model(), state_)) {
      with.peers.push_back(peer->name);
      if (peer->standing == client::Standing::request) with.requests.push_back(peer->name);
    }
    with.windows = state_.windows.size();
    with.files = [this](const std::string& beginning) { return intents_.files(beginning); };
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
