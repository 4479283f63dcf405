// Case-insensitive search for a text in others. Compares ASCII if both are ASCII, else Unicode's
// case folding of composed characters, so that composed and decomposed accents match.
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

  // Whether `text` contains the wanted text. An empty wanted text is in every text. False if either
  // is not UTF-8.
  bool in(std::string_view text);

 private:
  using Folded = std::vector<std::int32_t>;
  static std::optional<std::size_t> fold(std::string_view text, Folded& room);

  std::string ascii_;  // in lower case; empty: not ASCII
  Folded wanted_, text_;
  std::optional<std::size_t> size_;  // of the wanted text in wanted_; nullopt: not UTF-8
};

}  // namespace sims
