// KillRing: pushes, extends and rotates the cut texts.
#include "tui/edit/kill_ring.h"

namespace sims::tui {

void KillRing::push(std::string text) {
  if (entries_.size() == max_entries) entries_.erase(entries_.begin());
  entries_.push_back(std::move(text));
  at_ = entries_.size() - 1;
  ++serial_;
}

void KillRing::append(std::string_view text) {
  entries_.back().append(text);
}

void KillRing::prepend(std::string_view text) {
  entries_.back().insert(0, text);
}

void KillRing::older() {
  at_ = at_ == 0 ? entries_.size() - 1 : at_ - 1;
}

}  // namespace sims::tui
