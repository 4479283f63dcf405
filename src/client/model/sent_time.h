// When to show the author's time of sending beside the time of arrival (sims-protocol(7) section
// 6). A relay that delays texts cannot change the author's time; the author's clock may be wrong.
// Lines are never sorted by it. Pure.
#pragma once

#include <cstdint>

#include "client/model/memory.h"
#include "client/model/model.h"

namespace sims::client {

enum class SentNote { none, sent, unlikely };

inline bool sent_is_likely(std::int64_t at_unix_ms, std::int64_t sent_unix_ms) {
  constexpr std::int64_t clocks_differ_ms = 120'000, longest_way_ms = 32LL * 86'400'000;
  return sent_unix_ms <= at_unix_ms + clocks_differ_ms && sent_unix_ms >= at_unix_ms - longest_way_ms;
}
inline bool sent_is_likely(const HistoryEntry& entry) {
  return sent_is_likely(entry.at_unix_ms, entry.sent_unix_ms);
}

// `sent_unix_ms` 0: unknown.
inline SentNote sent_note(std::int64_t at_unix_ms, std::int64_t sent_unix_ms, bool disordered) {
  constexpr std::int64_t worth_saying_ms = 120'000;
  if (sent_unix_ms == 0) return SentNote::none;
  if (!sent_is_likely(at_unix_ms, sent_unix_ms)) return SentNote::unlikely;
  return disordered || at_unix_ms - sent_unix_ms > worth_saying_ms ? SentNote::sent : SentNote::none;
}
inline SentNote sent_note(const Line& line) {
  return line.mine ? SentNote::none : sent_note(line.at_unix_ms, line.sent_unix_ms, line.disordered);
}
inline SentNote sent_note(const HistoryEntry& entry) {
  return entry.mine ? SentNote::none : sent_note(entry.at_unix_ms, entry.sent_unix_ms, entry.disordered);
}

}  // namespace sims::client
