// Short names of emoji, for completion: ":pizza:" is one character on everybody's screen.
#pragma once

#include <span>
#include <string_view>

namespace sims::tui {

// Arrays instead of pointers: nothing to relocate when the program starts.
struct Emoji {
  char name[20];
  char text[5];  // UTF-8
  constexpr std::string_view short_name() const { return name; }
};

std::span<const Emoji> emoji_with(std::string_view beginning);  // by name; "" gives all
std::string_view find_emoji(std::string_view name);             // its text; empty: there is none

}  // namespace sims::tui
