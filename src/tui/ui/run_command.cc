// Enter in the input, and the commands that are about nobody in particular.
#include <fmt/format.h>

#include <algorithm>

#include "proto/identity.h"
#include "proto/limits.h"
#include "tui/ui/ui.h"
#include "tui/view/view.h"
#include "tui/view/wording.h"

namespace sims::tui {

using client::Peer;

// What is refused or asked about stays in the line.
void Ui::enter() {
  const std::string line = state_.window().input.text();
  const std::string peer = state_.window().peer;
  const Parsed parsed = parse_line(line);
  if (std::holds_alternative<Nothing>(parsed)) return;
  if (std::holds_alternative<Doubtful>(parsed))
    return ask(Ask::About::slash, "A slash after a space: s send as text, r run as command, Esc back");
  if (std::holds_alternative<Text>(parsed) && state_.window().left_out > 0)
    return ask(Ask::About::cut,
               fmt::format("Not all of it fitted ({} bytes too many): send without the rest? y yes, n no",
                           state_.window().left_out));
  bool done = false;
  // The line is the window's until it is done: a command may close or change the window, so it is taken out
  // first and put back when it was refused.
  Editor typed = state_.window().input;
  state_.window().input.clear();
  held_ = {peer, line, "", ""};
  if (const auto* refused = std::get_if<Refused>(&parsed)) {
    done = refuse(refused->why);
  } else if (const auto* text = std::get_if<Text>(&parsed)) {
    done = send(peer, text->body, false);
  } else if (const auto* call = std::get_if<Invocation>(&parsed)) {
    held_.call = *call;
    done = run(*call);
  }
  entered(peer, std::move(typed), done);
}

// `typed` was taken out of the window with `peer`.
void Ui::entered(const std::string& peer, Editor typed, bool done) {
  const auto window = std::find_if(state_.windows.begin(), state_.windows.end(),
                                   [&](const Window& w) { return w.peer == peer; });
  if (window == state_.windows.end()) return;  // closed by it
  if (!done) {
    window->input = std::move(typed);
    return;
  }
  window->history.add(typed.text());
  window->typed_for.clear();
  window->passing = false;
  if (typing_to_ == peer) stop_typing();
}

bool Ui::send(const std::string& peer, std::string_view text, bool action) {
  if (peer.empty())
    return refuse(
        "This is the status window: nobody reads what is typed here. /query NAME opens a conversation.");
  const Peer* to = known(peer);
  if (to == nullptr) return false;
  if (to->standing == client::Standing::request) {
    held_.to = peer;
    held_.text = text;
    held_.action = action;
    ask(Ask::About::request, "An answer accepts " + peer + "'s request: send it? y yes, n no");
    return false;
  }
  const Window& window = state_.window();
  if (window.peer == peer && !window.typed_for.empty() && window.typed_for != to->id.text()) {
    held_.to = peer;
    held_.text = text;
    held_.action = action;
    ask(Ask::About::new_key, "This was typed for an earlier key of " + peer + ": send it? y yes, n no");
    return false;
  }
  return deliver(peer, text, action);
}

bool Ui::deliver(const std::string& peer, std::string_view text, bool action) {
  if (auto sent = intents_.send_text(peer, text, action); !sent) return refuse("Not sent: " + sent.error());
  for (Window& window : state_.windows) {
    if (window.peer == peer) window.scroll = Scroll{};
  }
  const auto to = intents_.model().peers.find(peer);
  const bool waits = to == intents_.model().peers.end() || !to->second.online;
  say_elsewhere(peer, fmt::format("To {}{}: {}", peer, waits ? ", who is offline (it waits)" : "", text));
  return true;
}

bool Ui::run(const Invocation& call) {
  switch (call.command->id) {
    case CommandId::accept:
    case CommandId::block:
    case CommandId::decline:
    case CommandId::discard:
    case CommandId::distrust:
    case CommandId::resend:
      return stand(call);
    case CommandId::away:
      return away(call);
    case CommandId::bind:
      return bind(call);
    case CommandId::clear:
      intents_.clear(state_.window().peer);
      state_.window().scroll = Scroll{};
      return true;
    case CommandId::close:
      return close(call);
    case CommandId::connect:
      return connect(call);
    case CommandId::disconnect:
      return disconnect();
    case CommandId::doctor:
      return say(intents_.doctor()), true;
    case CommandId::help:
      return help(call);
    case CommandId::history:
      return history(call);
    case CommandId::lock:
      return done(intents_.lock());
    case CommandId::me:
      return send(state_.window().peer, call.word(0), true);
    case CommandId::msg:
      return send(call.word(0), call.word(1), false);
    case CommandId::names:
      return names();
    case CommandId::nick:
      return nick(call.word(0));
    case CommandId::passphrase:
      return open_gate();
    case CommandId::query:
      return query(call);
    case CommandId::quit:
      return quit();
    case CommandId::requests:
      return requests();
    case CommandId::save:
      return save();
    case CommandId::search:
      open_find(call.word(0));
      return true;
    case CommandId::set:
      return set(call);
    case CommandId::theme:
      return theme(call);
    case CommandId::trust:
      return trust(call);
    case CommandId::verify:
      return verify(call);
    case CommandId::whois:
      return whois(named(call));
    case CommandId::win:
      return win(call);
    case CommandId::wins:
      return wins();
  }
  return false;
}

bool Ui::done(const Result<void>& result) {
  return result ? true : refuse(result.error());
}

bool Ui::connect(const Invocation& call) {
  if (call.words.empty()) return open_dialog(), true;
  state_.dialog.server.set(call.word(0));
  state_.dialog.port.set(std::to_string(proto::default_port));
  state_.dialog.open = true;
  asked_link_ = true;
  return submit_dialog(), true;
}

// What is not delivered goes only when the program runs again.
bool Ui::quit() {
  const std::size_t open = undelivered(intents_.model());
  if (open > 0 &&
      !sure(undelivered_words(open) + (open == 1 ? " It goes" : " They go") + " at the next start. Leave?"))
    return false;
  intents_.quit();
  return true;
}

bool Ui::query(const Invocation& call) {
  if (known(call.word(0)) == nullptr) return false;
  if (!go_to_peer(call.word(0))) return false;
  state_.window().passing = false;
  return call.words.size() < 2 || send(call.word(0), call.word(1), false);
}

bool Ui::close(const Invocation& call) {
  const std::string peer = state_.window().peer;
  if (peer.empty()) return refuse("The status window stays. /quit leaves SIMS.");
  if (const Peer* with = front_peer()) {
    const std::size_t open = undelivered(*with);
    if (open > 0 &&
        !sure(undelivered_words(open) + (open == 1 ? " It stays" : " They stay") + " queued. Close?"))
      return false;
    intents_.end_session(peer, call.word(0));
    intents_.looked_at(peer);
  }
  drop_window(peer);
  return true;
}

bool Ui::win(const Invocation& call) {
  const std::string& word = call.word(0);
  std::size_t number = 0;
  for (char c : word.substr(0, 4))
    number = c >= '0' && c <= '9' ? number * 10 + static_cast<std::size_t>(c - '0') : 10'000;
  if (number < 1 || number > state_.windows.size())
    return refuse("There is no window " + word.substr(0, 20) + ".");
  return go_to(number - 1), true;
}

// The marks are the list's.
bool Ui::wins() {
  std::string out = "Windows:";
  const auto& peers = intents_.model().peers;
  for (std::size_t i = 0; i < state_.windows.size(); ++i) {
    const Window& window = state_.windows[i];
    const auto it = peers.find(window.peer);
    const Peer* peer = it == peers.end() ? nullptr : &it->second;
    out += fmt::format("\n{}{:>3} {}",
                       i == state_.current       ? '>'
                       : peer && peer->attention ? '!'
                                                 : ' ',
                       i + 1, window.peer.empty() ? "status" : window.peer);
    if (peer == nullptr) continue;
    out += ", " + std::string(trust_word(*peer));
    if (!peer->online) out += ", offline";
    if (peer->unread > 0) out += fmt::format(", {} unread", peer->unread);
    if (!window.input.empty()) out += ", a draft";
  }
  return say(std::move(out)), true;
}

bool Ui::help(const Invocation& call) {
  if (call.words.empty()) return help_commands(), true;
  std::string name = call.word(0);
  if (name.front() != '/') name.insert(0, 1, '/');
  if (const Command* command = find_command(name)) return say(help_text(*command)), true;
  return refuse(no_such_command(name));
}

bool Ui::nick(const std::string& name) {
  if (!proto::valid_name(name))
    return refuse("A name is a lower-case letter or digit, then up to 31 of a-z 0-9 . _ -");
  if (auto connects = intents_.nick(name); !connects) return refuse(connects.error());
  if (been_online_ && name_before_.empty()) name_before_ = state_.self_name;
  been_online_ = false;
  asked_link_ = true;
  state_.dialog.name.set(name);
  return true;
}

bool Ui::disconnect() {
  if (intents_.model().link == client::LinkState::offline) return refuse("There is no connection to leave.");
  asked_link_ = true;
  intents_.disconnect();
  return true;
}

// There is no word for it in the protocol, on purpose: what nobody is told, nobody can follow.
bool Ui::away(const Invocation& call) {
  if (!call.words.empty() || !state_.away) {
    stop_typing();
    state_.away = true;
    state_.away_reason = call.word(0);
    say("You are away: nothing rings, and nobody is told what you read or type. /away again: back.");
    return true;
  }
  state_.away = false;
  state_.away_reason.clear();
  std::string came;
  for (const auto& [name, peer] : intents_.model().peers) {
    if (peer.unread > 0) came += fmt::format("{}{} {}", came.empty() ? "" : ", ", name, peer.unread);
  }
  say(came.empty() ? "You are back. Nothing came meanwhile." : "You are back. Unread: " + came + ".");
  model_changed();
  return true;
}

}  // namespace sims::tui
