// Runs every target on its seeds and on some thousand inputs made of them, the same ones each time. A failure
// or crash prints its input; add that to the target's seeds.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "support/vectors.h"

// Defined in builds with a sanitizer.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

using namespace sims;
using namespace sims::fuzz;

namespace {

std::string_view target_now;
std::string input_now;

// Async-signal-safe, since it runs during a crash.
void print_input() {
  const auto print = [](std::string_view text) {
    static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
  };
  print("\nfuzz target ");
  print(target_now);
  print(" was at the input ");
  for (const char c : input_now) {
    const auto byte = static_cast<unsigned char>(c);
    const char digits[] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    print({digits, 2});
  }
  print("\n");
}

void on_signal(int number) {
  print_input();
  ::signal(number, SIG_DFL);
  ::raise(number);
}

void run(const Target& target, const std::string& input) {
  input_now = input;
  try {
    target.run(bytes_of(input_now));
  } catch (const std::exception& problem) {
    FAIL(target.name << ": " << std::string(problem.what()) << "\ninput: " << test::hex(bytes_of(input)));
  }
}

}  // namespace

TEST_CASE("fuzz: short runs") {
  for (const int number : {SIGABRT, SIGFPE, SIGILL, SIGTERM})
    ::signal(number, on_signal);
  if (__sanitizer_set_death_callback)
    __sanitizer_set_death_callback(print_input);
  else
    for (const int number : {SIGSEGV, SIGBUS})
      ::signal(number, on_signal);
  for (const Target& target : targets()) {
    SUBCASE(std::string(target.name).c_str()) {
      target_now = target.name;
      const auto seeds = target.seeds();
      REQUIRE_FALSE(seeds.empty());
      for (const auto& seed : seeds)
        run(target, seed);
      run(target, "");
      test::FixedRng random(77);
      for (std::size_t i = 0; i < target.runs; ++i)
        run(target, mutate(seeds, random));
      CHECK(true);  // so that the subcase has an assertion
    }
  }
}
