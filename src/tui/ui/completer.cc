// Completer: begins a completion, and steps through its candidates.
#include "tui/ui/completer.h"

#include "base/secret.h"
#include "tui/view/view.h"

namespace sims::tui {

bool Completer::begin(bool forward) {
  Completables with;
  for (const auto* peer : listed_peers(ui_.model(), ui_.state)) {
    with.peers.push_back(peer->name);
    if (peer->standing == client::Standing::request) with.requests.push_back(peer->name);
  }
  with.windows = ui_.state.windows.size();
  with.files = [this](const std::string& beginning) { return program_.files(beginning); };
  const Editor& input = ui_.state.window().input;
  completion_ = complete(input.text(), input.cursor(), with);
  if (completion_.candidates.empty()) return false;
  cycling_ = true;
  at_ = forward ? 0 : completion_.candidates.size() - 1;
  return true;
}

void Completer::step(bool forward) {
  const Window& window = ui_.state.window();
  if (cycling_ && window.peer == window_ && window.input.text() == text_) {
    const std::size_t count = completion_.candidates.size();
    at_ = (at_ + (forward ? 1 : count - 1)) % count;
  } else if (!begin(forward)) {
    ui_.state.hint = "nothing to complete";
    return;
  }
  Editor& input = ui_.state.window().input;
  input.replace(completion_.from, completion_.to, completion_.candidates[at_]);
  completion_.to = input.cursor();
  window_ = window.peer;
  text_ = input.text();
  const std::size_t count = completion_.candidates.size();
  if (count > 1) ui_.state.hint = std::to_string(at_ + 1) + " of " + std::to_string(count);
}

void Completer::wipe() {
  wipe_and_assign(completion_);
  wipe_and_assign(window_);
  wipe_and_assign(text_);
  cycling_ = false;
}

}  // namespace sims::tui
