// Resolves a host, for a program's start: it blocks until the resolver answers.
#pragma once

#include <vector>

#include "base/endpoint.h"
#include "base/result.h"

namespace sims::net {

// Returns the host's addresses, numeric, each once, with the port of `at`; fails in words.
Result<std::vector<Endpoint>> resolve(const Endpoint& at);

}  // namespace sims::net
