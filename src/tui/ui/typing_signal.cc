// TypingSignal: starts and stops the notice as the draft and the window change.
#include "tui/ui/typing_signal.h"

#include <utility>

#include "base/secret.h"

namespace sims::tui {

// The core limits how often it sends the notice.
void TypingSignal::update() {
  const client::Peer* peer = ui_.front_peer();
  Window& window = ui_.state.window();
  const std::string& text = window.input.text();
  if (text.empty())
    window.typed_for.clear();
  else if (window.typed_for.empty() && peer != nullptr)
    window.typed_for = peer->id.text();
  if (peer == nullptr || !peer->known() || ui_.state.away || text.empty() || text.front() == '/')
    return stop();
  told_ = peer->name;
  intents_.typing(told_, true);
}

void TypingSignal::stop() {
  if (!told_.empty()) intents_.typing(std::exchange(told_, std::string()), false);
}

void TypingSignal::stop_to(const std::string& peer) {
  if (told_ == peer) stop();
}

void TypingSignal::wipe() {
  wipe_and_assign(told_);
}

}  // namespace sims::tui
