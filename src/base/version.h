#pragma once
#include <string>

namespace sims {
// "sims 0.1.0-12-gabcdef0": git describe at build time.
const char* version();
// What --version prints: program, version, protocol and suites' library versions.
std::string version_text(const char* program);
}  // namespace sims
