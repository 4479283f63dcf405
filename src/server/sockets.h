// The listening sockets: those from the service manager, or bound here. Made before anything else, while
// root's rights last.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sims::server {

// Descriptors for net::Listener::adopt. No `listen`: the default port of every address.
Result<std::vector<int>> open_sockets(const std::vector<std::string>& listen);

}  // namespace sims::server
