// Draws a state of the client in every way, and checks each screen.
#pragma once

#include "client/model/model.h"
#include "tui/state/state.h"
#include "tui/view/plain.h"
#include "tui/view/renderer.h"

namespace sims::fuzz {

class Shown {
 public:
  // Throws Broken. Keeps the last screen, as the program does.
  void check(const client::Model& model, const tui::UiState& ui, Now now);

 private:
  tui::Renderer renderer_;
  tui::Plain plain_;
};

}  // namespace sims::fuzz
