// The changes of a text, for undo. Bounded. Characters typed or deleted in one run are one change. Positions
// are byte offsets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sims::tui {

struct TextChange {
  std::size_t at = 0;
  std::string removed;
  std::size_t inserted = 0;  // bytes that replaced `removed`
  std::size_t cursor = 0;    // before the change
};

class UndoLog {
 public:
  static constexpr std::size_t max_steps = 200;
  static constexpr std::size_t max_bytes = 1'048'576;  // of removed text

  enum class Kind { other, typed, deleted };
  // `joins`: may be merged with the last change, if that is of the same kind and adjacent.
  void add(TextChange change, Kind kind, bool joins);
  std::optional<TextChange> pop();
  void pause() { open_ = false; }  // the next change begins a new step
  void clear();

 private:
  bool join(const TextChange& change, Kind kind);

  std::vector<TextChange> steps_;  // oldest first
  std::size_t bytes_ = 0;
  Kind kind_ = Kind::other;  // of the last one
  bool open_ = false;        // the last one can grow
};

}  // namespace sims::tui
