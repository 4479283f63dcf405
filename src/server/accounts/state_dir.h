// The default place of the relay's state: for simsd, and for simsctl, which finds its socket there.
#pragma once

#include <string>

namespace sims::server {

// The state folder unless --state-dir is given: the service manager's, /var/lib/simsd for root,
// else one in the user's home. Empty: there is no home directory.
std::string default_state_dir();

}  // namespace sims::server
