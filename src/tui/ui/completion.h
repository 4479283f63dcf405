// Completion: what the word before the cursor could become. Pure; what exists now is given.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sims::tui {

struct Completables {
  std::vector<std::string> peers;     // who can be named, in the order of the list
  std::vector<std::string> requests;  // those of them who wait for an answer
  std::size_t windows = 0;
  std::function<std::vector<std::string>(const std::string& beginning)> files;
};

struct Completion {
  std::size_t from = 0, to = 0;         // what is replaced, byte offsets
  std::vector<std::string> candidates;  // in full, with the space behind them; empty: nothing fits
};
Completion complete(std::string_view line, std::size_t cursor, const Completables& with);

}  // namespace sims::tui
