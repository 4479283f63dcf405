#include "server/accounts.h"

namespace sims::server {

using proto::ErrorCode;

Result<Binding, Refusal> MemoryAccounts::bind(const std::string& name, const proto::Id& id, bool open,
                                              std::uint64_t) {
  const std::lock_guard lock(mutex_);
  auto verdict = check_locked(name, id, open);
  if (verdict && *verdict == Binding::made) {
    name_of_.emplace(id, name);
    id_of_.emplace(name, id);
  }
  return verdict;
}

Result<Binding, Refusal> MemoryAccounts::check(const std::string& name, const proto::Id& id,
                                               bool open) const {
  const std::lock_guard lock(mutex_);
  return check_locked(name, id, open);
}

Result<Binding, Refusal> MemoryAccounts::check_locked(const std::string& name, const proto::Id& id,
                                                      bool open) const {
  const auto owner = id_of_.find(name);
  if (owner != id_of_.end()) {
    if (owner->second == id) return Binding::known;
    return fail(Refusal{ErrorCode::name_taken, "this name belongs to another id on this server"});
  }
  if (name_of_.contains(id))
    return fail(Refusal{ErrorCode::id_taken, "this id has another name on this server"});
  if (!open) return fail(Refusal{ErrorCode::not_registered, "this server takes no new registrations"});
  return Binding::made;
}

void MemoryAccounts::insert(const std::string& name, const proto::Id& id) {
  const std::lock_guard lock(mutex_);
  name_of_.emplace(id, name);
  id_of_.emplace(name, id);
}

bool MemoryAccounts::registered(const proto::Id& id) const {
  const std::lock_guard lock(mutex_);
  return name_of_.contains(id);
}

std::size_t MemoryAccounts::size() const {
  const std::lock_guard lock(mutex_);
  return name_of_.size();
}

}  // namespace sims::server
