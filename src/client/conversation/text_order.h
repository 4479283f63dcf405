// One peer's texts that arrived before their predecessor (`after`, sims-protocol(7) section 6).
// Each is stored and acked; only its line waits, for a minute at most. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "client/model/memory.h"

namespace sims::client {

class TextOrder {
 public:
  static constexpr std::size_t max_waiting = 200;
  static constexpr std::int64_t longest_ms = 60'000;

  bool empty() const { return texts_.empty(); }
  std::size_t size() const { return texts_.size(); }
  void add(HistoryEntry entry, std::int64_t until_ms) { texts_.push_back({std::move(entry), until_ms}); }
  void clear() { texts_.clear(); }
  bool has(const Id& author, const std::string& uid) const;

  // Each takes one text out: one that waits for `uid`; the oldest if it is overdue or there are too
  // many; the oldest.
  std::optional<HistoryEntry> take_after(const Id& author, const std::string& uid);
  std::optional<HistoryEntry> take_due(std::int64_t now_ms);
  std::optional<HistoryEntry> take_oldest();
  std::int64_t next_ms() const;  // when take_due() has one; INT64_MAX: nothing waits

 private:
  struct Waiting {
    HistoryEntry entry;
    std::int64_t until_ms;
  };
  std::deque<Waiting> texts_;  // in order of arrival
};

}  // namespace sims::client
