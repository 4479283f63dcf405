// Prompt: keeps the question and its function, and takes only the keys that answer.
#include "tui/ui/prompt.h"

#include <utility>

namespace sims::tui {

void Prompt::ask(Ask question, Answer answer) {
  ui_.state.ask = std::move(question);
  answer_ = std::move(answer);
}

// Only its own keys answer: neither Enter nor what somebody types on in a hurry.
bool Prompt::handle_key(const Key& key) {
  if (ui_.focus() != Focus::ask) return false;
  const bool plain = key.code == KeyCode::character && !key.ctrl && !key.alt;
  const char32_t typed = ui_.leaves(key) ? U'n' : plain ? key.ch : 0;
  const bool back = typed == U'n';
  const bool slash = ui_.state.ask.about == Ask::About::slash;
  if (!back && (slash ? typed != U's' && typed != U'r' : typed != U'y')) {
    ui_.state.hint = slash ? "s, r or Esc" : "y or n";
    return true;
  }
  const Ask asked = std::exchange(ui_.state.ask, Ask{});
  const Answer answer = std::exchange(answer_, nullptr);
  if (!back) answer(asked, typed);
  return true;
}

}  // namespace sims::tui
