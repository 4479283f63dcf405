// The changes of a text, so that they can be taken back. Bounded; what is typed or deleted in one go is one
// change. Positions are byte offsets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sims::tui {

struct TextChange {
  std::size_t at = 0;
  std::string removed;
  std::size_t inserted = 0;  // bytes at `at` now, in the place of `removed`
  std::size_t cursor = 0;    // before the change
};

class UndoLog {
 public:
  static constexpr std::size_t max_steps = 200;
  static constexpr std::size_t max_bytes = 1'048'576;  // of removed text

  enum class Kind { other, typed, deleted };
  // `joins`: may become one with the last change, if both are of one kind and touch.
  void add(TextChange change, Kind kind, bool joins);
  std::optional<TextChange> pop();
  void pause() { open_ = false; }  // the next change begins a step of its own
  void clear();

 private:
  bool join(const TextChange& change, Kind kind);

  std::vector<TextChange> steps_;  // oldest first
  std::size_t bytes_ = 0;
  Kind kind_ = Kind::other;  // of the last one
  bool open_ = false;        // it can grow
};

}  // namespace sims::tui
