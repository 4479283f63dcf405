// main() of every test program: runs doctest, and prints how many checks were skipped for missing files.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "support/vectors.h"

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  int result = context.run();
  if (!context.shouldExit() || sims::test::skipped()) std::printf("skipped: %d\n", sims::test::skipped());
  return result;
}
