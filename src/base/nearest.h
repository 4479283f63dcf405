// What somebody may have meant by a word that is in no table. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sims {

// A unique beginning, else the nearest by edits (at most 2, and fewer than the word has letters), without
// regard to case. Empty: nothing is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);
// " Did you mean NEAREST?" or nothing.
std::string did_you_mean(std::string_view nearest);

}  // namespace sims
