// ControlSocket: serves root and the server's own user.
#include "server/daemon/control_socket.h"

#include <unistd.h>

#include "net/unix_socket.h"
#include "server/admin/requests.h"

namespace sims::server {

namespace {

// One connection of simsctl(8).
class Connection final : public net::LocalSession {
 public:
  Connection(Operations& operations, std::function<std::uint64_t()> unix_s, std::function<void()> on_output)
      : session_(operations, std::move(unix_s), std::move(on_output)) {}
  void received(ByteView bytes) override { session_.received(bytes); }
  std::string take_output() override { return session_.take_output(); }
  void set_output_blocked(bool blocked) override { session_.set_output_blocked(blocked); }
  bool busy() const override { return session_.busy(); }
  bool idle() const override { return !session_.busy(); }
  bool finished() const override { return session_.finished(); }

 private:
  ControlSession session_;
};

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(net::Loop& loop, const std::string& path,
                                                           Operations& operations) {
  const auto fd = net::listen_at_path(path);
  if (!fd) return fail("control socket: " + fd.error());
  std::unique_ptr<ControlSocket> self(new ControlSocket(loop, operations));
  auto server = net::LocalServer::serve(loop, path, *fd, *self);
  if (!server) return fail("control socket: " + server.error());
  self->server_ = std::move(*server);
  return self;
}

bool ControlSocket::serves(std::optional<std::uint32_t> user) const {
  return user && (*user == 0 || *user == ::geteuid());
}

std::string ControlSocket::refuse_user() const {
  return control_error("only root and the server's own user may use the control socket");
}

std::string ControlSocket::refuse_another() const {
  return control_error("too many control connections at once; try again");
}

std::unique_ptr<net::LocalSession> ControlSocket::start_session(std::function<void()> on_output) {
  return std::make_unique<Connection>(
      operations_, [this] { return loop_.now().unix_s(); }, std::move(on_output));
}

}  // namespace sims::server
