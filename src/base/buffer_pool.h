// Strings that go from hand to hand, so that many owners who each need one for a moment allocate nothing in
// the steady state, and own nothing while they are idle. What a buffer held is not wiped: for what goes over
// the wire, not for secrets. Belongs to one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sims {

class BufferPool {
 public:
  BufferPool() { kept_.reserve(max_kept); }
  // An empty one.
  std::string take() {
    if (kept_.empty()) return {};
    std::string buffer = std::move(kept_.back());
    kept_.pop_back();
    return buffer;
  }
  // Leaves the owner's string empty and without memory.
  void give(std::string& buffer) {
    std::string given = std::exchange(buffer, {});
    if (kept_.size() == max_kept || given.capacity() > max_bytes || given.capacity() < least_bytes) return;
    given.clear();
    kept_.push_back(std::move(given));
  }

 private:
  // At most 32 MiB are kept, after a turn in which so many connections had so much to say.
  static constexpr std::size_t max_kept = 256, max_bytes = 128 * 1'024, least_bytes = 64;
  std::vector<std::string> kept_;
};

}  // namespace sims
