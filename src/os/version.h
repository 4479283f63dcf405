#pragma once
#include <string>

namespace sims {
// "0.1.0-12-gabcdef0": git describe at build time.
const char* version();
// What --version prints: "PROGRAM VERSION" and the protocol's version, each on a line of its own.
std::string version_text(const char* program);
}  // namespace sims
