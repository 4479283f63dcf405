// Mouse: passes the wheel to the search or the chat, and a click to the list.
#include "tui/ui/mouse.h"

namespace sims::tui {
namespace {

constexpr int wheel_rows = 3;

}  // namespace

void Mouse::handle(const Key& key) {
  const Focus focus = ui_.focus();
  if (!ui_.state.options.mouse || focus == Focus::passphrase || focus == Focus::dialog) return;
  ui_.state.hint.clear();
  if (key.code == KeyCode::press) {
    if (key.ch == 1 && (focus == Focus::input || focus == Focus::panel)) list_.click(key);
    return;
  }
  const int direction = key.code == KeyCode::wheel_up ? 1 : -1;
  if (focus == Focus::find) return search_.step(direction);
  chat_.scroll(direction, wheel_rows);
}

}  // namespace sims::tui
