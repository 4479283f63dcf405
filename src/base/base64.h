// Base64, strict in both directions (sims-protocol(7), Words): canonical padding, no white space,
// no foreign characters, no loose bits at the end. Our own code, since Crypto++'s filters are much
// slower (bench/micro).
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/secret.h"

namespace sims {

enum class Base64 {
  standard,      // RFC 4648 section 4, padded: JSON fields
  url,           // section 5, padded: Fernet tokens
  url_unpadded,  // section 5, no padding: ids and uids
};

// The number of characters that `size` bytes become, and the most bytes that `size` characters can
// carry.
std::size_t base64_encoded_size(std::size_t size, Base64 kind);
constexpr std::size_t base64_decoded_max(std::size_t size) {
  return size / 4 * 3 + 2;
}

// Writes exactly base64_encoded_size() characters to out. `in` may be the last bytes of that room:
// writing never overtakes reading.
void base64_encode(ByteView in, Base64 kind, char* out);
std::string base64_encode(ByteView in, Base64 kind);

// Writes to out, which has room for base64_decoded_max(text.size()), and returns the number of
// bytes; nullopt: the text is not canonical.
std::optional<std::size_t> base64_decode(std::string_view text, Base64 kind, std::uint8_t* out);
std::optional<Bytes> base64_decode(std::string_view text, Base64 kind);
// Decodes text that must carry exactly N bytes.
template <std::size_t N>
std::optional<ByteArray<N>> base64_decode_exact(std::string_view text, Base64 kind) {
  if (text.size() != base64_encoded_size(N, kind)) return std::nullopt;
  std::uint8_t room[base64_decoded_max((N + 2) / 3 * 4) + 4];
  auto size = base64_decode(text, kind, room);
  std::optional<ByteArray<N>> out;
  if (size && *size == N) std::memcpy(out.emplace().data(), room, N);
  wipe(room, sizeof room);  // it may have been a key
  return out;
}

}  // namespace sims
