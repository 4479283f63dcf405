// Live as the holder of the store: it serves the `sims` commands of the same user, over a socket.
#include <unistd.h>

#include "client/holder/holder_path.h"
#include "os/version.h"
#include "tui/app/live_session.h"

namespace sims::tui {

client::Greeting Live::greeting() {
  client::Greeting self{"sims-tui", version(), client::holder_protocol, 0, "", ""};
  self.pid = static_cast<std::uint64_t>(::getpid());
  return self;
}

void Live::serve_commands() {
  const auto paths = client::holder_paths(client::own_run_folder(), store_.folder(), store_.id());
  auto socket = client::HolderSocket::open(loop_, paths, service_);
  if (socket)
    commands_ = std::move(*socket);
  else
    notice("", "sims commands cannot go through this program: " + socket.error());
}

client::ClientCore* Live::core() {
  return link_ ? &link_->core() : nullptr;
}

std::string Live::locked() const {
  return store_.unlocked() && !locking_ ? "" : "sims-tui, which uses this store, is locked: unlock it first";
}

Result<bool> Live::forget_server(const std::string& host_port) {
  if (!store_.server(host_port)) return false;
  auto done = store_.forget_server(host_port);
  if (done) done = store_.save();
  return done ? Result<bool>(true) : fail(done.error());
}

}  // namespace sims::tui
