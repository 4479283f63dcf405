// The pins of one server's peers (sims-protocol(7) section 7), read from the Memory once and kept
// in step with it: a key that was not stored does not count as pinned. Owned by the core.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "client/model/memory.h"

namespace sims::client {

class Pins {
 public:
  explicit Pins(Memory& store) : store_(store) {}

  void load(const Id& server);
  void clear();  // no server: no pins
  const std::map<std::string, PinnedPeer>& peers() const { return peers_; }
  const PinnedPeer* find(const std::string& name) const;
  const std::string* name_of(const Id& id) const;  // the name of a pinned id
  Result<void> pin(const std::string& name, const PinnedPeer& peer);
  Result<void> forget(const std::string& name);
  std::size_t requests() const { return requests_; }  // peers of this standing

 private:
  void unindex(const std::string& name);  // before its pin goes

  Memory& store_;
  Id server_;
  std::map<std::string, PinnedPeer> peers_;
  std::unordered_map<Id, std::string> names_;
  std::size_t requests_ = 0;
};

}  // namespace sims::client
