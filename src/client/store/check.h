// Whether the store's file is whole: SQLite's integrity check, on a connection of its own, for another
// thread. A page of an index that a lost write emptied hides what was said, and nothing else notices.
#pragma once

#include <string>

namespace sims::client {

class StoreCheck {
 public:
  explicit StoreCheck(std::string path) : path_(std::move(path)) {}
  void run();
  // After run(). Neither whole nor damaged: it could not be looked at.
  bool whole() const { return whole_; }
  // What to tell the user; empty: no damage was found.
  const std::string& damage() const { return damage_; }

 private:
  std::string path_;
  bool whole_ = false;
  std::string damage_;
};

}  // namespace sims::client
