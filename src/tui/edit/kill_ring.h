// The texts that were cut (killed), newest last; one ring for all windows. A yank inserts the newest one;
// older() steps back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sims::tui {

class KillRing {
 public:
  static constexpr std::size_t max_entries = 32;

  void push(std::string text);
  // Extend the newest entry: the same run of kills goes on. Not for an empty ring.
  void append(std::string_view text);
  void prepend(std::string_view text);
  // Changes with every push(): an editor sees whether the newest entry is still its own.
  std::uint64_t serial() const { return serial_; }

  bool empty() const { return entries_.empty(); }
  const std::string& current() const { return entries_[at_]; }  // not for an empty ring
  void older();  // moves current() to the entry before; from the oldest to the newest

 private:
  std::vector<std::string> entries_;
  std::size_t at_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace sims::tui
