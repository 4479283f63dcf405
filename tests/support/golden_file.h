// Golden files: tests/tui/golden/NAME. UPDATE_GOLDEN=1 writes them: look at the changes before you
// commit them.
#pragma once

#include <string>

#include "tui/view/layout.h"

namespace sims::test {

inline constexpr tui::Size golden_sizes[] = {{80, 24}, {40, 10}, {20, 5}, {200, 60}};

void check_golden(const std::string& name, const std::string& got);
std::string golden_name(const std::string& scene, tui::Size size);  // "chat-80x24"

}  // namespace sims::test
