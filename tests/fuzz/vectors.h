// The known answers as seeds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sims::fuzz {

// Every string in the project's vectors, and in others' Fernet vectors and naughty strings where there are
// some, that begins so.
std::vector<std::string> strings_in_vectors(std::string_view beginning);

}  // namespace sims::fuzz
