// ConversationTable: finds, drops and ticks conversations, and keeps the index of their next ticks.
#include "client/core/conversation_table.h"

#include <algorithm>

namespace sims::client {
namespace {

// The limit of conversations with non-contacts: about 4 KiB each while their calls run. All rate
// limits of a peer are full again long before an idle conversation is dropped.
constexpr std::size_t max_callers = 1'000;
constexpr std::int64_t idle_ms = 120'000;

}  // namespace

Conversation& ConversationTable::get(const std::string& name) {
  touched_.insert(name);
  return conversations_.try_emplace(name, context_, name).first->second;
}

Conversation* ConversationTable::find(const std::string& name) {
  const auto at = conversations_.find(name);
  if (at == conversations_.end()) return nullptr;
  touched_.insert(name);
  return &at->second;
}

bool ConversationTable::in_use(const std::string& name) const {
  const auto at = conversations_.find(name);
  return at != conversations_.end() && at->second.in_use();
}

bool ConversationTable::make_room(const Peer& caller, Now now) {
  const std::size_t max_conversations = context_.pins.peers().size() + max_callers;
  if (caller.known() || conversations_.size() < max_conversations) return true;
  renew_index(now);
  const std::string* quiet = idle_.earliest();
  if (!quiet) return false;
  drop(std::string(*quiet));
  return true;
}

void ConversationTable::drop(const std::string& name) {
  conversations_.erase(name);
  touched_.erase(name);
  due_.erase(name);
  idle_.erase(name);
  in_flight_.erase(name);
}

void ConversationTable::clear() {
  conversations_.clear();
  touched_.clear();
  due_.clear();
  idle_.clear();
  in_flight_.clear();
}

void ConversationTable::server_took(std::uint64_t seq, Now now) {
  renew_index(now);
  for (const auto& name : in_flight_)
    if (auto* conversation = find(name)) conversation->server_took(seq, now);
}

Conversation* ConversationTable::awaiting(std::uint64_t seq, Now now) {
  renew_index(now);
  Conversation* found = nullptr;
  for (const auto& name : in_flight_)
    if (auto* one = find(name); one && one->awaits(seq)) found = one;
  return found;
}

void ConversationTable::tick(Now now) {
  renew_index(now);
  for (const auto& name : due_.take(now.steady_ms)) {
    auto* conversation = find(name);
    if (conversation && conversation->next_tick() <= now.steady_ms) conversation->tick(now);
  }
  renew_index(now);
  for (const auto& name : idle_.take(now.steady_ms))
    drop(name);
}

std::int64_t ConversationTable::next_tick(Now now) {
  renew_index(now);
  return std::min(due_.next(), idle_.next());
}

// The next tick of a conversation depends on itself, on its peer and on the link. Each change of
// these comes through get(), find(), touch() or touch_each(). Pace is shared, but only delays due
// work.
void ConversationTable::renew_index(Now now) {
  for (const auto& name : touched_) {
    const auto at = conversations_.find(name);
    if (at == conversations_.end()) continue;
    ++examined_;
    const Conversation& conversation = at->second;
    due_.set(name, conversation.next_tick());
    idle_.set(name, conversation.nothing_left() ? now.steady_ms + idle_ms : INT64_MAX);
    if (conversation.in_flight())
      in_flight_.insert(name);
    else
      in_flight_.erase(name);
  }
  touched_.clear();
}

}  // namespace sims::client
