// SavedBudgets: keeps the budgets of a bounded number of ids, and gives them back at the next login.
#include "server/relay/saved_budgets.h"

namespace sims::server {

void SavedBudgets::keep(const proto::Id& id, IdBudgets budgets, const Limits& limits, std::size_t sessions,
                        std::int64_t steady_ms) {
  if (budgets.full(limits, steady_ms)) return;
  const auto no_room = [&] { return of_id_.size() + sessions > limits.connections; };
  if (of_id_.size() > 2 * after_last_sweep_ + 1'000 || no_room()) {
    for (auto at = of_id_.begin(); at != of_id_.end();)
      at = at->second.full(limits, steady_ms) ? of_id_.erase(at) : std::next(at);
    after_last_sweep_ = of_id_.size();
  }
  if (no_room()) return;
  of_id_.insert_or_assign(id, std::move(budgets));
}

IdBudgets SavedBudgets::take(const proto::Id& id) {
  auto kept = of_id_.extract(id);
  return kept.empty() ? IdBudgets() : std::move(kept.mapped());
}

}  // namespace sims::server
