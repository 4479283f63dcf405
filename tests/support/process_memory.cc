// Reads the writable maps of a process, and counts copies of a masked secret.
#include "support/process_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/secret.h"

namespace sims::test {

namespace {

constexpr std::uint8_t mask = 0x5a;

std::uint8_t window[1 << 16];  // the part that is searched

bool at(const std::uint8_t* bytes, const Bytes& hidden) {
  for (std::size_t i = 0; i < hidden.size(); ++i)
    if (bytes[i] != (hidden[i] ^ mask)) return false;
  return true;
}

}  // namespace

std::vector<MemoryMap> writable_maps(pid_t pid) {
  constexpr unsigned long largest = 256ul << 20;
  std::vector<MemoryMap> out;
  std::FILE* maps = std::fopen(("/proc/" + std::to_string(pid) + "/maps").c_str(), "re");
  if (maps == nullptr) return out;
  char line[512], rights[5] = {};
  for (MemoryMap one{}; std::fgets(line, sizeof line, maps) != nullptr;)
    if (std::sscanf(line, "%lx-%lx %4s", &one.from, &one.to, rights) == 3 && rights[1] == 'w' &&
        one.to - one.from <= largest)
      out.push_back(one);
  std::fclose(maps);
  return out;
}

Bytes masked(ByteView secret) {
  Bytes out(secret.begin(), secret.end());
  for (auto& byte : out)
    byte ^= mask;
  return out;
}

int copies(const Bytes& hidden) {
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  if (memory < 0) std::abort();
  const auto own = reinterpret_cast<unsigned long>(&window[0]);
  // Most memory is zeros: a search for one non-zero byte finds candidates at the speed of memory.
  const auto rare = std::find_if(hidden.begin(), hidden.end(), [](std::uint8_t b) { return b != mask; });
  if (rare == hidden.end()) std::abort();
  const auto before = static_cast<std::size_t>(rare - hidden.begin());
  int found = 0;
  for (const auto& map : writable_maps(::getpid()))
    for (unsigned long from = map.from; from < map.to; from += sizeof window - hidden.size()) {
      const ssize_t size = ::pread(memory, window, std::min<std::size_t>(sizeof window, map.to - from),
                                   static_cast<off_t>(from));
      if (size < static_cast<ssize_t>(hidden.size())) continue;
      const std::uint8_t* const end = window + (static_cast<std::size_t>(size) - hidden.size() + before + 1);
      for (const std::uint8_t* next = window + before; next < end; ++next) {
        next = static_cast<const std::uint8_t*>(
            std::memchr(next, *rare ^ mask, static_cast<std::size_t>(end - next)));
        if (next == nullptr) break;
        const unsigned long where = from + static_cast<unsigned long>(next - window) - before;
        if ((where < own || where >= own + sizeof window) && at(next - before, hidden)) ++found;
      }
    }
  wipe(window, sizeof window);
  ::close(memory);
  return found;
}

}  // namespace sims::test
