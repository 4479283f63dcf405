// Names, ids and safety numbers: known answers, and input that is refused.
#include "proto/identity.h"

#include <doctest/doctest.h>

#include "base/base64.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::proto;

TEST_CASE("safety numbers: known answers, in either order") {
  const auto json = test::read_json(test::own("safety-number.json"));
  int cases = 0;
  for (const auto& c : json["cases"].GetArray()) {
    const auto a = Id::parse(test::text(c, "a")), b = Id::parse(test::text(c, "b"));
    REQUIRE(a);
    REQUIRE(b);
    const std::string number(test::text(c, "number"));
    CHECK(safety_number(*a, *b) == number);
    CHECK(safety_number(*b, *a) == number);
    ++cases;
  }
  CHECK(cases == 12);
}

TEST_CASE("safety numbers: typed and pasted forms") {
  test::FixedRng rng;
  const Id a = Id::of(crypto::SigningKey::generate(rng).public_key());
  const Id b = Id::of(crypto::SigningKey::generate(rng).public_key());
  const std::string number = safety_number(a, b);
  CHECK(safety_number_matches(number, a, b));
  CHECK(safety_number_matches(" \t" + number + "\r\n", b, a));
  std::string odd;
  for (const char c : number)
    odd += c == ' ' ? std::string("\u00a0\u2003\n\u3000") : std::string(1, c);
  CHECK(safety_number_matches(odd, a, b));
  std::string hyphens = number;
  std::replace(hyphens.begin(), hyphens.end(), ' ', '-');
  CHECK(safety_number_matches(hyphens, a, b));
  CHECK(safety_number_matches(safety_qr_text(b, a) + "\n", a, b));
  CHECK(safety_qr_text(a, b) == safety_qr_text(b, a));
  CHECK(safety_qr_text(a, b).starts_with("sims:1:"));
  std::string wrong = number;
  wrong[0] = wrong[0] == '0' ? '1' : '0';
  CHECK_FALSE(safety_number_matches(wrong, a, b));
  CHECK_FALSE(safety_number_matches("", a, b));
  CHECK_FALSE(safety_number_matches(number.substr(6), a, b));
  CHECK_FALSE(safety_number_matches(number + "0", a, b));
}

TEST_CASE("names: accepted and refused forms") {
  for (const char* good : {"a", "0", "alice", "relay.example", "a-b_c.d", "x2345678901234567890123456789012"})
    CHECK(valid_name(good));
  for (const std::string bad : {"", "Bob", ".a", "-a", "_a", "a b", "a/b", "b\u043eb", "a\n", "a\u200d",
                                "a\u202e", "x23456789012345678901234567890123"})
    CHECK_FALSE(valid_name(bad));
  CHECK_FALSE(valid_name(std::string_view("a\0b", 3)));
}

TEST_CASE("attack 3: a name that is an id, and ids of wrong length, alphabet, padding or key, are refused") {
  test::FixedRng rng;
  const Id id = Id::of(crypto::SigningKey::generate(rng).public_key());
  REQUIRE(Id::parse(id.text()) == id);
  CHECK_FALSE(valid_name(id.text()));  // 43 characters: too long for a name

  const std::string text = id.str();
  CHECK_FALSE(Id::shaped(text.substr(1)));
  CHECK_FALSE(Id::shaped(text + "A"));
  CHECK_FALSE(Id::shaped(text + "="));
  CHECK_FALSE(Id::shaped(""));
  for (const char c : {'+', '/', '=', ' ', '\n', '.', '\0', '\x80'}) {
    std::string other = text;
    other[20] = c;
    CHECK_FALSE(Id::shaped(other));
  }
  std::string loose = text;  // the last character carries 4 bits: the 2 below them must be 0
  loose[42] = loose[42] == 'A' ? 'B' : static_cast<char>(loose[42] + 1);
  CHECK_FALSE(Id::shaped(loose));

  const auto id_of = [](const char* hex) { return base64_encode(test::unhex(hex), Base64::url_unpadded); };
  for (const char* weak : {
           "0000000000000000000000000000000000000000000000000000000000000000",  // order 4
           "0100000000000000000000000000000000000000000000000000000000000000",  // order 1
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // order 2
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // y = p + 1
           "0200000000000000000000000000000000000000000000000000000000000000",  // not on the curve
       }) {
    CAPTURE(weak);
    CHECK(Id::shaped(id_of(weak)));
    CHECK_FALSE(Id::parse(id_of(weak)));
  }
}
