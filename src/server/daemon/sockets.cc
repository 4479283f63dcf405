// Takes sockets from the service manager, or binds the addresses of `listen`.
#include "server/daemon/sockets.h"

#include <systemd/sd-daemon.h>

#include <cstdlib>

#include "base/endpoint.h"
#include "net/listener.h"
#include "net/resolve.h"
#include "os/log.h"
#include "proto/limits.h"

namespace sims::server {

namespace {

Result<void> listen_at(const std::string& text, std::vector<int>& sockets) {
  const auto at = Endpoint::parse(text, proto::default_port);
  TRY(at);
  const auto addresses = net::resolve(*at);
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
  // A name may have addresses that this machine does not have: localhost's ::1 without IPv6.
  log::warning("event=not-listening reason={}", log::remote{done.error()});
  return {};
}

// Takes the sockets from the service manager (sd_listen_fds_with_names(3)). Once: child processes
// get none.
Sockets given_sockets() {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  Sockets given;
  for (int i = 0; i < count; ++i) {
    const int fd = SD_LISTEN_FDS_START + i;
    if (names != nullptr && std::string_view(names[i]) == "metrics")
      given.metrics = fd;
    else
      given.clients.push_back(fd);
    if (names != nullptr) std::free(names[i]);
  }
  std::free(names);
  return given;
}

}  // namespace

Result<Sockets> open_sockets(const std::vector<std::string>& listen) {
  Sockets sockets = given_sockets();
  if (!sockets.clients.empty()) {
    if (!listen.empty()) log::warning("event=listen-ignored note=\"the service manager gives the sockets\"");
    return sockets;
  }
  for (const auto& text : listen)
    TRY(listen_at(text, sockets.clients));
  if (!listen.empty()) return sockets;
  const auto port = ":" + std::to_string(proto::default_port);
  TRY(listen_at("0.0.0.0" + port, sockets.clients));
  if (auto done = listen_at("[::]" + port, sockets.clients); !done)  // a machine without IPv6
    log::warning("event=no-ipv6 reason={}", log::remote{done.error()});
  return sockets;
}

}  // namespace sims::server
