// The program sims behind its arguments: what needs no server is done here, the rest is a Session.
#pragma once

#include "cli/options.h"

namespace sims::client::cli {

Exit run(Options options);

}  // namespace sims::client::cli
