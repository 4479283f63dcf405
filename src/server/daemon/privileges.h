// What simsd takes of the system when it starts, and gives back once everything is open.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "server/policy/budgets.h"

namespace sims::server {

// As many descriptors as we may have, and no more connections than these allow beside `other_descriptors`.
void fit_descriptors(Limits& limits, std::size_t other_descriptors);
// After it. libuv ends the process where it finds none for itself; this fails in words before.
Result<void> check_descriptors();
// Once everything is open: tells that it is root; with `confine` gives up the system calls that serving does
// not need.
Result<void> give_up(bool confine_wanted);

}  // namespace sims::server
