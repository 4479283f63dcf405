// TrustQuestions: its keys, and the check of a typed fingerprint or number.
#include "tui/ui/trust_questions.h"

#include <utility>

#include "base/secret.h"
#include "tui/view/trust_panel.h"

namespace sims::tui {
namespace {

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(' ');
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(' ') - from + 1);
}

}  // namespace

bool TrustQuestions::asks_server() const {
  return ui_.model().question.has_value();
}

Editor& TrustQuestions::answer() {
  return asks_server() ? ui_.state.answer : ui_.state.window().answer;
}

bool TrustQuestions::handle_key(const Key& key) {
  const Focus focus = ui_.focus();
  if (focus != Focus::server_key && focus != Focus::panel) return false;
  if (ui_.does(key, Action::interrupt)) return interrupt(key), true;
  if (ui_.does(key, Action::send)) return enter(), true;
  if (ui_.does(key, Action::cancel)) return cancel(), true;
  ui_.type_into(answer(), key);
  return true;
}

void TrustQuestions::interrupt(const Key& key) {
  if (asks_server()) return connection_.answer(false);
  if (answer().empty()) return uses_.exit.press(key);
  answer().set("");
  uses_.typing.update();
}

void TrustQuestions::cancel() {
  if (asks_server()) return connection_.answer(false);
  Window& window = ui_.state.window();
  window.verifying = false;
  window.problem.clear();
  window.answer.clear();
  ui_.state.said.clear();
}

void TrustQuestions::model_changed() {
  forget_question();
  for (Window& window : ui_.state.windows)
    if (window.verifying) forget_number(window);
}

void TrustQuestions::forget_question() {
  const auto& question = ui_.model().question;
  std::string now = question ? question->server + " " + question->shown.str() : std::string();
  if (question && question->kind == client::Question::Kind::server_changed) now += " changed";
  if (now == question_) return;
  if (!std::exchange(question_, std::move(now)).empty()) {
    ui_.state.said.clear();
    ui_.state.panel_scroll = 0;
  }
  ui_.state.answer.clear();
  ui_.state.answer_problem.clear();
}

// The peer sees the number of the new key.
void TrustQuestions::forget_number(Window& window) {
  const client::Peer* peer = ui_.peer(window.peer);
  if (peer == nullptr || peer->id.text() == window.verifying_id) return;
  window.verifying = false;
  window.problem.clear();
  window.answer.clear();
}

void TrustQuestions::wipe() {
  wipe_and_assign(question_);
}

// Commands work here, too. Only the right answer ends a question.
void TrustQuestions::enter() {
  const PanelKind kind = panel_kind(ui_.model(), ui_.state);
  const std::string text = trimmed(answer().take());
  ui_.state.said.clear();
  if (!text.empty() && text.front() == '/') return uses_.line.run_typed_elsewhere(text);
  if (asks_server()) return answer_server(text);
  ui_.state.window().problem.clear();
  ui_.state.panel_scroll = 0;
  if (kind == PanelKind::peer_changed) return answer_peer(text);
  compare(text);
}

void TrustQuestions::answer_peer(const std::string& text) {
  Window& window = ui_.state.window();
  if (auto accepted = conversations_.accept_changed(window.peer, text); !accepted)
    window.problem = "Nothing was accepted: " + accepted.error();
}

void TrustQuestions::compare(const std::string& text) {
  Window& window = ui_.state.window();
  const std::string peer = window.peer;
  if (text.empty()) {
    window.problem = "Nothing was compared. Type or paste the number that " + peer + " sees.";
  } else if (auto same = conversations_.verify(peer, text); !same) {
    window.problem = "Not verified: " + same.error();
  } else {
    window.verifying = false;
    uses_.notices.say(peer + " is verified: the numbers are the same.");
  }
}

void TrustQuestions::answer_server(const std::string& text) {
  const client::Question& question = *ui_.model().question;
  UiState& state = ui_.state;
  state.answer_problem.clear();
  state.panel_scroll = 0;
  const bool first = question.kind == client::Question::Kind::server_first;
  const bool same = text == question.shown.text();
  if (text == "no") return connection_.answer(false);
  if (first && (text == "yes" || same)) return connection_.answer(true);
  if (first) {
    state.answer_problem = "Please type 'yes', 'no' or the fingerprint.";
    return;
  }
  if (auto done = connection_.accept_changed_server(text); !done)
    state.answer_problem = "Nothing was accepted: " + done.error();
}

}  // namespace sims::tui
