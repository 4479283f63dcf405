// Notices: shows a text in the window in front, or on the panel that covers it.
#include "tui/ui/notices.h"

#include "tui/view/trust_panel.h"

namespace sims::tui {

// A panel may cover the chat; then the first rows of the panel show the text.
void Notices::say(std::string text) {
  UiState& state = ui_.state;
  Window& window = state.window();
  window.scroll = Scroll{};
  if (panel_kind(ui_.model(), state) != PanelKind::none) {
    state.said = text;
    state.panel_scroll = 0;
  }
  intents_.notice(ui_.model().peers.count(window.peer) ? window.peer : std::string(), std::move(text));
}

void Notices::say_elsewhere(const std::string& peer, std::string text) {
  if (ui_.state.window().peer != peer) return say(std::move(text));
  ui_.state.window().scroll = Scroll{};
}

// Another window may come to the front without a key; the hint stays visible until a key.
void Notices::warn(const std::string& text, std::string hint) {
  ui_.state.hint = std::move(hint);
  if (!ui_.state.window().peer.empty()) status(text);
  say(text);
}

bool Notices::refuse(std::string why) {
  say(std::move(why));
  return false;
}

bool Notices::done(const Result<void>& result) {
  return result ? true : refuse(result.error());
}

}  // namespace sims::tui
