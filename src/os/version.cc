// The version's text, from SIMS_VERSION, which the Makefile defines.
#include "os/version.h"

#include <fmt/format.h>

#ifndef SIMS_VERSION
#define SIMS_VERSION "unknown"
#endif

namespace sims {

const char* version() {
  return SIMS_VERSION;
}

std::string version_text(const char* program) {
  return fmt::format("{} {}\nSIMS protocol 1\n", program, version());
}

}  // namespace sims
