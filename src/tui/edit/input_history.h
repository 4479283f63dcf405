// What was entered before, oldest first; one per window.
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
  static constexpr std::size_t max_bytes = 262'144;  // of all entries: the oldest go first

  void add(std::string entry);  // not when it is empty or the same as the last
  bool empty() const { return entries_.empty(); }
  const std::vector<std::string>& entries() const { return entries_; }

  // Older or newer than what is shown; `now` (the unfinished line) is kept and comes back at the newest end.
  // nullptr: no more that way.
  const std::string* older(const std::string& now);
  const std::string* newer();
  void leave();  // the shown entry was edited or sent: the next older() starts from the end again

  // The newest entry before `before` (the count of entries: all) that holds `part`; in ASCII capitals are as
  // small letters. To search on: with the one that was found; its equals are passed over.
  std::optional<std::size_t> search(std::string_view part, std::size_t before) const;

 private:
  std::vector<std::string> entries_;
  std::size_t bytes_ = 0;
  std::size_t at_ = 0;  // what is shown when browsing
  bool browsing_ = false;
  std::string unfinished_;
};

}  // namespace sims::tui
