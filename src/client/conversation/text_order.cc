// TextOrder: finds the text after another one, the ones whose wait is over, and the oldest.
#include "client/conversation/text_order.h"

#include <algorithm>

namespace sims::client {

bool TextOrder::has(const Id& author, const std::string& uid) const {
  return std::any_of(texts_.begin(), texts_.end(),
                     [&](const Waiting& one) { return one.entry.peer_id == author && one.entry.uid == uid; });
}

std::optional<HistoryEntry> TextOrder::take_after(const Id& author, const std::string& uid) {
  const auto at = std::find_if(texts_.begin(), texts_.end(), [&](const Waiting& one) {
    return one.entry.peer_id == author && one.entry.after == uid;
  });
  if (at == texts_.end()) return std::nullopt;
  HistoryEntry entry = std::move(at->entry);
  texts_.erase(at);
  return entry;
}

std::optional<HistoryEntry> TextOrder::take_due(std::int64_t now_ms) {
  if (texts_.empty() || (texts_.size() <= max_waiting && texts_.front().until_ms > now_ms))
    return std::nullopt;
  return take_oldest();
}

std::optional<HistoryEntry> TextOrder::take_oldest() {
  if (texts_.empty()) return std::nullopt;
  HistoryEntry entry = std::move(texts_.front().entry);
  texts_.pop_front();
  return entry;
}

std::int64_t TextOrder::next_ms() const {
  return texts_.empty() ? INT64_MAX : texts_.front().until_ms;
}

}  // namespace sims::client
