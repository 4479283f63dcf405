// Connects to a host by name. The rules of net/loop.h apply.
#pragma once

#include <functional>
#include <memory>

#include "base/endpoint.h"
#include "net/stream.h"

namespace sims::net {

// Resolves a name and connects (RFC 8305): tries at most 8 addresses, 250 ms apart, both families
// by turns, for at most 10 s; the first that answers wins. Calls on_done once, never from inside
// the constructor, with a stream that is not started yet, or with an error that names the reason of
// each address. After the destructor it calls nothing.
class Connector {
 public:
  Connector(Loop& loop, Endpoint to, std::function<void(Result<std::unique_ptr<Stream>>)> on_done);
  ~Connector();

 private:
  struct Box;
  Box* box_;
};

}  // namespace sims::net
