// A queue of names by due time, so that a turn looks only at the due ones. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sims::client {

class DueTimes {
 public:
  void set(const std::string& name, std::int64_t due_ms);  // INT64_MAX: never
  void erase(const std::string& name) { set(name, INT64_MAX); }
  void clear();
  std::int64_t next() const;            // INT64_MAX: nothing is due
  const std::string* earliest() const;  // nullptr: nothing is due; valid until the next call
  // Removes and returns the due names, the earliest first.
  std::vector<std::string> take(std::int64_t now_ms);
  std::size_t size() const { return times_.size(); }

 private:
  std::unordered_map<std::string, std::int64_t> times_;
  std::set<std::pair<std::int64_t, std::string>> order_;
};

}  // namespace sims::client
