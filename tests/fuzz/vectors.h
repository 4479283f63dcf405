// The known answers as seeds of the fuzz targets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sims::fuzz {

// Every string with this beginning in the project's vectors, and in the Fernet vectors and naughty strings of
// third parties where they are installed.
std::vector<std::string> strings_in_vectors(std::string_view beginning);

}  // namespace sims::fuzz
