// simsctl(8): one request to a running simsd over its control socket, and what it answers, printed.
#pragma once

#include "ctl/request.h"

namespace sims::server {

int run_ctl(const CtlOptions& options);  // the exit status

}  // namespace sims::server
