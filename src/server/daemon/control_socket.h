// The socket `control` in the state folder, over which simsctl(8) talks to a running simsd. It
// serves only root and the server's own user, at most 8 connections; one that is idle for a minute
// is closed.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "net/listener.h"
#include "net/stream.h"
#include "server/admin/control.h"

namespace sims::server {

class ControlSocket {
 public:
  static constexpr std::size_t max_connections = 8;
  // The caller holds the state folder's lock, so an existing socket was left by a dead server. The
  // operations and the loop outlive it.
  static Result<std::unique_ptr<ControlSocket>> open(net::Loop& loop, const std::string& path,
                                                     Operations& operations);
  ~ControlSocket();  // removes the socket's file

 private:
  struct Connection;
  ControlSocket(net::Loop& loop, std::string path, Operations& operations);
  void accept(std::unique_ptr<net::Stream> stream);
  std::string refusal(const net::Stream& stream) const;
  void pump(std::uint64_t number);
  void ended(std::uint64_t number, bool orderly);
  void look_for_idle();

  net::Loop& loop_;
  const std::string path_;
  Operations& operations_;
  std::unique_ptr<net::Listener> listener_;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_ = 0;
  net::Timer idle_;
};

}  // namespace sims::server
