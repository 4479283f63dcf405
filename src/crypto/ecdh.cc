// P-384 over Crypto++'s curve: encodings of points, their validation, and the multiplication.
#include "crypto/ecdh.h"

#include <cryptopp/eccrypto.h>
#include <cryptopp/ecp.h>
#include <cryptopp/oids.h>

#include <algorithm>
#include <cassert>
#include <memory>

namespace sims::crypto {
namespace {

using CryptoPP::ECP;
using CryptoPP::Integer;

constexpr std::size_t coordinate = 48;
constexpr std::uint8_t spki_prefix[] = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                        0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                                        0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00};
static_assert(sizeof spki_prefix + sizeof(P384Point) == p384_spki_size);

using Group = CryptoPP::DL_GroupParameters_EC<ECP>;

// One per thread: the curve objects of Crypto++ store intermediate results, even in const functions.
Group& threads_group() {
  thread_local const auto parameters = std::make_unique<Group>(CryptoPP::ASN1::secp384r1());
  return *parameters;  // NOLINT(clang-analyzer-cplusplus.NewDelete): it takes the thread for ended
}

const Group& group() {
  return threads_group();
}

// A table of the base point's powers cuts the time for a key to two thirds. Building the table takes as long
// as one key, so only threads that make many keys use it.
const Group& group_for_keys() {
  constexpr unsigned table_from = 4, powers = 32;
  thread_local unsigned keys = 0;
  if (keys < table_from && ++keys == table_from) threads_group().Precompute(powers);
  return group();
}

Integer integer(ByteView big_endian) {
  return {big_endian.data(), big_endian.size()};
}

ECP::Point decoded(const P384Point& p) {
  return {integer(ByteView(p).subspan(1, coordinate)), integer(ByteView(p).last(coordinate))};
}

P384Point encoded(const ECP::Point& p) {
  P384Point out;
  out[0] = 4;
  p.x.Encode(out.data() + 1, coordinate);
  p.y.Encode(out.data() + 1 + coordinate, coordinate);
  return out;
}

bool valid_scalar(const Integer& k) {
  return k.IsPositive() && k < group().GetSubgroupOrder();
}

}  // namespace

std::optional<P384Point> p384_point(ByteView bytes) {
  if (bytes.size() != sizeof(P384Point) || bytes[0] != 4) return std::nullopt;
  P384Point point;
  std::copy(bytes.begin(), bytes.end(), point.begin());
  // Both coordinates below p and the curve's equation. The cofactor is 1, so every point is acceptable.
  if (!group().GetCurve().VerifyPoint(decoded(point))) return std::nullopt;
  return point;
}

std::optional<P384Point> p384_from_spki(ByteView der) {
  if (der.size() != p384_spki_size ||
      !std::equal(std::begin(spki_prefix), std::end(spki_prefix), der.begin()))
    return std::nullopt;
  return p384_point(der.subspan(sizeof spki_prefix));
}

ByteArray<p384_spki_size> p384_to_spki(const P384Point& point) {
  ByteArray<p384_spki_size> out;
  std::copy(point.begin(), point.end(),
            std::copy(std::begin(spki_prefix), std::end(spki_prefix), out.begin()));
  return out;
}

P384Compressed p384_compress(const P384Point& point) {
  P384Compressed out;
  out[0] = 2 | (point.back() & 1);
  std::memcpy(out.data() + 1, point.data() + 1, coordinate);
  return out;
}

std::optional<P384Point> p384_decompress(ByteView bytes) {
  if (bytes.size() != sizeof(P384Compressed) || (bytes[0] != 2 && bytes[0] != 3)) return std::nullopt;
  const ECP& curve = group().GetCurve();
  if (integer(bytes.subspan(1)) >= curve.FieldSize()) return std::nullopt;
  ECP::Point point;
  if (!curve.DecodePoint(point, bytes.data(), bytes.size()) || !curve.VerifyPoint(point)) return std::nullopt;
  return encoded(point);
}

P384Key P384Key::generate(Rng& rng) {
  Secret<coordinate> scalar;
  do
    rng.fill(scalar.writable());
  while (!valid_scalar(integer(scalar.view())));
  return from_scalar(scalar.view());
}

P384Key P384Key::from_scalar(ByteView scalar) {
  assert(scalar.size() == coordinate);
  Integer k = integer(scalar);
  assert(valid_scalar(k));
  P384Key key;
  key.scalar_ = Secret<coordinate>(scalar);
  key.public_ = encoded(group_for_keys().ExponentiateBase(k));
  return key;
}

P384Key P384Key::clone() const {
  P384Key copy;
  copy.scalar_ = scalar_.clone();
  copy.public_ = public_;
  return copy;
}

namespace {

std::optional<Secret<48>> product_x(const P384Point& peer, const Integer& k) {
  const ECP::Point product = group().GetCurve().ScalarMultiply(decoded(peer), k);
  if (product.identity) return std::nullopt;
  Secret<48> z;
  product.x.Encode(z.data(), z.size());
  return z;
}

}  // namespace

std::optional<Secret<48>> P384Key::agree(const P384Point& peer) const {
  return product_x(peer, integer(scalar_.view()));
}

std::optional<Secret<48>> p384_agree_blinded(ByteView scalar, const P384Point& peer, Rng& rng) {
  if (scalar.size() != coordinate) return std::nullopt;
  const Integer k = integer(scalar);
  if (!valid_scalar(k)) return std::nullopt;
  Secret<8> r;
  rng.fill(r.writable());
  return product_x(peer, k + integer(r.view()) * group().GetSubgroupOrder());
}

}  // namespace sims::crypto
