// Ed25519: known answers, flipped bits, and public keys that are refused.
#include "crypto/sign.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "support/fixed_rng.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::crypto;

namespace {

template <std::size_t N>
ByteArray<N> fixed(ByteView bytes) {
  REQUIRE(bytes.size() == N);
  ByteArray<N> out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

PublicKey key_of(const char* hex) {
  return fixed<32>(test::unhex(hex));
}

// The encoding of a small y, little-endian.
PublicKey small_y(int y) {
  return PublicKey{static_cast<std::uint8_t>(y)};
}
// The encoding of p - i = 2^255 - 19 - i.
PublicKey p_minus(int i) {
  PublicKey key;
  key.fill(0xff);
  key[0] = static_cast<std::uint8_t>(0xed - i);
  key[31] = 0x7f;
  return key;
}

// L, the order of the base point, little-endian.
const char* const order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

Signature plus_order(Signature signature) {
  Bytes l = test::unhex(order);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += signature[32 + i] + l[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return signature;
}

}  // namespace

TEST_CASE("Ed25519: Wycheproof") {
  auto path = test::third_party("wycheproof/ed25519_test.json");
  if (!path) return;
  auto doc = test::read_json(*path);
  int valid = 0, invalid = 0;
  for (const auto& group : doc["testGroups"].GetArray()) {
    PublicKey key = fixed<32>(test::unhex(group["publicKey"], "pk"));
    CHECK(valid_public_key(key));
    for (const auto& t : group["tests"].GetArray()) {
      CAPTURE(t["tcId"].GetInt());
      Bytes signature = test::unhex(t, "sig");
      bool accepted = signature.size() == 64 && verify(key, test::unhex(t, "msg"), fixed<64>(signature));
      CHECK(accepted == (test::text(t, "result") == "valid"));
      ++(accepted ? valid : invalid);
    }
  }
  CHECK(valid == 88);
  CHECK(invalid == 63);
}

TEST_CASE("Ed25519: the RFC's authors' vectors (Debian), signed and verified") {
  auto path = test::debian("asymmetric/Ed25519/sign.input");
  if (!path) return;
  std::istringstream in(test::read_text(*path));
  int count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    CAPTURE(count);
    std::istringstream fields(line);
    std::string secret, public_key, message, signed_message;
    for (auto* field : {&secret, &public_key, &message, &signed_message})
      std::getline(fields, *field, ':');
    auto key = SigningKey::from_seed(test::unhex(secret.substr(0, 64)));
    CHECK(test::hex(key.public_key()) == public_key);
    Bytes text = test::unhex(message);
    Signature signature = key.sign(text);
    CHECK(test::hex(signature) + message == signed_message);
    if (count % 8) continue;  // a sample: verifying all takes as long as all other cases here
    CHECK(verify(key.public_key(), text, signature));
    text.push_back(0);
    CHECK_FALSE(verify(key.public_key(), text, signature));
  }
  CHECK(count == 1024);
}

TEST_CASE("Ed25519: generated keys sign, keep their seed and can be moved") {
  test::FixedRng rng(3);
  auto made = SigningKey::generate(rng);
  PublicKey key = made.public_key();
  auto moved = std::move(made);
  CHECK(moved.public_key() == key);
  CHECK(SigningKey::from_seed(moved.seed()).public_key() == key);
  CHECK(verify(key, bytes_of("text"), moved.sign(bytes_of("text"))));
  CHECK_FALSE(verify(SigningKey::generate(rng).public_key(), bytes_of("text"), moved.sign(bytes_of("text"))));
}

TEST_CASE("Ed25519: a flipped bit anywhere is refused") {
  auto key = SigningKey::from_seed(Bytes(32, 1));
  Signature good = key.sign(bytes_of("text"));
  for (std::size_t bit = 0; bit < 512; ++bit) {
    Signature bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_FALSE(verify(key.public_key(), bytes_of("text"), bad));
  }
}

TEST_CASE("Ed25519: S + L, a second form of a signature, is refused") {
  for (int i = 0; i < 20; ++i) {
    auto key = SigningKey::from_seed(Bytes(32, static_cast<std::uint8_t>(i)));
    Signature good = key.sign(bytes_of("text"));
    CHECK(verify(key.public_key(), bytes_of("text"), good));
    CHECK_FALSE(verify(key.public_key(), bytes_of("text"), plus_order(good)));
  }
}

TEST_CASE("attack 14: Ed25519 keys of small order are refused, with either sign") {
  const PublicKey points[] = {
      small_y(0),
      small_y(1),
      p_minus(1),
      key_of("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
      key_of("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
  };
  for (PublicKey key : points) {
    CAPTURE(test::hex(key));
    CHECK_FALSE(valid_public_key(key));
    key[31] |= 0x80;
    CHECK_FALSE(valid_public_key(key));
    // Without a check of keys, R = identity and S = 0 verify any message under the identity key.
    Signature forged{};
    forged[0] = 1;
    CHECK_FALSE(verify(key, bytes_of("anything"), forged));
  }
}

TEST_CASE("attack 14: Ed25519 keys that are not canonical, or not on the curve, are refused") {
  // The y from 2 to 39 that belong to a point, computed with another implementation.
  const std::set<int> on_curve = {3,  4,  5,  6,  9,  10, 14, 15, 16, 18, 19, 21, 23,
                                  24, 25, 26, 27, 28, 29, 30, 32, 33, 35, 37, 39};
  for (int y = 2; y < 40; ++y) {
    CAPTURE(y);
    for (int sign : {0, 0x80}) {
      PublicKey key = small_y(y);
      key[31] = static_cast<std::uint8_t>(sign);
      CHECK(valid_public_key(key) == on_curve.contains(y));
      key = p_minus(y);  // -y is on the curve when y is
      key[31] |= static_cast<std::uint8_t>(sign);
      CHECK(valid_public_key(key) == on_curve.contains(y));
      if (y > 18) continue;
      key = p_minus(-y);  // p + y: another encoding of the point of y
      key[31] |= static_cast<std::uint8_t>(sign);
      CHECK_FALSE(valid_public_key(key));
    }
  }
  PublicKey all_ones;
  all_ones.fill(0xff);
  CHECK_FALSE(valid_public_key(all_ones));
}
