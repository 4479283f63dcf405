// Resource limits that simsd raises when it starts, and privileges that it gives up once everything
// is open.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "server/policy/budgets.h"

namespace sims::server {

// Raises the limit of open files to its maximum, and lowers limits.connections to what that allows
// beside `other_descriptors`.
void fit_descriptors(Limits& limits, std::size_t other_descriptors);
// Call it after fit_descriptors(). Fails in words when there are too few: libuv would abort the
// process.
Result<void> check_descriptors();
// Call it once everything is open. Warns if the process is root; with `confine_wanted` gives up the
// system calls that serving does not need.
Result<void> give_up(bool confine_wanted);

}  // namespace sims::server
