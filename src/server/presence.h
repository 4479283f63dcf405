// Who is logged in, in the orders that `list` needs, and what changed lately (sims-protocol(7) section 4).
// Pure; owned by the core. A change is never cancelled by its opposite: a session ends with its connection,
// so the others must see `offline` and then `online` also when somebody was gone for a moment only.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "proto/message.h"
#include "server/limits.h"

namespace sims::server {

struct Online {
  proto::Id id;
  std::string name;
  std::uint64_t since = 0;  // unix s
  ConnId conn = 0;
};

class Presence {
 public:
  void add(const proto::Id& id, std::string name, std::uint64_t since, ConnId conn);  // not online yet
  void remove(const proto::Id& id);                                                   // online
  const Online* find(const proto::Id& id) const;  // valid until it is removed
  std::size_t size() const { return online_.size(); }

  // A page of the snapshot, in the order of ids. Without `match` it costs O(log users + page); with it
  // O(sqrt(page * users)) as long as ids, which are public keys, are independent of names.
  proto::List page(const proto::ListRequest& request) const;

  // Changes are numbered from 0; those before first_change() have been forgotten.
  std::uint64_t first_change() const { return first_; }
  std::uint64_t next_change() const { return first_ + changes_.size(); }
  // The changes [from, to) as encoded `list` messages of up to a page each, each id's changes in their order.
  std::vector<std::string> events(std::uint64_t from, std::uint64_t to) const;
  void forget_changes(std::uint64_t before);

 private:
  struct ById {
    using is_transparent = void;
    bool operator()(const Online* a, const Online* b) const { return a->id < b->id; }
    bool operator()(const Online* a, const proto::Id& b) const { return a->id < b; }
    bool operator()(const proto::Id& a, const Online* b) const { return a < b->id; }
  };
  struct ByName {
    using is_transparent = void;
    bool operator()(const Online* a, const Online* b) const { return a->name < b->name; }
    bool operator()(const Online* a, std::string_view b) const { return a->name < b; }
    bool operator()(std::string_view a, const Online* b) const { return a < b->name; }
  };
  struct Change {
    bool online;
    proto::ListEntry entry;
  };
  std::vector<const Online*> matching(const proto::ListRequest& request, std::size_t count) const;

  std::unordered_map<proto::Id, Online> online_;  // nodes stay where they are
  std::set<const Online*, ById> by_id_;
  std::set<const Online*, ByName> by_name_;  // a name has one id, so names are unique here too
  std::deque<Change> changes_;
  std::uint64_t first_ = 0;
};

}  // namespace sims::server
