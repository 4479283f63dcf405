// sims-tui --demo: the whole interface on a DemoWorld, without store and network.
#pragma once

#include "tui/app/config_file.h"
#include "tui/app/display.h"

namespace sims::tui {

void run_demo(Display& display, const Config& config);  // until the user leaves

}  // namespace sims::tui
