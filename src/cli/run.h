// The program sims after its arguments are parsed. It runs commands that need no server here, and
// the others in a session.
#pragma once

#include "cli/options.h"

namespace sims::client::cli {

Exit run(Options options);

}  // namespace sims::client::cli
