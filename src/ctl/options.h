// Parses simsctl(8)'s command line.
#pragma once

#include <variant>

#include "ctl/request.h"

namespace sims::server {

// The options, or the status to exit with (after --help, --version or wrong usage).
std::variant<CtlOptions, int> parse_ctl_arguments(int argc, const char* const* argv);

}  // namespace sims::server
