// The edge around the core: listeners, streams, timers, signals and worker threads (net/), and systemd. Turns
// their events into calls of the core, and carries out its actions.
#pragma once

#include <functional>

#include "server/daemon/settings.h"
#include "server/daemon/sockets.h"
#include "server/daemon/state_folder.h"

namespace sims::server {

struct DaemonHooks {
  std::function<Result<Settings>()> reload;  // reads the configuration again (SIGHUP)
  // Everything is bound and open. "127.0.0.1:7467,[::1]:7467"; a failure stops the start.
  std::function<Result<void>(const std::string& addresses)> ready;
};

// Serves on these listening sockets until SIGTERM or SIGINT; then tells everyone, drains for at most 5 s and
// returns. Confines the process before it says that it is ready. Fails in words when it cannot begin to
// serve.
Result<void> serve(const Settings& settings, StateFolder& state, const Sockets& sockets,
                   const DaemonHooks& hooks);

}  // namespace sims::server
