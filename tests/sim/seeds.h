// The seeds that the simulation runs with, and the line that replays a failure.
//
// SIMS_SEED=N (`make test-sim SEED=N`) runs that seed alone. SIMS_FRESH_SEED=1 adds a random seed
// to the fixed ones and prints it. After a failure the program prints one command line, which
// repeats the case that failed first. SIMS_TRACE=1 prints what happens in the simulation.
#pragma once

#include <cstdint>
#include <vector>

namespace sims::test {

// Fewer steps under a sanitizer, where each takes ten times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

std::vector<std::uint64_t> seeds(std::uint64_t first, std::uint64_t last);  // both included
// For a case that runs one seed.
std::uint64_t seed_or(std::uint64_t usual);
// The number in this environment variable, which changes the size of a case.
std::uint64_t size_in(const char* variable, std::uint64_t usual);
// Notes the seed of the World that begins, for the replay line.
void playing(std::uint64_t seed);

}  // namespace sims::test
