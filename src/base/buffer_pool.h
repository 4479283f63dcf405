// A pool of reusable string buffers. Owners that need one for a moment allocate nothing in the
// steady state, and own no memory while idle. Buffers are not wiped: use it for bytes on the wire,
// not for secrets. For one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sims {

class BufferPool {
 public:
  BufferPool() { kept_.reserve(max_kept); }
  // Returns an empty string, with memory if the pool has any.
  std::string take() {
    if (kept_.empty()) return {};
    std::string buffer = std::move(kept_.back());
    kept_.pop_back();
    return buffer;
  }
  // Takes the string's memory; leaves the string empty.
  void give(std::string& buffer) {
    std::string given = std::exchange(buffer, {});
    if (kept_.size() == max_kept || given.capacity() > max_bytes || given.capacity() < min_bytes) return;
    given.clear();
    kept_.push_back(std::move(given));
  }

 private:
  // At most 32 MiB, after a turn in which very many connections had output.
  static constexpr std::size_t max_kept = 256, max_bytes = 128 * 1'024, min_bytes = 64;
  std::vector<std::string> kept_;
};

}  // namespace sims
