// The clients online, in the orders that `list` needs, and the latest changes (sims-protocol(7)
// section 4). Pure; owned by the relay. Opposite changes never cancel each other: a client-client
// session ends with its connection, so peers must see `offline` and then `online` even when a
// client was gone only for a moment.
#pragma once

#include <tsl/robin_map.h>

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "proto/wire/message.h"
#include "server/policy/budgets.h"

namespace sims::server {

struct Session;

struct Online {
  proto::Id id;
  std::string name;
  std::uint64_t since = 0;     // unix s
  Session* session = nullptr;  // the relay's; Presence never reads it
};

class Presence {
 public:
  void add(const proto::Id& id, std::string name, std::uint64_t since, Session* session);  // not online yet
  void remove(const proto::Id& id);                                                        // online
  // The entry of an id, or of a text that may be one; nullptr if it is not online. Valid until it
  // is removed.
  const Online* find(const proto::Id& id) const { return find(id.text()); }
  const Online* find(std::string_view id) const;
  std::size_t size() const { return online_.size(); }

  // A page of the snapshot, sorted by id. Without `match` it costs O(log users + page). With it
  // O(sqrt(page * users)), as long as ids, which are public keys, are independent of names.
  proto::List page(const proto::ListRequest& request) const;

  // Changes are numbered from 0; those before first_change() have been forgotten.
  std::uint64_t first_change() const { return first_; }
  std::uint64_t next_change() const { return first_ + changes_.size(); }
  // The changes [from, to) as encoded `list` messages of up to a page each. Only the last two
  // changes of each id are included, in their order.
  std::vector<std::string> events(std::uint64_t from, std::uint64_t to) const;
  void forget_changes(std::uint64_t before);

 private:
  struct IdHash {
    using is_transparent = void;
    std::size_t operator()(const proto::Id& id) const { return (*this)(id.text()); }
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>{}(id); }
  };
  struct IdEqual {
    using is_transparent = void;
    bool operator()(const proto::Id& a, const proto::Id& b) const { return a == b; }
    bool operator()(const proto::Id& a, std::string_view b) const { return a.text() == b; }
    bool operator()(std::string_view a, const proto::Id& b) const { return a == b.text(); }
  };
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

  tsl::robin_map<proto::Id, std::unique_ptr<Online>, IdHash, IdEqual> online_;
  std::set<const Online*, ById> by_id_;
  std::set<const Online*, ByName> by_name_;  // a name has one id, so names are unique
  std::deque<Change> changes_;
  std::uint64_t first_ = 0;
};

}  // namespace sims::server
