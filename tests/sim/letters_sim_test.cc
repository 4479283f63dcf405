// Letters at large: 200 people of whom half are away at any time write to each other while links, programs and the
// relay break, the relay's mailboxes fail, are slow or full, and days pass. In the end everybody is there, and
// every text is proved delivered and was shown once, in order but for a few that say so, and no store or mailbox was
// taken for an older one.
//   SIMS_STRESS_MESSAGES=1000000 make test-sim SEED=7 ONLY="letters at large"
#include <doctest/doctest.h>

#include "sim/chaos.h"
#include "sim/seeds.h"

using namespace sims::test;

TEST_CASE("letters at large: 200 people of whom half are away, each text proved in the end") {
  auto plan = plan_from_environment(sanitized ? 4'000 : 20'000, 951);
  plan.letters = true;
  plan.apart_ms = 200;
  CAPTURE(plan.seed);
  Chaos(plan).run();
}
