// The socket of the program that holds the store, through which other `sims` commands of the same
// user work (client/holder/holder_path has the path). It takes at most 64 connections. It closes
// one that is idle for a minute (or for 15, while its command may ask a person about a key), and
// one that does not read its answers.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/holder/service.h"
#include "net/listener.h"
#include "net/stream.h"

namespace sims::client {

class HolderSocket {
 public:
  static constexpr std::size_t max_connections = 64;
  static constexpr std::size_t max_queued = 1 << 20;  // bytes of unread answers and events
  // The caller holds the store's lock as long as this lives. The service and the loop outlive it.
  static Result<std::unique_ptr<HolderSocket>> open(net::Loop& loop, const std::vector<std::string>& paths,
                                                    HolderService& service);
  ~HolderSocket();  // removes the socket
  // Refuses new connections. Commands that wait for an answer stay connected.
  void close_door();
  bool busy() const;  // some command waits for an answer

 private:
  struct Connection;
  HolderSocket(net::Loop& loop, std::string path, HolderService& service);
  void accept(std::unique_ptr<net::Stream> stream);
  bool refuse(net::Stream& stream) const;
  void pump(std::uint64_t number);
  void ended(std::uint64_t number, bool orderly);
  void look_for_idle();

  net::Loop& loop_;
  const std::string path_;
  HolderService& service_;
  std::unique_ptr<net::Listener> listener_;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_ = 0;
  net::Timer idle_;
};

}  // namespace sims::client
