// InputHistory: adds lines within the limit, steps through them, and searches them.
#include "tui/edit/input_history.h"

#include <algorithm>

namespace sims::tui {
namespace {

char small(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool holds(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return small(a) == small(b); }) != text.end() ||
         part.empty();
}

}  // namespace

void InputHistory::add(std::string entry) {
  leave();
  if (entry.empty() || (!entries_.empty() && entries_.back() == entry)) return;
  bytes_ += entry.size();
  entries_.push_back(std::move(entry));
  std::size_t old = 0;
  while (entries_.size() - old > max_entries || bytes_ > max_bytes)
    bytes_ -= entries_[old++].size();
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(old));
}

const std::string* InputHistory::older(const std::string& now) {
  if (!browsing_) {
    if (entries_.empty()) return nullptr;
    browsing_ = true;
    unfinished_ = now;
    at_ = entries_.size();
  }
  if (at_ == 0) return nullptr;
  return &entries_[--at_];
}

const std::string* InputHistory::newer() {
  if (!browsing_) return nullptr;
  if (++at_ >= entries_.size()) {
    browsing_ = false;
    return &unfinished_;
  }
  return &entries_[at_];
}

void InputHistory::leave() {
  browsing_ = false;
}

std::optional<std::size_t> InputHistory::search(std::string_view part, std::size_t before) const {
  for (std::size_t i = std::min(before, entries_.size()); i-- > 0;) {
    const bool seen = before < entries_.size() && entries_[i] == entries_[before];
    if (!seen && holds(entries_[i], part)) return i;
  }
  return std::nullopt;
}

}  // namespace sims::tui
