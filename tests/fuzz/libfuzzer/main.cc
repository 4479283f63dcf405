// Connects clang's libFuzzer to the target that the environment variable FUZZ names. Writes the target's seeds
// into the first folder of the command line.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>

#include "fuzz/fuzz.h"

namespace {
const sims::fuzz::Target* target = nullptr;
}

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const char* name = std::getenv("FUZZ");
  target = sims::fuzz::find(name ? name : "");
  if (!target) {
    std::fprintf(stderr, "FUZZ=NAME names one of:");
    for (const auto& one : sims::fuzz::targets())
      std::fprintf(stderr, " %s", std::string(one.name).c_str());
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  for (int i = 1; i < *argc; ++i) {
    const std::string folder = (*argv)[i];
    if (folder.starts_with('-')) continue;
    int number = 0;
    for (const auto& seed : target->seeds())
      std::ofstream(folder + "/seed-" + std::to_string(number++), std::ios::binary) << seed;
    break;
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    target->run({data, size});
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    std::abort();
  }
  return 0;
}
