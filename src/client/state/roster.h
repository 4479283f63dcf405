// The roster: applies the server's list to the model's peers, and reports changes of a known name's
// key. Pure; owned by the core. The model keeps an offline peer while it is pinned, has lines,
// wants attention or is in use.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "client/state/pins.h"
#include "proto/wire/message.h"

namespace sims::client {

class Roster {
 public:
  static constexpr std::size_t max_peers = 100'000;  // the limit of what a server can make us store

  struct Change {
    enum class Event {
      came,  // online, with the id that counts for this name
      left,
      changed,   // the server shows another id under this name, see Peer::changed_to
      restored,  // came, after `changed`: the pinned id is back
    } event;
    std::string name;
    bool again = false;  // came: was online before, so this is another login
  };

  // `in_use`: texts wait for this name, or it has a session. The id of such a name, and of one
  // whose window has lines, must not change silently even if it is not pinned.
  Roster(Model& model, const Pins& pins, std::function<bool(const std::string&)> in_use);

  void reset();  // another server: forgets all peers, then shows the pinned ones
  void lost();   // the connection ended: shows all peers as offline
  // false: the server lists more than max_peers.
  bool apply(const proto::List& list, Now now, std::vector<Change>& changes);
  // Shows somebody who is registered but not online, as the server answered a `find`. An id under which a
  // known name is not known is reported as `changed`. nullptr: no name for another, the list shows another
  // id under it, or max_peers.
  Peer* meet(const std::string& name, const Id& id, Now now, std::vector<Change>& changes);
  // Drops peers that were online before the connection was lost and are not any more; reports each
  // as `left`.
  void snapshot_done(std::vector<Change>& changes);

  const std::string* name_of(const Id& id) const;  // by the server's current list
  std::optional<Id> listed(const std::string& name) const;
  // Updates the model's peer after a pin came, went or was replaced.
  void refresh(const std::string& name);
  // False: this name is kept, see above.
  bool drop_if_unused(const std::string& name);

 private:
  bool come(const proto::ListEntry& entry, bool snapshot, Now now, std::vector<Change>& changes);
  bool may_show(const std::string& name, const Id& id) const;
  bool is_fixed(Peer& peer, const Id& id, Now now, std::vector<Change>& changes);
  bool restored(Peer& peer, std::vector<Change>& changes);
  void leave(const Id& id, std::vector<Change>& changes);

  Model& model_;
  const Pins& pins_;
  std::function<bool(const std::string&)> in_use_;
  std::unordered_map<Id, std::string> names_;
  std::unordered_map<std::string, Id> ids_;
};

}  // namespace sims::client
