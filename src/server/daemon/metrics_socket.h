// Answers GET /metrics over HTTP on the loopback interface only: remote readers need a proxy that
// authenticates them. At most 8 connections of at most 5 s.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/endpoint.h"
#include "net/listener.h"
#include "net/stream.h"

namespace sims::server {

constexpr std::uint16_t default_metrics_port = 9467;

// Parses a loopback address; fails in words for anything else. Numeric only, so that no resolver
// can change it.
Result<Endpoint> parse_metrics_address(std::string_view text);

class MetricsSocket {
 public:
  static constexpr std::size_t max_connections = 8;
  using Text = std::function<std::string()>;  // the metrics as they are now

  static Result<std::unique_ptr<MetricsSocket>> listen(net::Loop& loop, const Endpoint& at, Text text);
  static Result<std::unique_ptr<MetricsSocket>> adopt(net::Loop& loop, int fd, Text text);  // systemd's
  ~MetricsSocket();
  std::string address() const { return listener_->bound().str(); }

 private:
  struct Connection;
  MetricsSocket(net::Loop& loop, Text text);
  void accept(std::unique_ptr<net::Stream> stream);

  net::Loop& loop_;
  const Text text_;
  std::unique_ptr<net::Listener> listener_;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_ = 0;
};

}  // namespace sims::server
