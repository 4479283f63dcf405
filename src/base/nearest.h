// Suggests the nearest known word for a mistyped one. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sims {

// The only known word that begins with `word`, else the nearest by edits (at most 2, and fewer than
// it has letters), ignoring case. Empty: none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);
// " Did you mean NEAREST?", or nothing if it is empty.
std::string did_you_mean(std::string_view nearest);

}  // namespace sims
