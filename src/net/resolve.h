// The addresses of a host, for a program's start: it waits for the resolver.
#pragma once

#include <vector>

#include "base/endpoint.h"
#include "base/result.h"

namespace sims::net {

// Every address that the host stands for now, numeric, each once; an error in words.
Result<std::vector<Endpoint>> resolve(const Endpoint& at);

}  // namespace sims::net
