// HolderSocket: serves commands of the same user alone.
#include "client/holder/holder_socket.h"

#include <unistd.h>

#include "client/holder/holder_path.h"

namespace sims::client {

namespace {

// One command's connection.
class Connection final : public net::LocalSession {
 public:
  Connection(HolderService& service, std::function<void()> on_output)
      : session_(service, std::move(on_output)) {}
  void received(ByteView bytes) override { session_.received(bytes); }
  std::string take_output() override { return session_.take_output(); }
  bool busy() const override { return session_.busy(); }
  bool idle() const override { return session_.idle(); }
  bool finished() const override { return session_.finished(); }
  std::int64_t idle_limit_ms() const override { return session_.idle_limit_ms(); }

 private:
  HolderSession session_;
};

}  // namespace

Result<std::unique_ptr<HolderSocket>> HolderSocket::open(net::Loop& loop,
                                                         const std::vector<std::string>& paths,
                                                         HolderService& service) {
  TRY_LET(at, listen_as_holder(paths));
  std::unique_ptr<HolderSocket> self(new HolderSocket(service));
  TRY_LET(server, net::LocalServer::serve(loop, at.path, at.fd, *self));
  self->server_ = std::move(server);
  return self;
}

bool HolderSocket::serves(std::optional<std::uint32_t> user) const {
  return user == ::geteuid();
}

std::string HolderSocket::refuse_user() const {
  return holder_error_line(std::nullopt, Trouble::failure, "this store is another user's");
}

std::string HolderSocket::refuse_another() const {
  return holder_error_line(std::nullopt, Trouble::busy, "too many commands at once");
}

std::unique_ptr<net::LocalSession> HolderSocket::start_session(std::function<void()> on_output) {
  return std::make_unique<Connection>(service_, std::move(on_output));
}

}  // namespace sims::client
