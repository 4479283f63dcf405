// The checks of shown.h.
#include "fuzz/shown.h"

#include "fuzz/fuzz.h"
#include "fuzz/safe.h"
#include "tui/view/view.h"

namespace sims::fuzz {

void Shown::check(const client::Model& model, const tui::UiState& ui, Now now) {
  const tui::Grid grid = tui::render(model, ui, now);
  HOLDS(grid.size == ui.size);
  HOLDS(safe(grid));
  HOLDS(!(ui.options.ascii || ui.look.ascii) || ascii(grid));
  const tui::Grid& kept = renderer_.render(model, ui, now);
  HOLDS(tui::same_cells(kept.cells, grid.cells));
  HOLDS(kept.cursor == grid.cursor && kept.cursor_visible == grid.cursor_visible && kept.title == grid.title);
  HOLDS(renderer_.stamps().size() == static_cast<std::size_t>(ui.size.height));
  HOLDS(safe(plain_.update(model, ui, ui.size.width), "\r\n\b"));
}

}  // namespace sims::fuzz
