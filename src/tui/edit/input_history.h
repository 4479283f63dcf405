// The lines that the user entered in one window, oldest first.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sims::tui {

class InputHistory {
 public:
  static constexpr std::size_t max_entries = 200;
  static constexpr std::size_t max_bytes = 262'144;  // of all entries; the oldest are dropped first

  void add(std::string entry);  // ignores an empty entry and a repetition of the last
  bool empty() const { return entries_.empty(); }
  const std::vector<std::string>& entries() const { return entries_; }

  // The entry before or after the shown one. `now`, the unfinished line, is kept; newer() returns it after
  // the newest entry. nullptr: there is none.
  const std::string* older(const std::string& now);
  const std::string* newer();
  void leave();  // the user edited or sent the shown entry: the next older() starts at the newest

  // The newest entry before index `before` that holds `part`; ASCII letters match in either case. Pass the
  // number of entries to search all, and the last result to search on. Entries equal to it are skipped.
  std::optional<std::size_t> search(std::string_view part, std::size_t before) const;

 private:
  std::vector<std::string> entries_;
  std::size_t bytes_ = 0;
  std::size_t at_ = 0;  // the shown entry, while browsing
  bool browsing_ = false;
  std::string unfinished_;
};

}  // namespace sims::tui
