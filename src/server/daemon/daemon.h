// The edge around the relay: listeners, streams, timers, signals and worker threads (net/), and
// systemd. It turns their events into calls of the relay, and carries out the relay's actions.
#pragma once

#include <functional>

#include "server/daemon/settings.h"
#include "server/daemon/sockets.h"
#include "server/daemon/state_folder.h"

namespace sims::server {

struct DaemonHooks {
  std::function<Result<Settings>()> reload;  // reads the configuration again (SIGHUP)
  // Called once everything is bound and open, with "127.0.0.1:7467,[::1]:7467". A failure stops the
  // start.
  std::function<Result<void>(const std::string& addresses)> ready;
};

// Serves on these listening sockets until SIGTERM or SIGINT; then sends `going-away`, drains for at
// most 5 s and returns. Confines the process before it reports readiness. Fails in words when it
// cannot start to serve.
Result<void> serve(const Settings& settings, StateFolder& state, const Sockets& sockets,
                   const DaemonHooks& hooks);

}  // namespace sims::server
