// AES-128, one block and CBC, for keys of which there are many at a time and few in use: an object keeps 16
// bytes. What Crypto++ makes of a key (5 KiB) exists once a thread and use, and remembers whose key it holds,
// so a run of messages under one key makes its schedule once. It is wiped with its key, or by the next one if
// the key dies on another thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/secret.h"

namespace sims::crypto {

class Aes128Key {
 public:
  explicit Aes128Key(ByteView key16);
  Aes128Key(Aes128Key&& other) noexcept;
  Aes128Key& operator=(Aes128Key&& other) noexcept;
  ~Aes128Key();

  // For the IVs of sims-protocol(7) section 4: IV = AES(IV key, u64(0) || u64(N)).
  ByteArray<16> encrypt_block(const ByteArray<16>& block) const;

  // CBC with PKCS7's padding. Writes padded_size(plaintext.size()) bytes to out, which must not overlap the
  // plaintext.
  void seal_cbc(const ByteArray<16>& iv, ByteView plaintext, std::uint8_t* out) const;
  // Whole blocks, at least one. Writes as many bytes to out and returns how many of them are plaintext;
  // nullopt: the padding is not PKCS7's, and out is wiped. Only for what a MAC has proved genuine.
  std::optional<std::size_t> open_cbc(const ByteArray<16>& iv, ByteView ciphertext, std::uint8_t* out) const;
  static constexpr std::size_t padded_size(std::size_t size) { return (size / 16 + 1) * 16; }

 private:
  Secret<16> key_;
  std::uint64_t serial_;  // 0: moved from
};

}  // namespace sims::crypto
