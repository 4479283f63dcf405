// Checks that text is safe for a terminal. They do not use the tables of base/text.h, which the fuzzers test.
#pragma once

#include <string_view>

#include "tui/term/cells.h"

namespace sims::fuzz {

// Whether a character is drawn in its place: not a control, not invisible, not a change of direction.
bool drawn(char32_t c);
// Whether the text is valid UTF-8 of such characters and of those in `besides` (ASCII).
bool safe(std::string_view text, std::string_view besides = "");
// Whether each cell has one character with its marks, and the widths add up.
bool safe(std::span<const tui::Cell> cells);
bool safe(const tui::Grid& grid);  // all rows, the title, the cursor within
bool ascii(const tui::Grid& grid);

}  // namespace sims::fuzz
