// The integrity check of the store's file: SQLite's own, on a separate connection, for another
// thread. If a lost write emptied a page of an index, messages are missing and nothing else
// notices.
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
  // The damage or read error, and the remedy. Empty: the file is whole.
  const std::string& problem() const { return problem_; }

 private:
  std::string path_;
  bool whole_ = false, damaged_ = false;
  std::string problem_;
};

}  // namespace sims::client
