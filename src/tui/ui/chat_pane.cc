// ChatPane: its keys, and scrolling that loads older lines.
#include "tui/ui/chat_pane.h"

#include <algorithm>

#include "tui/view/trust_panel.h"
#include "tui/view/view.h"

namespace sims::tui {
namespace {

constexpr int max_pages = 4;  // of the history, loaded for one key

bool same(const Scroll& a, const Scroll& b) {
  return a.following == b.following && (a.following || (a.serial == b.serial && a.row == b.row));
}

}  // namespace

bool ChatPane::handle_key(const Key& key) {
  switch (ui_.action_of(key).value_or(Action::send)) {
    case Action::scroll_up:
      return scroll(1), true;
    case Action::scroll_down:
      return scroll(-1), true;
    case Action::top:
      return scroll_to_end(true), true;
    case Action::bottom:
      return scroll_to_end(false), true;
    case Action::bare:
      return ui_.state.look.bare = !ui_.state.look.bare, true;
    default:
      return false;
  }
}

void ChatPane::scroll(int direction, int by) {
  const client::Model& model = ui_.model();
  const Layout layout = layout_of(model, ui_.state);
  const PanelPlace panel = place_panel(shown_panel(model, ui_.state), layout.chat);
  const int rows = static_cast<int>(panel.rows.size()), shown = panel.text.height;
  if (rows > shown) {
    int& above = ui_.state.panel_scroll;
    above = std::clamp(above - direction * (by > 0 ? by : std::max(1, shown)), 0, rows - shown);
    return;
  }
  const int height = layout.chat.height - panel.height;
  scroll_chat(layout.chat.width, height, direction * (by > 0 ? by : std::max(1, height - 2)));
}

void ChatPane::scroll_to_end(bool top) {
  const Layout layout = layout_of(ui_.model(), ui_.state);
  constexpr int far = 1'000'000;  // rows
  if (top) return scroll_chat(layout.chat.width, layout.chat.height, far);
  ui_.state.window().scroll = Scroll{};
  tracker_.look();
}

void ChatPane::show_in_middle(std::uint64_t serial) {
  ui_.state.window().scroll = {false, serial, 0};
  const Layout layout = layout_of(ui_.model(), ui_.state);
  scroll_chat(layout.chat.width, layout.chat.height, -layout.chat.height / 2);
}

// At the oldest loaded line, loads older ones and scrolls on, so that one key moves a whole page.
void ChatPane::scroll_chat(int width, int height, int rows) {
  Window& window = ui_.state.window();
  const client::Peer* peer = ui_.front_peer();
  const Chat chat = chat_of(ui_.model(), ui_.state, width);
  for (int page = 0;; ++page) {
    const Scroll to = scrolled(chat, height, window.scroll, rows);
    const bool top = rows > 0 && same(scrolled(chat, height, to, 1), to);
    if (top && peer && peer->older && page < max_pages && store_.load_older(peer->name)) continue;
    if (top && same(to, window.scroll)) ui_.state.hint = "there is nothing older";
    window.scroll = to;
    return tracker_.look();
  }
}

}  // namespace sims::tui
