// SHA-2, HMAC (RFC 2104), HKDF (RFC 5869) and the concatenation KDF (NIST SP 800-56A, one step, counter
// first), all over SHA-256; sims-protocol(7) writes them SHA, HMAC, HKDF.
#pragma once

#include <cstddef>
#include <initializer_list>

#include "base/bytes.h"
#include "base/secret.h"

namespace sims::crypto {

using Digest = ByteArray<32>;
using Parts = std::initializer_list<ByteView>;  // hashed one after the other, as if joined

// Constant time in the content (not in the length).
bool equal(ByteView a, ByteView b);

Digest sha256(Parts parts);
ByteArray<64> sha512(Parts parts);

// An HMAC-SHA256 key with both pads hashed ahead, so that a MAC costs only its message. Wiped on destruction
// and when moved from. It owns no heap memory: a relay makes six of them for each hundred messages.
class HmacKey {
 public:
  explicit HmacKey(ByteView key);
  HmacKey(HmacKey&&) noexcept;
  HmacKey& operator=(HmacKey&&) noexcept;
  ~HmacKey();
  Digest mac(Parts parts) const;
  bool verify(Parts parts, ByteView tag) const;  // constant time; false for any other length than 32

 private:
  struct State;
  State& state();
  const State& state() const;
  alignas(16) std::byte room_[432];  // holds a State, defined in kdf.cc
};

Digest hmac(ByteView key, Parts parts);  // for a key that is used once

Secret<32> hkdf_extract(ByteView salt, ByteView ikm);
// Fills out (at most 255 * 32 bytes; more is our bug).
void hkdf_expand(ByteView prk, ByteView info, MutableBytes out);
template <std::size_t N>
Secret<N> hkdf_expand(ByteView prk, std::string_view info) {
  Secret<N> out;
  hkdf_expand(prk, bytes_of(info), out.writable());
  return out;
}
template <std::size_t N>
Secret<N> hkdf(ByteView salt, ByteView ikm, std::string_view info) {
  return hkdf_expand<N>(hkdf_extract(salt, ikm).view(), info);
}

// Any output size; the handshake uses 32.
void concat_kdf(ByteView z, ByteView other_info, MutableBytes out);

}  // namespace sims::crypto
