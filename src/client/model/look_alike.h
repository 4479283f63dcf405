// Look-alike names (attack list, row 31): `b0b` for `bob`, `arnold` for `amold`, `alice-` for
// `alice`. Pure. Names are [a-z0-9._-] (sims-protocol(7) section 2), so there are no foreign
// alphabets.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "client/model/memory.h"

namespace sims::client {

// A form that is equal for names that look the same.
std::string name_skeleton(std::string_view name);
// True if the names' skeletons are the same, or one letter apart (added, lost, another, or swapped
// with its neighbour) in names of at least four.
bool looks_like(std::string_view name, std::string_view other);

// Returns the contact whose name looks most like `name`, if there is one.
std::optional<std::string> look_alike(const std::string& name, const std::map<std::string, PinnedPeer>& pins);
std::string look_alike_words(const std::string& name, const std::string& contact);

}  // namespace sims::client
