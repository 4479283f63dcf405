// The default place of the relay's state: for simsd, and for simsctl, which finds its socket there.
#pragma once

#include <string>

namespace sims::server {

// Where the state is unless something else is said: the service manager's folder, /var/lib/simsd for root,
// else the user's own. Empty: no home directory.
std::string default_state_dir();

}  // namespace sims::server
