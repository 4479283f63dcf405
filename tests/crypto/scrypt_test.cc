// scrypt: known answers, accepted costs, the choice of a cost.
#include "crypto/scrypt.h"

#include <doctest/doctest.h>

#include "support/vectors.h"

using namespace sims;
using namespace sims::crypto;

TEST_CASE("scrypt: RFC 7914") {
  struct Vector {
    const char *passphrase, *salt;
    ScryptCost cost;
    const char* key;
  };
  for (const auto& [passphrase, salt, cost, key] : {
           Vector{"",
                  "",
                  {16, 1, 1},
                  "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                  "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"},
           Vector{"password",
                  "NaCl",
                  {1'024, 8, 16},
                  "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                  "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"},
           Vector{"pleaseletmein",
                  "SodiumChloride",
                  {16'384, 8, 1},
                  "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                  "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"},
       }) {
    CAPTURE(passphrase);
    Bytes out(64);
    REQUIRE(scrypt(bytes_of(passphrase), bytes_of(salt), cost, out));
    CHECK(test::hex(out) == key);
  }
}

TEST_CASE("scrypt: costs that are too high for a file, and invalid ones") {
  CHECK(acceptable({1 << 14, 8, 1}));
  CHECK(acceptable({1 << 20, 8, 1}));
  for (const ScryptCost cost :
       {ScryptCost{1 << 13, 8, 1}, ScryptCost{1 << 21, 8, 1}, ScryptCost{0, 8, 1},
        ScryptCost{(1 << 15) + 1, 8, 1}, ScryptCost{1 << 15, 16, 1}, ScryptCost{1 << 15, 8, 2}}) {
    CAPTURE(cost.n);
    CHECK_FALSE(acceptable(cost));
  }
  ByteArray<32> out;
  CHECK_FALSE(scrypt({}, {}, {17, 8, 1}, out));
  CHECK_FALSE(scrypt({}, {}, {0, 8, 1}, out));
  CHECK_FALSE(scrypt({}, {}, {16, 8, 0}, out));
}

TEST_CASE("scrypt: the cost follows the speed of the computer") {
  const auto chosen = [](std::int64_t cheapest_ms, std::int64_t target_ms) {
    std::int64_t now = 1'000;
    return scrypt_cost_for(target_ms, [&] { return std::exchange(now, now + cheapest_ms); });
  };
  CHECK(chosen(100, 500) == ScryptCost{1 << 16, 8, 1});  // 400 is nearer than 800
  CHECK(chosen(88, 500) == ScryptCost{1 << 17, 8, 1});   // 704 is nearer than 352, by their ratio
  CHECK(chosen(500, 500) == ScryptCost{1 << 14, 8, 1});
  CHECK(chosen(60'000, 500) == ScryptCost{1 << 14, 8, 1});  // never weaker
  CHECK(chosen(0, 500) == ScryptCost{1 << 20, 8, 1});       // never more memory than every machine has
  CHECK(acceptable(chosen(37, 500)));
}
