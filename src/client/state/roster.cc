// Roster: peers that come, leave or show another key, and the pages of a new list.
#include "client/state/roster.h"

namespace sims::client {

Roster::Roster(Model& model, const Pins& pins, std::function<bool(const std::string&)> in_use)
    : model_(model), pins_(pins), in_use_(std::move(in_use)) {}

void Roster::reset() {
  ++model_.people;
  names_.clear();
  ids_.clear();
  model_.peers.clear();
  for (const auto& [name, pin] : pins_.peers()) {
    model_.peers[name].name = name;
    refresh(name);
  }
}

void Roster::lost() {
  ++model_.people;
  names_.clear();
  ids_.clear();
  for (auto& [name, peer] : model_.peers)
    peer.online = false;
}

void Roster::refresh(const std::string& name) {
  auto at = model_.peers.find(name);
  if (at == model_.peers.end()) return;
  ++model_.people;
  Peer& peer = at->second;
  const PinnedPeer* pin = pins_.find(name);
  peer.standing = pin ? pin->standing : Standing::stranger;
  peer.trust = pin && pin->verified ? Trust::verified : Trust::unverified;
  peer.first_seen_unix_ms = pin ? pin->first_seen_unix_ms : 0;
  if (pin) peer.id = pin->id;
  const auto shown = listed(name);
  if (!pin && shown) peer.id = *shown;
  if (pin && shown && *shown != pin->id) {
    peer.trust = Trust::changed;
    peer.changed_to = shown;
    peer.was_verified = pin->verified;
  } else {
    peer.changed_to.reset();
  }
}

bool Roster::apply(const proto::List& list, Now now, std::vector<Change>& changes) {
  bool all = true;
  const bool snapshot = list.event == proto::List::Event::snapshot;
  for (const auto& entry : list.data) {
    if (list.event == proto::List::Event::offline)
      leave(entry.id, changes);
    else
      all = come(entry, snapshot, now, changes) && all;
  }
  return all;
}

bool Roster::come(const proto::ListEntry& entry, bool snapshot, Now now, std::vector<Change>& changes) {
  if (!may_show(entry.name, entry.id)) return true;
  if (!model_.peers.contains(entry.name) && model_.peers.size() >= max_peers) return false;
  // An id has one name, and a name one id: the latest entry of the list counts.
  if (auto at = names_.find(entry.id); at != names_.end() && at->second != entry.name)
    leave(entry.id, changes);
  if (auto at = ids_.find(entry.name); at != ids_.end()) names_.erase(at->second);
  ++model_.people;
  names_[entry.id] = entry.name;
  ids_[entry.name] = entry.id;

  Peer& peer = model_.peers[entry.name];
  peer.name = entry.name;
  const bool was_online = std::exchange(peer.online, true);
  peer.since = entry.since;
  if (is_fixed(peer, entry.id, now, changes)) return true;
  peer.id = entry.id;
  if (!restored(peer, changes) && (!was_online || !snapshot))
    changes.push_back({Change::Event::came, entry.name, was_online});
  return true;
}

Peer* Roster::meet(const std::string& name, const Id& id, Now now, std::vector<Change>& changes) {
  if (!may_show(name, id)) return nullptr;
  if (const auto shown = listed(name); shown && *shown != id) return nullptr;
  if (!model_.peers.contains(name) && model_.peers.size() >= max_peers) return nullptr;
  ++model_.people;
  Peer& peer = model_.peers[name];
  peer.name = name;
  if (is_fixed(peer, id, now, changes)) return &peer;
  peer.id = id;
  restored(peer, changes);
  return &peer;
}

bool Roster::may_show(const std::string& name, const Id& id) const {
  return proto::valid_name(name) && id != model_.self && name != model_.self_name;
}

// True if this name has another id, which must not change silently.
bool Roster::is_fixed(Peer& peer, const Id& id, Now now, std::vector<Change>& changes) {
  const PinnedPeer* pin = pins_.find(peer.name);
  const bool fixed = pin || (!peer.id.empty() && (!peer.lines.empty() || in_use_(peer.name)));
  if (!fixed || peer.id == id) return false;
  const bool news = peer.changed_to != id;
  peer.trust = Trust::changed;
  peer.changed_to = id;
  peer.was_verified = pin && pin->verified;
  if (news) {
    peer.changed_unix_ms = now.unix_ms;
    changes.push_back({Change::Event::changed, peer.name});
  }
  return true;
}

bool Roster::restored(Peer& peer, std::vector<Change>& changes) {
  if (peer.trust != Trust::changed) return false;
  const PinnedPeer* pin = pins_.find(peer.name);
  peer.trust = pin && pin->verified ? Trust::verified : Trust::unverified;
  peer.changed_to.reset();
  changes.push_back({Change::Event::restored, peer.name});
  return true;
}

void Roster::leave(const Id& id, std::vector<Change>& changes) {
  auto at = names_.find(id);
  if (at == names_.end()) return;
  const std::string name = at->second;
  names_.erase(at);
  ids_.erase(name);
  ++model_.people;
  if (auto peer = model_.peers.find(name); peer != model_.peers.end()) {
    peer->second.online = false;
    changes.push_back({Change::Event::left, name});
    drop_if_unused(name);
  }
}

bool Roster::drop_if_unused(const std::string& name) {
  auto at = model_.peers.find(name);
  const Peer& peer = at->second;
  if (peer.online || pins_.find(name) || !peer.lines.empty() || peer.attention || in_use_(name)) return false;
  model_.peers.erase(at);
  return true;
}

void Roster::snapshot_done(std::vector<Change>& changes) {
  std::vector<std::string> gone;
  for (const auto& [name, peer] : model_.peers)
    if (!peer.online) gone.push_back(name);
  for (auto& name : gone)
    if (drop_if_unused(name)) changes.push_back({Change::Event::left, std::move(name)});
}

const std::string* Roster::name_of(const Id& id) const {
  auto at = names_.find(id);
  return at == names_.end() ? nullptr : &at->second;
}

std::optional<Id> Roster::listed(const std::string& name) const {
  auto at = ids_.find(name);
  if (at == ids_.end()) return std::nullopt;
  return at->second;
}

}  // namespace sims::client
