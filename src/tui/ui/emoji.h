// Short names of emoji, for completion: ":pizza:" becomes one character.
#pragma once

#include <span>
#include <string_view>

namespace sims::tui {

// Arrays instead of pointers, so that the loader relocates nothing at the start.
struct Emoji {
  char name[20];
  char text[5];  // UTF-8
  constexpr std::string_view short_name() const { return name; }
};

std::span<const Emoji> emoji_with(std::string_view beginning);  // sorted by name; "" gives all
std::string_view find_emoji(std::string_view name);             // its text; empty: no such name

}  // namespace sims::tui
