// Connects to a host by name. net/loop.h's rules hold.
#pragma once

#include <functional>
#include <memory>

#include "base/endpoint.h"
#include "net/stream.h"

namespace sims::net {

// Resolves and connects. Of several addresses at most 8 are tried, 250 ms apart, both families by turns (RFC
// 8305); the first that answers wins. A failure names what was wrong with each. Dies quietly: no callback
// after that.
class Connector {
 public:
  Connector(Loop& loop, Endpoint to, std::function<void(Result<std::unique_ptr<Stream>>)> on_done);
  ~Connector();

 private:
  struct Box;
  Box* box_;
};

}  // namespace sims::net
