// The socket of the program that holds the store, through which other `sims` commands of the same
// user work (client/holder/holder_path has the path). It takes at most 64 connections. It closes
// one that is idle for a minute (or for 15, while its command may ask a person about a key), and
// one that does not read its answers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/holder/service.h"
#include "net/local_server.h"

namespace sims::client {

class HolderSocket final : net::LocalService {
 public:
  // The caller holds the store's lock as long as this lives. The service and the loop outlive it.
  static Result<std::unique_ptr<HolderSocket>> open(net::Loop& loop, const std::vector<std::string>& paths,
                                                    HolderService& service);
  // Refuses new connections. Commands that wait for an answer stay connected.
  void close_door() { server_->close_door(); }
  bool busy() const { return server_->busy(); }  // some command waits for an answer

 private:
  explicit HolderSocket(HolderService& service) : service_(service) {}
  Limits limits() const override { return {.sessions = 64, .unread = 1 << 20}; }
  bool serves(std::optional<std::uint32_t> user) const override;
  std::string refuse_user() const override;
  std::string refuse_another() const override;
  std::unique_ptr<net::LocalSession> start_session(std::function<void()> on_output) override;

  HolderService& service_;
  std::unique_ptr<net::LocalServer> server_;
};

}  // namespace sims::client
