// The lists of sent and opened messages, and the comparison of an ack in constant time.
#include "proto/session/acks.h"

#include "proto/limits.h"
#include "proto/session/message_keys.h"

namespace sims::proto {

namespace {

// A client shows far fewer as "sent". Past this the oldest stays unacknowledged forever, as if its ack were
// lost.
constexpr std::size_t max_awaited_acks = 4'096;

}  // namespace

void SentMessages::add(std::uint64_t id, const crypto::Digest& token_hash, AckKey ack_key) {
  awaited_.emplace(id, Awaited{token_hash, std::move(ack_key)});
  if (awaited_.size() > max_awaited_acks) awaited_.erase(awaited_.begin());
}

bool SentMessages::take(const PeerAck& ack) {
  auto at = awaited_.find(ack.id);
  if (at == awaited_.end()) return false;
  const auto& [token_hash, key] = at->second;
  const auto expected = ack_verification(key, ack.src, ack.dst, ack.id, token_hash);
  // Both comparisons always run, so that timing does not reveal which one failed.
  const bool same_token = crypto::equal(token_hash, ack.data);
  const bool same_mac = crypto::equal(expected, ack.verification);
  if (!same_token || !same_mac) return false;
  awaited_.erase(at);
  return true;
}

void SentMessages::mix_into(StateHash& hash) const {
  hash.mix(awaited_.size());
  for (const auto& [id, a] : awaited_)
    hash.mix(id).mix(a.token_hash).mix(a.ack_key.view());
}

const OpenedMessages::Record* OpenedMessages::find(std::uint64_t id) const {
  auto at = records_.find(id);
  return at == records_.end() ? nullptr : &at->second;
}

void OpenedMessages::add(std::uint64_t id, const Record& record) {
  records_.emplace(id, record);
  order_.push_back(id);
  if (newest(id)) highest_ = id;
  if (order_.size() <= remembered_acks) return;
  records_.erase(order_.front());
  order_.pop_front();
}

void OpenedMessages::mix_into(StateHash& hash) const {
  hash.mix(order_.size()).mix(highest_.has_value()).mix(highest_.value_or(0));
  for (auto id : order_) {
    const auto& r = records_.at(id);
    hash.mix(id).mix(r.fingerprint).mix(r.ack.data).mix(r.ack.verification);
  }
}

}  // namespace sims::proto
