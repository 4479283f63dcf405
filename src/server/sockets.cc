#include "server/sockets.h"

#include <systemd/sd-daemon.h>

#include <numeric>

#include "base/log.h"
#include "net/stream.h"
#include "proto/limits.h"

namespace sims::server {

namespace {

using Sockets = std::vector<int>;

Result<void> listen_at(const std::string& text, Sockets& sockets) {
  const auto at = net::Endpoint::parse(text, proto::default_port);
  if (!at) return fail(at.error());
  const auto addresses = at->resolve();
  if (!addresses) return fail("cannot listen on " + at->str() + ": " + addresses.error());
  Result<void> done;
  bool any = false;
  for (const auto& address : *addresses) {
    const auto socket = net::Listener::open(address);
    if (socket) {
      sockets.push_back(*socket);
      any = true;
    } else if (done) {
      done = fail(socket.error());
    }
  }
  if (!any || done) return done;
  // A name may have addresses that the machine has not: localhost's ::1 without IPv6.
  log::warning("event=not-listening reason={}", log::remote{done.error()});
  return {};
}

}  // namespace

Result<Sockets> open_sockets(const std::vector<std::string>& listen) {
  if (const int count = sd_listen_fds(1); count > 0) {
    if (!listen.empty()) log::warning("event=listen-ignored note=\"the service manager gives the sockets\"");
    Sockets given(static_cast<std::size_t>(count));
    std::iota(given.begin(), given.end(), SD_LISTEN_FDS_START);
    return given;
  }
  Sockets sockets;
  for (const auto& text : listen)
    if (auto done = listen_at(text, sockets); !done) return fail(done.error());
  if (!listen.empty()) return sockets;
  const auto port = ":" + std::to_string(proto::default_port);
  if (auto done = listen_at("0.0.0.0" + port, sockets); !done) return fail(done.error());
  if (auto done = listen_at("[::]" + port, sockets); !done)  // a machine without IPv6
    log::warning("event=no-ipv6 reason={}", log::remote{done.error()});
  return sockets;
}

}  // namespace sims::server
