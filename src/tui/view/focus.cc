#include "tui/view/focus.h"

#include "tui/view/panel.h"

namespace sims::tui {

Focus focus_of(const client::Model& model, const UiState& ui) {
  if (ui.gate.open()) return Focus::gate;
  if (model.question) return Focus::server_key;
  if (ui.dialog.open) return Focus::dialog;
  if (ui.find.open) return Focus::find;
  if (ui.ask.open()) return Focus::ask;
  if (ui.history_find.open) return Focus::history_find;
  return panel_kind(model, ui) == PanelKind::none ? Focus::input : Focus::panel;
}

}  // namespace sims::tui
