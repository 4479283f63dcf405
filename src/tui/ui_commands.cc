#include <fmt/format.h>

#include <algorithm>

#include "proto/limits.h"
#include "tui/panel.h"
#include "tui/ui.h"
#include "tui/view.h"

namespace sims::tui {
namespace {

using client::Peer;

constexpr std::size_t most_names =
    200;  // of /names, so that a large server does not push everything else away

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(' ');
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(' ') - from + 1);
}

}  // namespace

bool Ui::refuse(std::string why) {
  say(std::move(why));
  return false;
}

const Peer* Ui::known(const std::string& name) {
  if (name.empty()) {
    refuse("This is the status window: say who, or go to a conversation first.");
    return nullptr;
  }
  const auto& peers = intents_.model().peers;
  const auto it = peers.find(name);
  if (it != peers.end()) return &it->second;
  refuse("Nobody called " + name.substr(0, 64) + " is known here. /names lists who is online.");
  return nullptr;
}

std::string Ui::named(const Invocation& call) const {
  return call.words.empty() ? state_.window().peer : call.words.front();
}

// Enter in the input line. What is refused stays in the line.
void Ui::enter() {
  const std::size_t at = state_.current;
  const std::string line = state_.window().input.text();
  const std::string peer = state_.window().peer;
  const Parsed parsed = parse_line(line);
  const auto is = [&](CommandId id) {
    const auto* call = std::get_if<Invocation>(&parsed);
    return call && call->command->id == id;
  };
  if (!is(CommandId::close)) state_.window().close_asked = false;
  if (!is(CommandId::quit)) quit_asked_ = false;
  bool done = false;
  if (std::holds_alternative<Nothing>(parsed)) return;
  // The line is the window's until it is done: a command may close or change the window, so it is taken out
  // first and put back when it was refused.
  state_.window().input.clear();
  if (const auto* refused = std::get_if<Refused>(&parsed)) {
    done = refuse(refused->why);
  } else if (const auto* text = std::get_if<Text>(&parsed)) {
    done = send(peer, text->body, false);
  } else if (const auto* call = std::get_if<Invocation>(&parsed)) {
    done = run(*call);
  }
  const bool still_there = at < state_.windows.size() && state_.windows[at].peer == peer;
  if (!still_there) return;
  Window& window = state_.windows[at];
  if (done) {
    window.history.add(line);
    window.passing = false;
  } else {
    window.input.set(line);
  }
}

bool Ui::send(const std::string& peer, std::string_view text, bool action) {
  if (peer.empty())
    return refuse(
        "This is the status window: nobody reads what is typed here. /query NAME opens a conversation.");
  if (known(peer) == nullptr) return false;
  if (auto sent = intents_.send_text(peer, text, action); !sent) return refuse("Not sent: " + sent.error());
  for (Window& window : state_.windows) {
    if (window.peer == peer) window.scroll = Scroll{};
  }
  return true;
}

bool Ui::run(const Invocation& call) {
  switch (call.command->id) {
    case CommandId::clear:
      intents_.clear(state_.window().peer);
      state_.window().scroll = Scroll{};
      return true;
    case CommandId::close:
      return close(call);
    case CommandId::connect:
      if (call.words.empty()) return open_dialog(), true;
      state_.dialog.server.set(call.word(0));
      state_.dialog.port.set(std::to_string(proto::default_port));
      state_.dialog.open = true;
      return submit_dialog(), true;
    case CommandId::disconnect:
      return intents_.disconnect(), true;
    case CommandId::distrust: {
      const Peer* peer = known(named(call));
      if (peer == nullptr) return false;
      if (auto done = intents_.unverify(peer->name); !done) return refuse(done.error());
      return true;
    }
    case CommandId::help:
      return help(call);
    case CommandId::me:
      return send(state_.window().peer, call.word(0), true);
    case CommandId::msg:
      return send(call.word(0), call.word(1), false);
    case CommandId::names:
      return names();
    case CommandId::query:
      return query(call);
    case CommandId::quit:
      return quit();
    case CommandId::trust:
      return trust(call);
    case CommandId::verify:
      return verify(call);
    case CommandId::whois:
      return whois(named(call));
    case CommandId::win: {
      const std::string& word = call.word(0);
      std::size_t number = 0;
      for (char c : word.substr(0, 4))
        number = c >= '0' && c <= '9' ? number * 10 + static_cast<std::size_t>(c - '0') : 10'000;
      if (number < 1 || number > state_.windows.size())
        return refuse("There is no window " + word.substr(0, 20) + ".");
      return go_to(number - 1), true;
    }
  }
  return false;
}

// What is not delivered is lost with the program.
bool Ui::quit() {
  const std::size_t open = undelivered(intents_.model());
  if (open > 0 && !std::exchange(quit_asked_, true))
    return refuse(undelivered_words(open) + " /quit again leaves all the same.");
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
  const auto it = intents_.model().peers.find(peer);
  if (it != intents_.model().peers.end()) {
    const std::size_t open = undelivered(it->second);
    if (open > 0 && !std::exchange(state_.window().close_asked, true))
      return refuse(undelivered_words(open) + " /close again closes all the same.");
    intents_.end_session(peer, call.word(0));
    intents_.looked_at(peer);
  }
  const auto at = state_.current;
  go_to(at - 1);
  // A window that was only passed is gone by now.
  if (at < state_.windows.size() && state_.windows[at].peer == peer)
    state_.windows.erase(state_.windows.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

bool Ui::verify(const Invocation& call) {
  const Peer* peer = known(named(call));
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  auto number = intents_.safety_number(name);
  if (!number) return refuse(number.error());
  if (!go_to_peer(name)) return false;
  Window& window = state_.window();
  window.passing = false;
  window.verifying = true;
  window.safety_number = *number;
  window.answer.clear();
  window.problem.clear();
  state_.panel_scroll = 0;
  if (call.words.size() > 1) {
    window.answer.set(call.word(1));
    enter_answer();
  }
  return true;
}

bool Ui::trust(const Invocation& call) {
  const bool with_name = call.words.size() > 1;
  const Peer* peer = known(with_name ? call.word(0) : state_.window().peer);
  if (peer == nullptr) return false;
  const std::string name = peer->name;
  if (auto done = intents_.accept_changed(name, call.word(with_name ? 1 : 0)); !done)
    return refuse(done.error());
  return true;
}

bool Ui::help(const Invocation& call) {
  if (call.words.empty()) return say(help_text()), true;
  std::string name = call.word(0);
  if (name.front() != '/') name.insert(0, 1, '/');
  if (const Command* command = find_command(name)) return say(help_text(*command)), true;
  const Command* near = nearest_command(name);
  return refuse("There is no command " + name.substr(0, 40) + "." +
                (near ? " Did you mean " + std::string(near->name) + "?" : std::string()));
}

bool Ui::whois(const std::string& name) {
  const Peer* peer = known(name);
  if (peer == nullptr) return false;
  const client::Model& model = intents_.model();
  std::string out = peer->name + " on " + (model.server.empty() ? "no server" : model.server);
  out += "\nkey     " + peer->id.str();
  if (peer->changed_to) out += "\nnow     " + peer->changed_to->str();
  out += "\ntrust   " + std::string(trust_word(peer->trust));
  if (peer->first_seen_unix_ms > 0)
    out += ", first seen " + format_date_time(peer->first_seen_unix_ms, state_.offset);
  out += "\nonline  ";
  out += peer->online
             ? "since " + format_date_time(static_cast<std::int64_t>(peer->since) * 1000, state_.offset)
             : "no";
  out += "\nsession ";
  if (peer->session == client::SessionState::established)
    out += fmt::format("{}, {} key change{}", suite_label(peer->suite), peer->key_rotations,
                       peer->key_rotations == 1 ? "" : "s");
  else
    out += peer->session == client::SessionState::calling ? "calling"
                                                          : "none yet: it begins with the first message";
  if (auto number = intents_.safety_number(name)) {
    const auto [first, second] = number_halves(*number);
    out += "\nnumber  " + first + "\n        " + second;
  }
  say(std::move(out));
  return true;
}

bool Ui::names() {
  std::string out;
  std::size_t online = 0;
  for (const auto& [name, peer] : intents_.model().peers) {
    if (!peer.online) continue;
    if (++online <= most_names) out += (online > 1 ? ", " : "") + name;
  }
  if (online > most_names) out += fmt::format(" and {} more", online - most_names);
  say(online == 0 ? "Nobody else is online." : fmt::format("{} online: {}", online, out));
  return true;
}

// Enter in a panel. Commands work there too; nothing else than the right answer ends it.
void Ui::enter_answer() {
  const PanelKind kind = panel_kind(intents_.model(), state_);
  const bool asked = kind == PanelKind::server_first || kind == PanelKind::server_changed;
  Editor& editor = asked ? state_.answer : state_.window().answer;
  const std::string text = trimmed(editor.take());
  if (!text.empty() && text.front() == '/') {
    const Parsed parsed = parse_line(text);
    if (const auto* call = std::get_if<Invocation>(&parsed))
      run(*call);
    else if (const auto* refused = std::get_if<Refused>(&parsed))
      state_.hint = refused->why;
    return;
  }
  if (asked) return answer_server(text);
  Window& window = state_.window();
  window.problem.clear();
  state_.panel_scroll = 0;
  const std::string peer = window.peer;
  if (kind == PanelKind::peer_changed) {
    if (auto done = intents_.accept_changed(peer, text); !done)
      window.problem = "Nothing was accepted: " + done.error();
    return;
  }
  if (text.empty()) {
    window.problem = "Nothing was compared. Type or paste the number that " + peer + " sees.";
  } else if (auto done = intents_.verify(peer, text); !done) {
    window.problem = done.error();
  } else {
    window.verifying = false;
  }
}

void Ui::answer_server(const std::string& text) {
  const client::Question& question = *intents_.model().question;
  state_.answer_problem.clear();
  state_.panel_scroll = 0;
  const bool first = question.kind == client::Question::Kind::server_first;
  const bool same = text == question.shown.text();
  if (text == "no") return intents_.answer(false);
  if (first && (text == "yes" || same)) return intents_.answer(true);
  if (first) {
    state_.answer_problem = "Please type 'yes', 'no' or the fingerprint.";
    return;
  }
  if (auto done = intents_.accept_changed_server(text); !done)
    state_.answer_problem = "Nothing was accepted: " + done.error();
}

}  // namespace sims::tui
