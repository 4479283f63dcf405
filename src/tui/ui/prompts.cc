// What asks before it goes on: the panels, and questions in the place of the input.
#include <algorithm>

#include "tui/ui/ui.h"
#include "tui/view/panel.h"

namespace sims::tui {
namespace {

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(' ');
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(' ') - from + 1);
}

}  // namespace

// --- a question for one key ------------------------------------------------------------------------

void Ui::ask(Ask::About about, std::string words, std::string text) {
  state_.ask = {about, std::move(words), std::move(text)};
}

// Only its own keys answer: neither Enter nor what somebody types on in a hurry.
void Ui::ask_key(const Key& key) {
  const bool plain = key.code == KeyCode::character && !key.ctrl && !key.alt;
  if (leaves(key)) return answer_ask(U'n');
  answer_ask(plain ? key.ch : 0);
}

void Ui::answer_ask(char32_t answer) {
  const Ask::About about = state_.ask.about;
  const bool back = answer == U'n';
  const bool yes = answer == U'y';
  const bool slash = about == Ask::About::slash;
  if (!back && (slash ? answer != U's' && answer != U'r' : !yes)) {
    state_.hint = slash ? "s, r or Esc" : "y or n";
    return;
  }
  const Ask asked = std::exchange(state_.ask, Ask{});
  if (back) return;
  if (about == Ask::About::paste) {
    Key paste;
    paste.code = KeyCode::paste;
    paste.text = asked.text;
    paste.cut = asked.cut;
    edit(paste);
    if (asked.guessed && state_.hint.empty()) state_.hint = "paste: Enter sends";
  } else if (about == Ask::About::cut) {
    state_.window().left_out = 0;
    enter();
  } else if (about == Ask::About::slash) {
    enter_doubtful(answer == U'r');
  } else {
    answer_held(about);
  }
}

bool Ui::sure(const std::string& question) {
  if (sure_) return true;
  ask(Ask::About::command, question + " y yes, n no");
  return false;
}

// What waited is sent or done, and its line leaves the window where it was typed.
void Ui::answer_held(Ask::About about) {
  const Held held = std::exchange(held_, Held{});
  const auto find = [&] {
    return std::find_if(state_.windows.begin(), state_.windows.end(),
                        [&](const Window& w) { return w.peer == held.window; });
  };
  Editor typed;
  if (const auto window = find(); window != state_.windows.end() && window->input.text() == held.line) {
    typed = window->input;
    window->input.clear();
  }
  bool done = false;
  if (about == Ask::About::request || about == Ask::About::new_key) {
    done = deliver(held.to, held.text, held.action);
  } else if (held.call && held.window == state_.window().peer) {
    sure_ = true;
    done = run(*held.call);
    sure_ = false;
  }
  if (!typed.empty()) entered(held.window, std::move(typed), done);
}

// The line that starts with spaces and a slash, as what the user says it is.
void Ui::enter_doubtful(bool command) {
  const std::string line = state_.window().input.text();
  const std::string peer = state_.window().peer;
  const Parsed parsed = parse_line(line);
  const auto* doubtful = std::get_if<Doubtful>(&parsed);
  if (doubtful == nullptr) return;
  if (command) {
    state_.window().input.set(doubtful->command);
    return enter();
  }
  Editor typed = state_.window().input;
  state_.window().input.clear();
  held_ = {peer, line, "", ""};
  const bool sent = send(peer, line, false);
  entered(peer, std::move(typed), sent);
}

// --- the panels ------------------------------------------------------------------------------------

void Ui::panel_key(const Key& key) {
  const bool asked = focus_of(intents_.model(), state_) == Focus::server_key;
  if (does(key, Action::send)) return enter_answer();
  if (does(key, Action::cancel)) {
    if (asked) return intents_.answer(false);
    Window& window = state_.window();
    window.verifying = false;
    window.problem.clear();
    window.answer.clear();
    state_.said.clear();
    return;
  }
  type_into(asked ? state_.answer : state_.window().answer, key);
}

// Enter in a panel. Commands work there too; nothing else than the right answer ends it.
void Ui::enter_answer() {
  const PanelKind kind = panel_kind(intents_.model(), state_);
  const bool asked = kind == PanelKind::server_first || kind == PanelKind::server_changed;
  Editor& editor = asked ? state_.answer : state_.window().answer;
  const std::string text = trimmed(editor.take());
  state_.said.clear();
  if (!text.empty() && text.front() == '/') {
    const Parsed parsed = parse_line(text);
    held_ = {state_.window().peer, "", "", ""};
    if (const auto* call = std::get_if<Invocation>(&parsed)) {
      held_.call = *call;
      run(*call);
    } else if (const auto* refused = std::get_if<Refused>(&parsed)) {
      say(refused->why);
    }
    return;
  }
  if (asked) return answer_server(text);
  Window& window = state_.window();
  window.problem.clear();
  state_.panel_scroll = 0;
  const std::string peer = window.peer;
  if (kind == PanelKind::peer_changed) {
    if (auto accepted = intents_.accept_changed(peer, text); !accepted)
      window.problem = "Nothing was accepted: " + accepted.error();
    return;
  }
  if (text.empty()) {
    window.problem = "Nothing was compared. Type or paste the number that " + peer + " sees.";
  } else if (auto same = intents_.verify(peer, text); !same) {
    window.problem = "Not verified: " + same.error();
  } else {
    window.verifying = false;
    say(peer + " is verified: the numbers are the same.");
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
