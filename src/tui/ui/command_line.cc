// CommandLine: takes the line from its window, sends or runs it, and puts it back if it is refused.
#include "tui/ui/command_line.h"

#include <fmt/format.h>

#include <utility>

#include "base/secret.h"

namespace sims::tui {

// --- a line ----------------------------------------------------------------------------------------

// The line is the window's until it is done: a command may close or change the window, so it is taken out
// first and put back when it was refused.
void CommandLine::enter() {
  const std::string line = ui_.state.window().input.text();
  const std::string peer = ui_.state.window().peer;
  const Parsed parsed = parse_line(line);
  if (std::holds_alternative<Nothing>(parsed)) return;
  if (std::holds_alternative<AmbiguousSlash>(parsed)) return ask_about_slash();
  if (std::holds_alternative<Text>(parsed) && ui_.state.window().left_out > 0) return ask_about_cut();
  Editor typed = ui_.state.window().input;
  ui_.state.window().input.clear();
  pending_send_ = {peer, line, "", ""};
  const bool done = carry_out(parsed, peer);
  entered(peer, std::move(typed), done);
}

bool CommandLine::carry_out(const Parsed& parsed, const std::string& peer) {
  if (const auto* refused = std::get_if<Refused>(&parsed)) return uses_.notices.refuse(refused->why);
  if (const auto* text = std::get_if<Text>(&parsed)) return send(peer, text->body, false);
  const auto* call = std::get_if<Invocation>(&parsed);
  if (call == nullptr) return false;
  pending_send_.call = *call;
  return run_(*call);
}

// `typed` was taken out of the window with `peer`.
void CommandLine::entered(const std::string& peer, Editor typed, bool done) {
  Window* window = uses_.windows.find(peer);
  if (window == nullptr) return;  // closed by it
  if (!done) {
    window->input = std::move(typed);
    return;
  }
  window->history.add(typed.text());
  window->typed_for.clear();
  window->passing = false;
  uses_.typing.stop_to(peer);
}

void CommandLine::run_typed_elsewhere(const Parsed& parsed) {
  pending_send_ = {ui_.state.window().peer, "", "", ""};
  if (!std::holds_alternative<Text>(parsed)) carry_out(parsed, pending_send_.window);
}

// --- a text ----------------------------------------------------------------------------------------

bool CommandLine::send(const std::string& peer, std::string_view text, bool action) {
  if (peer.empty())
    return uses_.notices.refuse(
        "This is the status window: nobody reads what is typed here. /query NAME opens a conversation.");
  const client::Peer* to = known(peer);
  if (to == nullptr) return false;
  if (to->standing == client::Standing::request)
    return hold(peer, text, action,
                {Ask::About::request, "An answer accepts " + peer + "'s request: send it? y yes, n no", ""});
  const Window& window = ui_.state.window();
  if (window.peer == peer && !window.typed_for.empty() && window.typed_for != to->id.text())
    return hold(
        peer, text, action,
        {Ask::About::new_key, "This was typed for an earlier key of " + peer + ": send it? y yes, n no", ""});
  return deliver(peer, text, action);
}

bool CommandLine::deliver(const std::string& peer, std::string_view text, bool action) {
  if (auto sent = intents_.send_text(peer, text, action); !sent)
    return uses_.notices.refuse("Not sent: " + sent.error());
  if (Window* window = uses_.windows.find(peer)) window->scroll = Scroll{};
  const client::Peer* to = ui_.peer(peer);
  const bool waits = to == nullptr || !to->online;
  uses_.notices.say_elsewhere(
      peer, fmt::format("To {}{}: {}", peer, waits ? ", who is offline (it waits)" : "", text));
  return true;
}

const client::Peer* CommandLine::known(const std::string& name) {
  if (name.empty()) {
    uses_.notices.refuse("This is the status window: say who, or go to a conversation first.");
    return nullptr;
  }
  if (const client::Peer* peer = ui_.peer(name)) return peer;
  const std::string who = name.substr(0, 64);
  if (intents_.find(name, ui_.state.window().peer))
    uses_.notices.refuse(who + " is not in the list: the server is asked whether there is such a user.");
  else
    uses_.notices.refuse("Nobody called " + who + " is known here. /names lists who is online.");
  return nullptr;
}

// --- questions -------------------------------------------------------------------------------------

bool CommandLine::hold(const std::string& peer, std::string_view text, bool action, Ask question) {
  pending_send_.to = peer;
  pending_send_.text = text;
  pending_send_.action = action;
  uses_.prompt.ask(std::move(question), [this](const Ask& asked, char32_t) { answer_held(asked.about); });
  return false;
}

bool CommandLine::sure(const std::string& question) {
  if (sure_) return true;
  uses_.prompt.ask({Ask::About::command, question + " y yes, n no", ""},
                   [this](const Ask& asked, char32_t) { answer_held(asked.about); });
  return false;
}

// What waited is sent or done, and its line leaves the window where it was typed.
void CommandLine::answer_held(Ask::About about) {
  const PendingSend held = std::exchange(pending_send_, PendingSend{});
  Editor typed;
  if (Window* window = uses_.windows.find(held.window);
      window != nullptr && window->input.text() == held.line) {
    typed = window->input;
    window->input.clear();
  }
  bool done = false;
  if (about == Ask::About::request || about == Ask::About::new_key) {
    done = deliver(held.to, held.text, held.action);
  } else if (held.call && held.window == ui_.state.window().peer) {
    sure_ = true;
    done = run_(*held.call);
    sure_ = false;
  }
  if (!typed.empty()) entered(held.window, std::move(typed), done);
}

void CommandLine::ask_about_slash() {
  uses_.prompt.ask(
      {Ask::About::slash, "A slash after a space: s send as text, r run as command, Esc back", ""},
      [this](const Ask&, char32_t key) { enter_doubtful(key == U'r'); });
}

void CommandLine::ask_about_cut() {
  const std::size_t bytes = ui_.state.window().left_out;
  uses_.prompt.ask(
      {Ask::About::cut,
       fmt::format("Not all of it fitted ({} bytes too many): send without the rest? y yes, n no", bytes),
       ""},
      [this](const Ask&, char32_t) {
        ui_.state.window().left_out = 0;
        enter();
      });
}

// The line that starts with spaces and a slash, as what the user says it is.
void CommandLine::enter_doubtful(bool command) {
  const std::string line = ui_.state.window().input.text();
  const std::string peer = ui_.state.window().peer;
  const Parsed parsed = parse_line(line);
  const auto* doubtful = std::get_if<AmbiguousSlash>(&parsed);
  if (doubtful == nullptr) return;
  if (command) {
    ui_.state.window().input.set(doubtful->command);
    return enter();
  }
  Editor typed = ui_.state.window().input;
  ui_.state.window().input.clear();
  pending_send_ = {peer, line, "", ""};
  const bool sent = send(peer, line, false);
  entered(peer, std::move(typed), sent);
}

void CommandLine::wipe() {
  wipe_and_assign(pending_send_);
}

}  // namespace sims::tui
