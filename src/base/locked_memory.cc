// Locks all memory if the limit allows it, else the beginning of malloc's heap.
#include "base/locked_memory.h"

#include <errno.h>
#include <fmt/format.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

namespace sims {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

constexpr std::size_t max_heap = std::size_t{16} << 20;
constexpr std::size_t piece = 64 << 10;  // below malloc's threshold for mmap

std::uintptr_t top() {
  return reinterpret_cast<std::uintptr_t>(sbrk(0));
}

// The beginning of the heap; its top, if /proc does not show it.
std::uintptr_t bottom() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.ends_with("[heap]")) return std::stoull(line, nullptr, 16);
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  return (top() + page - 1) / page * page;
}

// Grows the heap to the size that may be locked, keeps it so, and locks it: malloc uses its lowest
// bytes first.
bool lock_heap(std::size_t bytes) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = bottom();
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * max_heap));
  mallopt(M_TOP_PAD, static_cast<int>(bytes));
  // Uses up the heap's free memory, then makes it grow once by all of `bytes`.
  void** blocks = nullptr;
  for (std::size_t left = bytes; left > 0 && top() < begin + bytes; left -= std::min(left, piece))
    if (auto* block = static_cast<void**>(std::malloc(piece))) {
      *block = blocks;
      blocks = block;
    }
  while (blocks != nullptr)
    std::free(std::exchange(blocks, static_cast<void**>(*blocks)));
  mallopt(M_TOP_PAD, static_cast<int>(piece));
  const auto end = std::min(begin + bytes, top() / page * page);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a place in the heap, counted in pages
  return end > begin && mlock2(reinterpret_cast<void*>(begin), end - begin, MLOCK_ONFAULT) == 0;
}

}  // namespace

LockedMemory lock_memory() {
  LockedMemory out;
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_MEMLOCK, &limit);
  getrlimit(RLIMIT_MEMLOCK, &limit);
  out.limit = limit.rlim_cur;
  if (limit.rlim_cur == RLIM_INFINITY) {
    out.all = mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
    if (!out.all) out.problem = strerror(errno);
    return out;
  }
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t bytes = std::min<std::size_t>(limit.rlim_cur, max_heap) / page * page;
  if (bytes == 0)
    out.problem = "the limit is 0";
  else if (lock_heap(bytes))
    out.heap = bytes;
  else
    out.problem = strerror(errno);
  return out;
}
#else
LockedMemory lock_memory() {
  LockedMemory out;
  out.problem = "a sanitizer is at work";
  return out;
}
#endif

std::string words_for(const LockedMemory& locked) {
  if (locked.all) return "locked: nothing of it is written to swap";
  constexpr const char* advice =
      "allow more with ulimit -l unlimited (LimitMEMLOCK=infinity in a unit), or encrypt swap";
  if (!locked.problem.empty())
    return fmt::format("not locked ({}): keys may be written to swap; {}", locked.problem, advice);
  return fmt::format(
      "the first {} KiB of the heap are locked, the limit is {} KiB: keys beyond may be written to swap; {}",
      locked.heap >> 10, locked.limit >> 10, advice);
}

}  // namespace sims
