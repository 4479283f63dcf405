// sims-tui --demo: the whole interface over a DemoWorld. No store, no network.
#pragma once

#include "tui/face.h"

namespace sims::tui {

void run_demo(Face& face);  // until the user leaves

}  // namespace sims::tui
