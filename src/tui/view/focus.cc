// The order of the components, and the search for the topmost open one.
#include "tui/view/focus.h"

#include <algorithm>
#include <array>

#include "tui/view/trust_panel.h"

namespace sims::tui {
namespace {

struct Layer {
  Focus focus;
  bool (*open)(const client::Model& model, const UiState& ui);
};

// Topmost first. The input is below all of these and always open.
constexpr std::array<Layer, 7> layers = {{
    {Focus::passphrase, [](const client::Model&, const UiState& ui) { return ui.passphrase.open(); }},
    {Focus::server_key,
     [](const client::Model& model, const UiState&) { return model.question.has_value(); }},
    {Focus::dialog, [](const client::Model&, const UiState& ui) { return ui.dialog.open; }},
    {Focus::find, [](const client::Model&, const UiState& ui) { return ui.find.open; }},
    {Focus::ask, [](const client::Model&, const UiState& ui) { return ui.ask.open(); }},
    {Focus::history_find, [](const client::Model&, const UiState& ui) { return ui.history_find.open; }},
    {Focus::panel,
     [](const client::Model& model, const UiState& ui) { return panel_kind(model, ui) != PanelKind::none; }},
}};

}  // namespace

Focus focus_of(const client::Model& model, const UiState& ui) {
  const auto top =
      std::find_if(layers.begin(), layers.end(), [&](const Layer& layer) { return layer.open(model, ui); });
  return top == layers.end() ? Focus::input : top->focus;
}

}  // namespace sims::tui
