// render() (view.h) for a sequence of frames: the same grid, but incremental. Draws only parts that changed
// since the last frame, and makes the rows of a line once. The cost of a frame grows neither with the number
// of peers nor with the length of a conversation. Pure but for this cache.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "client/model/model.h"
#include "tui/state/state.h"
#include "tui/term/cells.h"

namespace sims::tui {

class Renderer {
 public:
  Renderer();
  ~Renderer();
  Renderer(const Renderer&) = delete;
  Renderer& operator=(const Renderer&) = delete;

  const Grid& render(const client::Model& model, const UiState& ui, Now now);  // valid until the next call
  // For a key that changed the draft alone (Ui::typed()): draws the input and leaves the rest of the last
  // grid, even if the model has changed. nullptr if the input moves other parts: then call render().
  const Grid* render_input(const client::Model& model, const UiState& ui);
  // A stamp for each row of that grid. A row with the same stamp as before holds the same cells.
  std::span<const std::uint64_t> stamps() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::tui
