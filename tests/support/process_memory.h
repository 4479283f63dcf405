// Searches the memory of a process, for tests that secrets were wiped.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/bytes.h"

namespace sims::test {

// A sanitizer has its own operators new and delete: freed memory is not wiped, and may be kept.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool heap_is_watched = true;
#else
inline constexpr bool heap_is_watched = false;
#endif

struct MemoryMap {
  unsigned long from, to;
};

// The writable memory of the process, except maps so large that they are a sanitizer's. Empty: it
// is not known.
std::vector<MemoryMap> writable_maps(pid_t pid);

// A secret to look for, kept in a form that is no hit itself; counts its copies in this process's
// writable memory.
Bytes masked(ByteView secret);
int copies(const Bytes& masked_secret);

}  // namespace sims::test
