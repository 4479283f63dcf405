// Keeps keys out of swap: locks memory once, at the start, as far as RLIMIT_MEMLOCK allows.
#pragma once

#include <cstddef>
#include <string>

namespace sims {

struct LockedMemory {
  bool all = false;       // the whole process, with later allocations
  std::size_t heap = 0;   // else the first bytes of the heap, which malloc uses first
  std::size_t limit = 0;  // bytes; RLIMIT_MEMLOCK
  std::string problem;    // not empty: why nothing is locked
};

// Call it before there are keys and threads; a forked child does not inherit it. Without a limit it
// locks the whole process. With a limit it locks part of the heap only, since else allocations over
// the limit would fail. Sanitizer builds lock nothing.
LockedMemory lock_memory();
// A sentence for users: what is locked, and how to allow more.
std::string words_for(const LockedMemory& locked);

}  // namespace sims
