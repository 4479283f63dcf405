// Presence: pages of the list, and pending changes merged into few messages.
#include "server/relay/presence.h"
#include "proto/wire/encode.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <unordered_map>

namespace sims::server {

using proto::Id;
using proto::List;
using proto::ListRequest;

void Presence::add(const Id& id, std::string name, std::uint64_t since, Session* session) {
  auto [at, fresh] =
      online_.emplace(id, std::make_unique<Online>(Online{id, std::move(name), since, session}));
  assert(fresh);
  const Online& entry = *at->second;
  by_id_.insert(&entry);
  by_name_.insert(&entry);
  changes_.push_back({true, {entry.id, entry.name, entry.since}});
}

void Presence::remove(const Id& id) {
  auto at = online_.find(id);
  assert(at != online_.end());
  Online& entry = *at.value();
  by_id_.erase(&entry);
  by_name_.erase(&entry);
  changes_.push_back({false, {entry.id, std::move(entry.name), entry.since}});
  online_.erase(at);
}

const Online* Presence::find(std::string_view id) const {
  auto at = online_.find(id);
  return at == online_.end() ? nullptr : at->second.get();
}

List Presence::page(const ListRequest& request) const {
  const std::size_t limit =
      request.limit == 0 ? proto::max_list_page : std::min<std::size_t>(request.limit, proto::max_list_page);
  std::vector<const Online*> found;  // one more than the page: its presence means that there is another page
  if (!request.match.empty()) {
    found = matching(request, limit + 1);
  } else {
    auto at = request.after ? by_id_.upper_bound(*request.after) : by_id_.begin();
    for (; at != by_id_.end() && found.size() <= limit; ++at)
      found.push_back(*at);
  }
  List list;
  list.more = found.size() > limit;
  if (list.more) found.pop_back();
  for (const Online* o : found)
    list.data.push_back({o->id, o->name, o->since});
  return list;
}

// The first `count` entries, sorted by id, whose name starts with the prefix. If few names match,
// read these and keep the lowest ids. If many match, the next ids in order contain enough of them.
std::vector<const Online*> Presence::matching(const ListRequest& request, std::size_t count) const {
  const auto& prefix = request.match;
  const auto few =
      static_cast<std::size_t>(std::sqrt(static_cast<double>(count) * static_cast<double>(size()))) + 1;
  std::vector<const Online*> found;
  std::size_t seen = 0;
  auto name = by_name_.lower_bound(std::string_view(prefix));
  for (; name != by_name_.end() && seen <= few && (*name)->name.starts_with(prefix); ++name, ++seen)
    if (!request.after || *request.after < (*name)->id) found.push_back(*name);
  if (seen <= few) {
    const auto kept = std::min(count, found.size());
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(), ById());
    found.resize(kept);
    return found;
  }
  found.clear();
  auto at = request.after ? by_id_.upper_bound(*request.after) : by_id_.begin();
  for (; at != by_id_.end() && found.size() < count; ++at)
    if ((*at)->name.starts_with(prefix)) found.push_back(*at);
  return found;
}

// The last two changes of each id: newer changes supersede older ones, so a flapping client costs
// two entries. A message carries one kind of change. Changes of different ids may be reordered,
// those of one id may not. They alternate, so three layers suffice: first the ids that went
// offline, then those that came online, then those that went offline after that.
std::vector<std::string> Presence::events(std::uint64_t from, std::uint64_t to) const {
  assert(from >= first_ && to <= next_change());
  struct Last {
    const Change *before = nullptr, *last = nullptr;
  };
  std::unordered_map<Id, Last> of_id;
  std::vector<const Change*> layers[3];
  for (auto n = from; n < to; ++n) {
    const Change& change = changes_[n - first_];
    auto& last = of_id[change.entry.id];
    last = {last.last, &change};
  }
  for (auto n = from; n < to; ++n) {  // in the order of the changes
    const Change& change = changes_[n - first_];
    const auto& [before, last] = of_id.at(change.entry.id);
    if (&change != before && &change != last) continue;
    const bool again = &change == last && before != nullptr && !change.online;
    layers[change.online ? 1 : again ? 2 : 0].push_back(&change);
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::size(layers); ++i) {
    for (std::size_t at = 0; at < layers[i].size(); at += proto::max_list_page) {
      List list;
      list.event = i % 2 == 0 ? List::Event::offline : List::Event::online;
      const auto end = std::min(layers[i].size(), at + proto::max_list_page);
      for (auto k = at; k < end; ++k)
        list.data.push_back(layers[i][k]->entry);
      out.push_back(encode(list));
    }
  }
  return out;
}

void Presence::forget_changes(std::uint64_t before) {
  for (; first_ < before && !changes_.empty(); ++first_)
    changes_.pop_front();
}

}  // namespace sims::server
