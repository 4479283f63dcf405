// Prompt: keeps questions over each other, and takes only the keys that answer the top one.
#include "tui/ui/prompt.h"

#include <utility>

namespace sims::tui {

void Prompt::answer_with(std::initializer_list<Ask::About> kinds, const Answer& answer) {
  for (const Ask::About kind : kinds)
    answers_[static_cast<std::size_t>(kind)] = answer;
}

// A command in the panel of a server's key can raise the same question again and again.
void Prompt::ask(Ask question) {
  UiState& state = ui_.state;
  if (state.ask.open()) state.asks_below.push_back(std::move(state.ask));
  std::erase_if(state.asks_below, [&](const Ask& below) {
    return below.words == question.words && below.window == question.window;
  });
  state.ask = std::move(question);
}

// Keys that mean nothing here, such as Enter or the rest of a word, leave the question open.
bool Prompt::handle_key(const Key& key) {
  if (ui_.focus() != Focus::ask) return false;
  UiState& state = ui_.state;
  const bool plain = key.code == KeyCode::character && !key.ctrl && !key.alt;
  const char32_t typed = ui_.leaves(key) ? U'n' : plain ? key.ch : 0;
  const bool back = typed == U'n';
  const bool slash = state.ask.about == Ask::About::slash;
  if (!back && (slash ? typed != U's' && typed != U'r' : typed != U'y')) {
    state.hint = slash ? "s, r or Esc" : "y or n";
    return true;
  }
  const Ask asked = std::exchange(state.ask, Ask{});
  if (!state.asks_below.empty()) {
    state.ask = std::move(state.asks_below.back());
    state.asks_below.pop_back();
  }
  if (!back) answers_[static_cast<std::size_t>(asked.about)](asked, typed);
  return true;
}

}  // namespace sims::tui
