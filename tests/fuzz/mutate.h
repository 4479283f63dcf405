// Makes inputs from seeds, the same ones for the same Rng. Like libFuzzer, but without coverage feedback.
#pragma once

#include <string>
#include <vector>

#include "support/fixed_rng.h"

namespace sims::fuzz {

std::string mutate(const std::vector<std::string>& seeds, test::FixedRng& random);

}  // namespace sims::fuzz
