// What may reach a terminal, said a second time: without the tables of base/text.h, which is what is judged.
#pragma once

#include <string_view>

#include "tui/term/cells.h"

namespace sims::fuzz {

// A character that is drawn where it stands: no control, nothing invisible, nothing that turns the direction.
bool drawn(char32_t c);
// Valid UTF-8 of such characters, and of those `besides` (ASCII).
bool safe(std::string_view text, std::string_view besides = "");
// Cells of whole characters whose widths add up, one character and its marks in each.
bool safe(std::span<const tui::Cell> cells);
bool safe(const tui::Grid& grid);  // all rows, the title, the cursor within
bool ascii(const tui::Grid& grid);

}  // namespace sims::fuzz
