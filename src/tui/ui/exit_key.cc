// ExitKey: asks, exits, or waits for the second press.
#include "tui/ui/exit_key.h"

#include "tui/view/view.h"

namespace sims::tui {

void ExitKey::press(const Key& key) {
  if (undelivered(ui_.model()) > 0) return ask_();
  if (pressed_) return program_.quit();
  pressed_ = true;
  ui_.state.hint = shown_key(key) + " again leaves";
}

}  // namespace sims::tui
