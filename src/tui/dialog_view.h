// The connect dialog, drawn over everything else. Pure.
#pragma once

#include <string>

#include "client/model.h"
#include "tui/cells.h"
#include "tui/state.h"

namespace sims::tui {

// `link`: what the connection does, in words.
void draw_dialog(Grid& grid, const client::Model& model, const UiState& ui, const std::string& link);
std::string suites_label(std::string_view labels);  // "ecdhe,rsa" -> "ECDHE, then RSA"

}  // namespace sims::tui
