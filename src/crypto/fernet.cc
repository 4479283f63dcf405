// Seals tokens in place, and opens them in a buffer of the thread once the MAC is right.
#include "crypto/fernet.h"

#include <cassert>

#include "base/base64.h"

namespace sims::crypto {
namespace {

constexpr std::uint8_t version = 0x80;
constexpr std::size_t block = 16;
constexpr std::size_t iv_at = 1 + 8;
constexpr std::size_t header = iv_at + block;  // version, time, IV
constexpr std::size_t overhead = header + sizeof(Digest);

std::size_t raw_size(std::size_t plaintext_size) {
  return overhead + Aes128Key::padded_size(plaintext_size);
}

// Ciphertext in work. One buffer per thread, not per session: thousands of sessions are idle.
MutableBytes scratch(std::size_t size) {
  thread_local Bytes buffer;
  if (buffer.size() < size) buffer.resize(size);
  return MutableBytes(buffer).first(size);
}

}  // namespace

Fernet::Fernet(ByteView key) : mac_(key.first(16)), cipher_(key.subspan(16)) {
  assert(key.size() == 32);
}

std::size_t Fernet::token_size(std::size_t plaintext_size) {
  return base64_encoded_size(raw_size(plaintext_size), Base64::url);
}

std::size_t Fernet::plaintext_max(std::size_t token_size) {
  std::size_t raw = token_size / 4 * 3;
  return raw > overhead ? raw - overhead : 0;
}

void Fernet::seal(ByteView plaintext, std::uint64_t unix_s, const ByteArray<16>& iv, char* out) const {
  // The token is made in the tail of its own text and then encoded forwards into place (base64.h allows
  // that).
  const std::size_t size = raw_size(plaintext.size());
  auto* raw = reinterpret_cast<std::uint8_t*>(out) + token_size(plaintext.size()) - size;
  raw[0] = version;
  store_u64be(raw + 1, unix_s);
  std::memcpy(raw + iv_at, iv.data(), iv.size());

  cipher_.seal_cbc(iv, plaintext, raw + header);
  const std::size_t signed_size = size - sizeof(Digest);
  const Digest tag = mac_.mac({ByteView(raw, signed_size)});
  std::memcpy(raw + signed_size, tag.data(), tag.size());
  base64_encode(ByteView(raw, size), Base64::url, out);
}

std::string Fernet::seal(ByteView plaintext, std::uint64_t unix_s, const ByteArray<16>& iv) const {
  std::string out(token_size(plaintext.size()), '\0');
  seal(plaintext, unix_s, iv, out.data());
  return out;
}

Result<std::size_t, FernetError> Fernet::open(std::string_view token, const ByteArray<16>* expected_iv,
                                              std::uint8_t* out) const {
  MutableBytes room = scratch(base64_decoded_max(token.size()));
  auto size = base64_decode(token, Base64::url, room.data());
  if (!size || *size < overhead + block || (*size - overhead) % block || room[0] != version)
    return fail(FernetError::malformed);
  ByteView raw = room.first(*size);
  ByteView signed_part = raw.first(*size - sizeof(Digest));
  if (!mac_.verify({signed_part}, raw.last(sizeof(Digest)))) return fail(FernetError::bad_mac);
  if (expected_iv && std::memcmp(raw.data() + iv_at, expected_iv->data(), block) != 0)
    return fail(FernetError::bad_iv);

  ByteArray<block> iv;
  std::memcpy(iv.data(), raw.data() + iv_at, block);
  const auto plain = cipher_.open_cbc(iv, signed_part.subspan(header), out);
  if (!plain) return fail(FernetError::bad_padding);
  return *plain;
}

}  // namespace sims::crypto
