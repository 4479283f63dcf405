// Runs one command of simsctl(8): sends its request to a running simsd and prints the answer.
#pragma once

#include "ctl/request.h"

namespace sims::server {

int run_ctl(const CtlOptions& options);  // the exit status

}  // namespace sims::server
