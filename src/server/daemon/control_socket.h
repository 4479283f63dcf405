// The socket `control` in the state folder, over which simsctl(8) talks to a running simsd. It
// serves only root and the server's own user, at most 8 connections; one that is idle for a minute
// is closed.
#pragma once

#include <memory>
#include <string>

#include "net/local_server.h"
#include "server/admin/control.h"

namespace sims::server {

class ControlSocket final : net::LocalService {
 public:
  // The caller holds the state folder's lock, so an existing socket was left by a dead server. The
  // operations and the loop outlive it.
  static Result<std::unique_ptr<ControlSocket>> open(net::Loop& loop, const std::string& path,
                                                     Operations& operations);

 private:
  ControlSocket(net::Loop& loop, Operations& operations) : loop_(loop), operations_(operations) {}
  Limits limits() const override { return {.sessions = 8, .unread = 1 << 20}; }
  bool serves(std::optional<std::uint32_t> user) const override;
  std::string refuse_user() const override;
  std::string refuse_another() const override;
  std::unique_ptr<net::LocalSession> start_session(std::function<void()> on_output) override;

  net::Loop& loop_;
  Operations& operations_;
  std::unique_ptr<net::LocalServer> server_;
};

}  // namespace sims::server
