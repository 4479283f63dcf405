// The passphrase's box, drawn over everything else. Pure; shows stars, never what was typed.
#pragma once

#include <string>
#include <vector>

#include "tui/cells.h"
#include "tui/state.h"

namespace sims::tui {

struct GateRow {
  std::string label, stars;
  bool focused = false;
};
std::vector<GateRow> gate_rows(const Gate& gate);
std::string gate_title(const Gate& gate);
std::string gate_message(const Gate& gate);  // the problem, what is going on, or which keys there are

void draw_gate(Grid& grid, const Gate& gate);

}  // namespace sims::tui
