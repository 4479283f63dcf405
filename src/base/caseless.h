// Looking for a text in others, letters in either case: ASCII where both are, else by Unicode's case folding
// of composed characters (so that one e with an accent is like the other).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sims {

class Caseless {
 public:
  explicit Caseless(std::string_view wanted);
  ~Caseless();  // wipes its copies
  Caseless(const Caseless&) = delete;
  Caseless& operator=(const Caseless&) = delete;

  // True for each text if what is wanted is empty; false for each that is not UTF-8, or if what is wanted is
  // not.
  bool in(std::string_view text);

 private:
  using Folded = std::vector<std::int32_t>;
  static std::optional<std::size_t> fold(std::string_view text, Folded& room);

  std::string ascii_;  // in lower case; empty: not ASCII
  Folded wanted_, text_;
  std::optional<std::size_t> size_;  // of what is wanted, in wanted_; nullopt: not UTF-8
};

}  // namespace sims
