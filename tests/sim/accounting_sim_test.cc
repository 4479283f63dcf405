// The whole account: 200 clients talk while links drop and freeze, programs die and restart, the
// relay restarts, and delays change. Every text ends as proved delivered or as visibly waiting.
// None is lost silently, shown twice or shown out of order.
//   SIMS_STRESS_MESSAGES=1000000 make test-sim SEED=7 ONLY="the whole account"
#include <doctest/doctest.h>

#include "sim/chaos.h"

using namespace sims::test;

TEST_CASE("the whole account: 200 clients in chaos, each message proved delivered or visibly not") {
  auto plan = plan_from_environment(6'000, 901);
  plan.leavers = 5;
  CAPTURE(plan.seed);
  Chaos(plan).run();
}
