// sims-tui --demo: the whole interface over a DemoWorld. No store, no network.
#pragma once

#include "tui/config_file.h"
#include "tui/face.h"

namespace sims::tui {

void run_demo(Face& face, const Config& config);  // until the user leaves

}  // namespace sims::tui
