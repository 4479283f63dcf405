// What was cut, newest last: one for all windows. Yanking takes the newest, or on request the one before.
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
  // To the newest, which was cut by the same run of keys.
  void append(std::string_view text);
  void prepend(std::string_view text);
  // Changes with every push(): whether the newest is still one's own.
  std::uint64_t serial() const { return serial_; }

  bool empty() const { return entries_.empty(); }
  const std::string& current() const { return entries_[at_]; }  // not when it is empty
  void older();  // current() is the one before; before the oldest comes the newest

 private:
  std::vector<std::string> entries_;
  std::size_t at_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace sims::tui
