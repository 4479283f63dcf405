// render() (view.h) for one frame after the other: the same grid, sooner. A part of the screen that shows
// what it showed in the last frame stays as it is, and rows of a conversation are made once. What a frame
// costs grows neither with the number of peers nor with what was said. Pure but for that memory.
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

  const Grid& render(const client::Model& model, const UiState& ui, Now now);  // good until the next call
  // After a key that changed the draft alone (Ui::typed()): the last grid with its new input, all else as it
  // was, also where there is news to show. nullptr: the input moves other parts, so render() is needed.
  const Grid* render_input(const client::Model& model, const UiState& ui);
  // A number for each row of that grid: one that is the same as before stands for the same cells.
  std::span<const std::uint64_t> stamps() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::tui
