// The summary of texts that arrived while the link was down, as one line when it is quiet again.
// Pure; owned by the core.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"

namespace sims::client {

class Summary {
 public:
  // `again`: the link was up before.
  void online(bool again, Now now);
  void lost() { until_ms_.reset(); }
  void expects(std::uint64_t items, Now now);  // letters and receipts that wait at the server
  void item_came(Now now);                     // one of them
  void received(const std::string& name, Now now);
  void list_complete(Now now);

  bool gathering() const { return until_ms_.has_value(); }
  std::int64_t next_tick() const { return until_ms_.value_or(INT64_MAX); }
  // Ends gathering when its time has come. Returns the line, if there is any text to report.
  std::optional<std::string> tick(Now now);

 private:
  void wait(Now now);

  bool again_ = false, listed_ = false;
  std::uint64_t items_ = 0;               // that have not come
  std::int64_t ends_ms_ = 0;              // at the latest
  std::optional<std::int64_t> until_ms_;  // gathering
  std::map<std::string, std::size_t> texts_;
};

}  // namespace sims::client
