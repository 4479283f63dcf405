// The listening sockets: those from the service manager, or bound here. Opened first, while the
// process has root's rights.
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

// Opens sockets at `listen`; if it is empty, at the default port of every address. Fails in words.
Result<Sockets> open_sockets(const std::vector<std::string>& listen);

}  // namespace sims::server
