// The mouse, and the list where it has no room of its own.
#include "tui/ui/ui.h"
#include "tui/view/parts.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

constexpr int wheel_rows = 3;

}  // namespace

// The wheel moves what is looked at; a click opens the window of a row of the list. Nothing that waits for an
// answer is answered by the mouse.
void Ui::pointer(const Key& key) {
  const Focus focus = focus_of(intents_.model(), state_);
  if (!state_.options.mouse || focus == Focus::gate || focus == Focus::dialog) return;
  state_.hint.clear();
  if (key.code != KeyCode::press) {
    const int direction = key.code == KeyCode::wheel_up ? 1 : -1;
    return focus == Focus::find ? step_hit(direction) : scroll(direction, wheel_rows);
  }
  if (key.ch != 1 || (focus != Focus::input && focus != Focus::panel)) return;
  const Layout layout = layout_of(intents_.model(), state_);
  const Rect over = over_rect(layout, state_);
  const Rect& list = over.empty() ? layout.list : over;
  if (key.x >= list.x && key.x < list.x + list.width && key.y >= list.y && key.y < list.y + list.height)
    click_list(key.y - list.y, list.height);
}

void Ui::click_list(int row, int height) {
  const ListPart rows = list_part(intents_.model(), state_, height);
  const auto at = static_cast<std::size_t>(row);
  if (at >= rows.size()) return;
  state_.look.list_over = false;
  if (rows[at].status)
    go_to(0);
  else
    go_to_peer(rows[at].name);
}

void Ui::toggle_list() {
  if (state_.look.list_over) {
    state_.look.list_over = false;
  } else if (!layout_of(intents_.model(), state_).list.empty()) {
    state_.hint = "the list is at the left";
  } else {
    state_.look.bare = false;
    state_.look.list_over = true;
  }
}

// Up and Down go through it, Enter and Escape close it, and so does every other key, which then does what it
// does.
bool Ui::list_key(const Key& key) {
  const auto action = action_of(key);
  if (action == Action::up || action == Action::list_up) return step_peer(-1), true;
  if (action == Action::down || action == Action::list_down) return step_peer(1), true;
  state_.look.list_over = false;
  return action == Action::send || action == Action::cancel || action == Action::list;
}

}  // namespace sims::tui
