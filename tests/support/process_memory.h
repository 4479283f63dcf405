// Looking into the memory of a process, for tests that say what is not left there.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/bytes.h"

namespace sims::test {

// A sanitizer has operators new and delete of its own: what was freed is not wiped, and may be kept.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool heap_is_watched = true;
#else
inline constexpr bool heap_is_watched = false;
#endif

struct MemoryMap {
  unsigned long from, to;
};

// What the process may write to, but for maps so large that they are a sanitizer's. Empty: not to be known.
std::vector<MemoryMap> writable_maps(pid_t pid);

// A secret to look for, kept so that it is no hit itself; how often it is in what this process may write to.
Bytes masked(ByteView secret);
int copies(const Bytes& masked_secret);

}  // namespace sims::test
