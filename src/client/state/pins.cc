// Pins: loads, stores and forgets pins, with an index by id.
#include "client/state/pins.h"

namespace sims::client {

void Pins::load(const Id& server) {
  server_ = server;
  peers_ = store_.peers(server);
  names_.clear();
  requests_ = 0;
  for (const auto& [name, peer] : peers_) {
    names_.emplace(peer.id, name);
    if (peer.standing == Standing::request) ++requests_;
  }
}

void Pins::clear() {
  server_ = {};
  peers_.clear();
  names_.clear();
  requests_ = 0;
}

const PinnedPeer* Pins::find(const std::string& name) const {
  auto at = peers_.find(name);
  return at == peers_.end() ? nullptr : &at->second;
}

const std::string* Pins::name_of(const Id& id) const {
  auto at = names_.find(id);
  return at == names_.end() ? nullptr : &at->second;
}

void Pins::unindex(const std::string& name) {
  auto old = peers_.find(name);
  if (old == peers_.end()) return;
  if (old->second.standing == Standing::request) --requests_;
  auto at = names_.find(old->second.id);
  if (at != names_.end() && at->second == name) names_.erase(at);
}

Result<void> Pins::pin(const std::string& name, const PinnedPeer& peer) {
  TRY(store_.pin_peer(server_, name, peer));
  unindex(name);
  peers_.insert_or_assign(name, peer);
  names_.insert_or_assign(peer.id, name);
  if (peer.standing == Standing::request) ++requests_;
  return {};
}

Result<void> Pins::forget(const std::string& name) {
  TRY(store_.forget_peer(server_, name));
  unindex(name);
  peers_.erase(name);
  return {};
}

}  // namespace sims::client
