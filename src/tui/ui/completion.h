// Completion: the candidates for the word before the cursor. Pure; the caller gives the names that exist.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sims::tui {

struct Completables {
  std::vector<std::string> peers;     // names, in the order of the list
  std::vector<std::string> requests;  // the peers of these whose request is open
  std::size_t windows = 0;
  std::function<std::vector<std::string>(const std::string& beginning)> files;
};

struct Completion {
  std::size_t from = 0, to = 0;         // byte offsets of the replaced word
  std::vector<std::string> candidates;  // whole words with a space after them; empty: none fits
};
Completion complete(std::string_view line, std::size_t cursor, const Completables& with);

}  // namespace sims::tui
