// The version of the programs, fixed at build time.
#pragma once
#include <string>

namespace sims {
// "0.1.0-12-gabcdef0".
const char* version();
// The text of --version: "PROGRAM VERSION" and the protocol's version, each on a line of its own.
std::string version_text(const char* program);
}  // namespace sims
