// MemoryAccounts: the rules for names, invitations and bans, with all accounts in memory.
#include "server/accounts/accounts.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/accounts/invitation.h"

namespace sims::server {

using proto::ErrorCode;

// --- names ----------------------------------------------------------------------------------------

Result<Binding, Refusal> MemoryAccounts::bind(const std::string& name, const proto::Id& id, bool open,
                                              std::uint64_t unix_s) {
  const std::lock_guard lock(mutex_);
  auto verdict = check_locked(name, id, open);
  if (verdict && *verdict == Binding::made) insert(name, id, unix_s);
  return verdict;
}

Result<Binding, Refusal> MemoryAccounts::redeem(const std::string& name, const proto::Id& id,
                                                std::string_view code, std::uint64_t unix_s) {
  const auto hashed = invitation_hash(code);
  const std::lock_guard lock(mutex_);
  auto verdict = check_locked(name, id, hashed, unix_s);
  if (verdict && *verdict == Binding::made) {
    invitations_.erase(hashed);
    insert(name, id, unix_s);
  }
  return verdict;
}

Result<Binding, Refusal> MemoryAccounts::check(const std::string& name, const proto::Id& id,
                                               bool open) const {
  const std::lock_guard lock(mutex_);
  return check_locked(name, id, open);
}

Result<Binding, Refusal> MemoryAccounts::check(const std::string& name, const proto::Id& id,
                                               std::string_view code, std::uint64_t unix_s) const {
  const auto hashed = invitation_hash(code);
  const std::lock_guard lock(mutex_);
  return check_locked(name, id, hashed, unix_s);
}

Result<Binding, Refusal> MemoryAccounts::check_locked(const std::string& name, const proto::Id& id,
                                                      bool open) const {
  const auto owner = id_of_.find(name);
  if (owner != id_of_.end()) {
    if (owner->second.first == id) return Binding::known;
    return fail(Refusal{ErrorCode::name_taken, "this name belongs to another id on this server"});
  }
  if (name_of_.contains(id))
    return fail(Refusal{ErrorCode::id_taken, "this id has another name on this server"});
  if (!open) return fail(Refusal{ErrorCode::not_registered, "this server takes no new registrations"});
  return Binding::made;
}

Result<Binding, Refusal> MemoryAccounts::check_locked(const std::string& name, const proto::Id& id,
                                                      const crypto::Digest& code,
                                                      std::uint64_t unix_s) const {
  auto verdict = check_locked(name, id, true);
  if (!verdict || *verdict == Binding::known) return verdict;
  const auto invitation = invitations_.find(code);
  if (invitation == invitations_.end() || expired(invitation->second, unix_s))
    return fail(Refusal{ErrorCode::not_registered, "this invitation is not valid"});
  return verdict;
}

void MemoryAccounts::insert(const std::string& name, const proto::Id& id, std::uint64_t unix_s) {
  name_of_.emplace(id, name);
  id_of_.emplace(name, std::pair(id, unix_s));
}

Result<bool> MemoryAccounts::release(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto owner = id_of_.find(name);
  if (owner == id_of_.end()) return false;
  name_of_.erase(owner->second.first);
  id_of_.erase(owner);
  return true;
}

bool MemoryAccounts::registered(const proto::Id& id) const {
  const std::lock_guard lock(mutex_);
  return name_of_.contains(id);
}

std::optional<std::uint64_t> MemoryAccounts::registered_at(const proto::Id& id) const {
  const std::lock_guard lock(mutex_);
  const auto name = name_of_.find(id);
  if (name == name_of_.end()) return std::nullopt;
  return id_of_.at(name->second).second;
}

std::optional<std::string> MemoryAccounts::name_of(const proto::Id& id) const {
  const std::lock_guard lock(mutex_);
  const auto at = name_of_.find(id);
  if (at == name_of_.end()) return std::nullopt;
  return at->second;
}

std::optional<proto::Id> MemoryAccounts::id_of(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto owner = id_of_.find(name);
  if (owner == id_of_.end()) return std::nullopt;
  return owner->second.first;
}

std::vector<AccountStore::Account> MemoryAccounts::names(const std::string& after, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<Account> out;
  for (auto it = id_of_.upper_bound(after); it != id_of_.end() && out.size() < limit; ++it)
    out.push_back({it->first, it->second.first, it->second.second});
  return out;
}

std::size_t MemoryAccounts::size() const {
  const std::lock_guard lock(mutex_);
  return name_of_.size();
}

// --- invitations ----------------------------------------------------------------------------------

std::size_t MemoryAccounts::invitations(std::uint64_t unix_s) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(invitations_.begin(), invitations_.end(),
                                                [&](const auto& i) { return !expired(i.second, unix_s); }));
}

Result<void> MemoryAccounts::invite(std::string_view code, std::uint64_t unix_s, std::uint64_t until) {
  const auto hashed = invitation_hash(code);
  const std::lock_guard lock(mutex_);
  if (auto done = check_invite_locked(hashed, unix_s); !done) return done;
  std::erase_if(invitations_, [&](const auto& i) { return expired(i.second, unix_s); });
  invitations_.emplace(hashed, until);
  return {};
}

Result<void> MemoryAccounts::check_invite(std::string_view code, std::uint64_t unix_s) const {
  const auto hashed = invitation_hash(code);
  const std::lock_guard lock(mutex_);
  return check_invite_locked(hashed, unix_s);
}

Result<void> MemoryAccounts::check_invite_locked(const crypto::Digest& code, std::uint64_t unix_s) const {
  std::size_t open = 0;
  for (const auto& [hashed, until] : invitations_) {
    if (expired(until, unix_s)) continue;
    if (hashed == code) return fail("there is an invitation with this code already");
    ++open;
  }
  if (open < max_invitations) return {};
  return fail(fmt::format("{} invitations are open: no more until some are used or expire", open));
}

void MemoryAccounts::add_invitation(const crypto::Digest& code, std::uint64_t until) {
  const std::lock_guard lock(mutex_);
  invitations_.emplace(code, until);
}

// --- bans -----------------------------------------------------------------------------------------

Result<void> MemoryAccounts::ban(const Ban& ban) {
  const std::lock_guard lock(mutex_);
  std::erase_if(bans_, [&](const auto& b) { return expired(b.second.until, ban.made); });
  bans_.insert_or_assign({ban.kind, ban.value}, ban);
  return {};
}

void MemoryAccounts::add_ban(const Ban& ban) {
  const std::lock_guard lock(mutex_);
  bans_.insert_or_assign({ban.kind, ban.value}, ban);
}

Result<bool> MemoryAccounts::unban(Ban::Kind kind, const std::string& value) {
  const std::lock_guard lock(mutex_);
  return bans_.erase({kind, value}) != 0;
}

bool MemoryAccounts::banned(Ban::Kind kind, const std::string& value) const {
  const std::lock_guard lock(mutex_);
  return bans_.contains({kind, value});
}

std::vector<Ban> MemoryAccounts::bans() const {
  const std::lock_guard lock(mutex_);
  std::vector<Ban> out;
  for (const auto& [key, ban] : bans_)
    out.push_back(ban);
  return out;
}

}  // namespace sims::server
