// UndoLog: joins and adds changes, and takes the last one back.
#include "tui/edit/undo_log.h"

#include <utility>

namespace sims::tui {
namespace {

constexpr std::size_t longest_run = 64;  // bytes of one step; bounds it in scripts without spaces

}  // namespace

bool UndoLog::join(const TextChange& change, Kind kind) {
  if (!open_ || kind != kind_ || steps_.empty()) return false;
  TextChange& last = steps_.back();
  if (kind == Kind::typed) {
    const bool touches = change.removed.empty() && change.at == last.at + last.inserted;
    if (!touches || last.inserted + change.inserted > longest_run) return false;
    last.inserted += change.inserted;
    return true;
  }
  if (change.inserted > 0 || last.inserted > 0) return false;
  if (last.removed.size() + change.removed.size() > longest_run) return false;
  if (change.at + change.removed.size() == last.at)  // backwards
    last.removed.insert(0, change.removed);
  else if (change.at == last.at)
    last.removed += change.removed;
  else
    return false;
  last.at = change.at;
  bytes_ += change.removed.size();
  return true;
}

void UndoLog::add(TextChange change, Kind kind, bool joins) {
  if (joins && kind != Kind::other && join(change, kind)) return;
  bytes_ += change.removed.size();
  steps_.push_back(std::move(change));
  kind_ = kind;
  open_ = true;
  std::size_t old = 0;
  while (steps_.size() - old > max_steps || bytes_ > max_bytes)
    bytes_ -= steps_[old++].removed.size();
  steps_.erase(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(old));
}

std::optional<TextChange> UndoLog::pop() {
  open_ = false;
  if (steps_.empty()) return std::nullopt;
  TextChange last = std::move(steps_.back());
  steps_.pop_back();
  bytes_ -= last.removed.size();
  return last;
}

void UndoLog::clear() {
  steps_.clear();
  bytes_ = 0;
  open_ = false;
}

}  // namespace sims::tui
