// The listening sockets: those from the service manager, or bound here. Made before anything else, while
// root's rights last.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sims::server {

// Descriptors for net::Listener::adopt.
struct Sockets {
  std::vector<int> clients;
  std::optional<int> metrics;  // from the service manager, by the name "metrics"
};

// No `listen`: the default port of every address.
Result<Sockets> open_sockets(const std::vector<std::string>& listen);

}  // namespace sims::server
