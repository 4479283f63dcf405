// Shortcuts: calls for each key the same function as its command.
#include "tui/ui/shortcuts.h"

#include "tui/ui/command_handlers.h"

namespace sims::tui {

bool Shortcuts::handle_key(const Key& key) {
  const auto action = ui_.action_of(key);
  if (action == Action::search) return search_.open(""), true;
  if (action == Action::help) return commands::show_keys(ui_, notices_), true;
  if (action == Action::mouse) return commands::toggle_mouse(ui_, program_, notices_), true;
  return false;
}

}  // namespace sims::tui
