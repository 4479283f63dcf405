// Fuzz targets: code that takes bytes from elsewhere, run on any bytes. A target is one file here. It states
// invariants and gives the seeds from which a fuzzer starts. `make check` runs each target briefly on the same
// inputs every time (fuzz_test.cc). `make fuzz FUZZ=name T=seconds` runs one under clang's libFuzzer.
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
  std::size_t runs;  // in make check; they take about a second
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
// An invariant: must be true for every input.
#define HOLDS(...)                                                                                        \
  do {                                                                                                    \
    if (!(__VA_ARGS__))                                                                                   \
      throw ::sims::fuzz::Broken(__FILE__ ":" SIMS_FUZZ_LINE(__LINE__) ": does not hold: " #__VA_ARGS__); \
  } while (false)

// Reads an input as a series of decisions. After its end all numbers are 0 and all texts are empty.
class Source {
 public:
  explicit Source(ByteView bytes) : left_(bytes) {}
  bool empty() const { return left_.empty(); }
  std::size_t byte();
  std::size_t number(int bytes);                                  // big-endian
  std::size_t pick(std::size_t below) { return byte() % below; }  // below <= 256
  bool coin() { return byte() % 2 == 1; }
  std::string text();  // a byte with the length, then that many bytes
  std::string rest();

 private:
  ByteView left_;
};

// Flips one bit; does nothing to an empty value.
template <class Bytes>
void flip(Bytes& bytes, Source& source) {
  const std::size_t at = source.number(2), bit = source.pick(8);
  if (bytes.size() == 0) return;
  auto& byte = bytes[at % bytes.size()];
  byte = static_cast<typename Bytes::value_type>(byte ^ 1 << bit);
}

// The bytes that Source::text() reads as this text (cut to 255 bytes).
std::string sized(std::string_view text);

}  // namespace sims::fuzz
