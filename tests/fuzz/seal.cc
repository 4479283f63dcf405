// Fuzz target `seal`: a token opens only at the place where it was sealed, and unchanged.
#include "client/store/seal.h"

#include "fuzz/fuzz.h"
#include "support/fixed_rng.h"

namespace sims::fuzz {
namespace {

using client::Sealer;

const ByteArray<32> master{1, 2, 3};

void run(ByteView input) {
  static test::FixedRng rng(1);
  Sealer sealer(master, rng);  // not static: it must not outlive the ciphers of its thread
  Source source(input);
  const std::string place = source.text(), other = source.text();
  const std::size_t at = source.number(2);
  const auto flip = static_cast<char>(source.byte());
  const std::string plain = source.rest();
  // A token cannot be made without the key.
  HOLDS(!sealer.open(place, plain));
  HOLDS(!client::unwrap_master(plain, master, place));

  std::string token = sealer.seal(place, plain);
  HOLDS(sealer.open(place, token) == plain);
  HOLDS(other == place || !sealer.open(other, token));
  HOLDS(!client::unwrap_master(token, master, place));
  HOLDS(other == place || sealer.tag("kind", place, other) != sealer.tag("kind", other, place));
  if (flip == 0) return;
  char& changed = token[at % token.size()];
  changed = static_cast<char>(changed ^ flip);
  HOLDS(!sealer.open(place, token));
}

std::vector<std::string> seeds() {
  test::FixedRng rng(2);
  Sealer other(ByteArray<32>{9}, rng);
  return {sized("history 7") + sized("history 8") + std::string("\0\x09\x20", 3) + "a text",
          sized("peer x") + sized("") + std::string("\1\2\1", 3) + other.seal("peer x", "a text"),
          sized("") + sized("x") + std::string("\0\0\0", 3) + client::wrap_master(master, master, "id", rng),
          sized("x") + sized("x") + std::string("\0\0\x04", 3)};
}

const Register registered({"seal", run, seeds, 3'000});

}  // namespace
}  // namespace sims::fuzz
