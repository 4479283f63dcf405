// All that draws a state of the client, held against what must be true of each screen.
#pragma once

#include "client/model/model.h"
#include "tui/state/state.h"
#include "tui/view/plain.h"
#include "tui/view/renderer.h"

namespace sims::fuzz {

class Shown {
 public:
  // Throws Broken. Remembers, as the program does, what it drew before.
  void check(const client::Model& model, const tui::UiState& ui, Now now);

 private:
  tui::Renderer renderer_;
  tui::Plain plain_;
};

}  // namespace sims::fuzz
