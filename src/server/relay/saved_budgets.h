// The budgets of ids that logged out a moment ago: a new connection must not begin with full ones.
// Pure.
#pragma once

#include <map>

#include "server/relay/id_budgets.h"

namespace sims::server {

class SavedBudgets {
 public:
  // Keeps the budgets of an id unless they are full. Together with `sessions` it keeps at most
  // limits.connections of them.
  void keep(const proto::Id& id, IdBudgets budgets, const Limits& limits, std::size_t sessions,
            std::int64_t steady_ms);
  // Removes and returns those of an id; full ones when nothing is kept.
  IdBudgets take(const proto::Id& id);

 private:
  std::map<proto::Id, IdBudgets> of_id_;
  std::size_t after_last_sweep_ = 0;  // so many were left when full ones were last removed
};

}  // namespace sims::server
