// Whether the store's file is whole: SQLite's integrity check, on a connection of its own, for another
// thread. A page of an index that a lost write emptied hides what was said, and nothing else notices.
#pragma once

#include <string>

namespace sims::client {

class StoreCheck {
 public:
  explicit StoreCheck(std::string path) : path_(std::move(path)) {}
  void run();
  // After run(). Neither whole nor damaged: the file could not be read, and the check stays due.
  bool whole() const { return whole_; }
  bool damaged() const { return damaged_; }
  // The damage, or why the file could not be read, and what to do. Empty: it is whole.
  const std::string& problem() const { return problem_; }

 private:
  std::string path_;
  bool whole_ = false, damaged_ = false;
  std::string problem_;
};

}  // namespace sims::client
