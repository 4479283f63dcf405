// Ed25519 over Crypto++, with the checks of public keys that it lacks.
#include "crypto/sign.h"

#include <cryptopp/donna.h>
#include <cryptopp/integer.h>
#include <cryptopp/nbtheory.h>

#include <algorithm>
#include <cassert>

namespace sims::crypto {
namespace {

using CryptoPP::Integer;

struct Curve {
  Integer p = Integer::Power2(255) - 19;
  Integer l = Integer::Power2(252) + Integer("27742317777372353535851937790883648493");
  Integer d = (p - (Integer(121665) * Integer(121666).InverseMod(p)) % p) % p;  // -121665/121666
  // y8 and -y8 belong to the points of order 8; 0, 1 and -1 to those of order 4, 1 and 2. There are no more.
  Integer y8 = Integer("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7h");
};

const Curve& curve() {
  static const Curve c;
  return c;
}

// Little-endian, like all numbers of Ed25519.
Integer decode(ByteView little_endian) {
  return {little_endian.data(), little_endian.size(), Integer::UNSIGNED, CryptoPP::LITTLE_ENDIAN_ORDER};
}

bool small_order(const Integer& y) {
  const Curve& c = curve();
  return y.IsZero() || y == Integer::One() || y == c.p - 1 || y == c.y8 || y == c.p - c.y8;
}

// x^2 = (y^2 - 1) / (d y^2 + 1) has a root when the product of the two is a square. The denominator is
// never 0, because -1/d is no square. The numerator is 0 only for y = 1 and -1, which small_order refused.
bool on_curve(const Integer& y) {
  const Curve& c = curve();
  Integer yy = y.Squared() % c.p;
  Integer product = (yy - 1) * (c.d * yy % c.p + 1) % c.p;
  return CryptoPP::Jacobi(product, c.p) == 1;
}

// Crypto++ leaves the seed and values derived from it on the stack: overwrite as deep as it reaches.
[[gnu::noinline]] void wipe_stack() {
  std::uint8_t used[16'384];
  wipe(used, sizeof used);
}

}  // namespace

bool valid_public_key(const PublicKey& key) {
  PublicKey without_sign = key;
  without_sign[31] &= 0x7f;
  Integer y = decode(without_sign);
  return y < curve().p && !small_order(y) && on_curve(y);
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  // Crypto++ accepts S >= L, which would give every signature a second form.
  if (decode(ByteView(signature).last(32)) >= curve().l || !valid_public_key(key)) return false;
  return CryptoPP::Donna::ed25519_sign_open(message.data(), message.size(), key.data(), signature.data()) ==
         0;
}

SigningKey SigningKey::generate(Rng& rng) {
  Secret<32> seed;
  rng.fill(seed.writable());
  return from_seed(seed.view());
}

SigningKey SigningKey::from_seed(ByteView seed32) {
  assert(seed32.size() == 32);
  SigningKey key;
  key.seed_ = Secret<32>(seed32);
  CryptoPP::Donna::ed25519_publickey(key.public_.data(), key.seed_.data());
  wipe_stack();
  return key;
}

Signature SigningKey::sign(ByteView message) const {
  Signature signature;
  CryptoPP::Donna::ed25519_sign(message.data(), message.size(), seed_.data(), public_.data(),
                                signature.data());
  wipe_stack();
  return signature;
}

}  // namespace sims::crypto
