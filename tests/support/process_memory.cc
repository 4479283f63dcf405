#include "support/process_memory.h"

#include <cstdio>
#include <string>

namespace sims::test {

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

}  // namespace sims::test
