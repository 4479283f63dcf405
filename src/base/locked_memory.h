// Keys kept out of the swap: memory locked once, at the start, as far as the limit RLIMIT_MEMLOCK allows.
#pragma once

#include <cstddef>
#include <string>

namespace sims {

struct LockedMemory {
  bool all = false;       // also what will be allocated later
  std::size_t heap = 0;   // else: so many bytes of the heap, which is used from there on first
  std::size_t limit = 0;  // bytes
  std::string problem;    // why not even that
};

// Before there are keys and threads; not inherited by a forked child. Without a limit it locks the whole
// process. With one it must not: then allocations over the limit would fail. Sanitizer builds lock nothing.
LockedMemory lock_memory();
// For people: what is locked, and what to do for more.
std::string words_for(const LockedMemory& locked);

}  // namespace sims
