// The socket of the program that holds the store, over which other `sims` commands of the same user go
// through it: client/holder/holder_path says where. At most 64 of them; one that does nothing for a minute
// (or, while it may ask a person about a key, for 15), and one that does not read its answers, is cut off.
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
  static constexpr std::size_t most = 64;
  static constexpr std::size_t max_queued = 1 << 20;  // bytes of answers and events that one does not read
  // The caller holds the store's lock as long as this lives. The service and the loop outlive it.
  static Result<std::unique_ptr<HolderSocket>> open(net::Loop& loop, const std::vector<std::string>& paths,
                                                    HolderService& service);
  ~HolderSocket();  // removes it
  // From now on nobody else can begin. Those who wait for an answer stay.
  void close_door();
  bool busy() const;  // somebody waits for an answer

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
