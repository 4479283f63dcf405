// P-384 Diffie-Hellman. Peer keys are raw coordinates taken out of fixed-size, fixed-prefix encodings: no DER
// of a peer ever reaches Crypto++'s Load() (CVE-2023-50980, CVE-2023-50981). The multiplication is
// variable-time, so each private key serves only the few operations of the protocol and is then wiped. One
// that serves more than one is blinded.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/rng.h"

namespace sims::crypto {

using P384Point = ByteArray<97>;       // 04 || x || y, validated: on the curve, not the point at infinity
using P384Compressed = ByteArray<49>;  // 02 or 03 || x
constexpr std::size_t p384_spki_size = 120;

// Uncompressed SEC1 point of the curve, or nullopt. The only way in for a peer's point.
std::optional<P384Point> p384_point(ByteView encoded);
// SubjectPublicKeyInfo, named curve, uncompressed (120 bytes), or nullopt.
std::optional<P384Point> p384_from_spki(ByteView der);
ByteArray<p384_spki_size> p384_to_spki(const P384Point& point);
P384Compressed p384_compress(const P384Point& point);
std::optional<P384Point> p384_decompress(ByteView encoded);

class P384Key {
 public:
  static P384Key generate(Rng& rng);
  // For known-answer tests: the scalar, 48 bytes big-endian, in [1, n).
  static P384Key from_scalar(ByteView scalar);
  P384Key(P384Key&&) noexcept = default;
  P384Key& operator=(P384Key&&) noexcept = default;

  P384Key clone() const;
  const P384Point& public_point() const { return public_; }
  const Secret<48>& scalar() const { return scalar_; }
  // Z: the x-coordinate, 48 bytes, leading zeros kept. nullopt if the result is the point at infinity.
  std::optional<Secret<48>> agree(const P384Point& peer) const;

 private:
  P384Key() = default;
  Secret<48> scalar_;
  P384Point public_{};
};

// agree() for a stored scalar, which may serve many times: multiplies by k + r n with a fresh r of 64 bits
// (sims-protocol(7) section 8). nullopt also for a scalar that is not in [1, n).
std::optional<Secret<48>> p384_agree_blinded(ByteView scalar, const P384Point& peer, Rng& rng);

}  // namespace sims::crypto
