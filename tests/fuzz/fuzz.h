// What takes bytes from somebody else, fed with any bytes. A target is one file here: it says what always
// holds, and seeds from which a fuzzer starts. `make check` runs each of them briefly (fuzz_test.cc), on the
// same inputs every time; `make fuzz FUZZ=name T=seconds` for as long as wanted, under clang's libFuzzer.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sims::fuzz {

struct Target {
  std::string_view name;
  void (*run)(ByteView input);  // throws Broken
  std::vector<std::string> (*seeds)();
  std::size_t runs;  // in make check: about a second of them
};

const std::vector<Target>& targets();
const Target* find(std::string_view name);  // nullptr: none
struct Register {
  explicit Register(const Target& target);
};

struct Broken : std::logic_error {
  using std::logic_error::logic_error;
};
#define SIMS_FUZZ_STRING(x) #x
#define SIMS_FUZZ_LINE(x) SIMS_FUZZ_STRING(x)
// What must be true of every input.
#define HOLDS(...)                                                                                        \
  do {                                                                                                    \
    if (!(__VA_ARGS__))                                                                                   \
      throw ::sims::fuzz::Broken(__FILE__ ":" SIMS_FUZZ_LINE(__LINE__) ": does not hold: " #__VA_ARGS__); \
  } while (false)

// An input as a row of decisions. At its end everything is 0 and empty.
class Source {
 public:
  explicit Source(ByteView bytes) : left_(bytes) {}
  bool empty() const { return left_.empty(); }
  std::size_t byte();
  std::size_t number(int bytes);                                  // the first one weighs most
  std::size_t pick(std::size_t below) { return byte() % below; }  // below <= 256
  bool coin() { return byte() % 2 == 1; }
  std::string text();  // a byte that says how long, then so many
  std::string rest();

 private:
  ByteView left_;
};

// One bit of it, if it has any.
template <class Bytes>
void flip(Bytes& bytes, Source& source) {
  const std::size_t at = source.number(2), bit = source.pick(8);
  if (bytes.size() == 0) return;
  auto& byte = bytes[at % bytes.size()];
  byte = static_cast<typename Bytes::value_type>(byte ^ 1 << bit);
}

// A seed that a Source reads so: `text()`.
std::string sized(std::string_view text);

}  // namespace sims::fuzz
