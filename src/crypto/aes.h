// AES-128, one block and CBC, for many keys of which few are in use: an object keeps only its 16 bytes.
// The key schedule of Crypto++ (5 KiB) exists once per thread and use. It remembers its key, so a run of
// messages under one key computes it once. It is wiped with its key; if the key dies on another thread, the
// next key overwrites it.
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

  // CBC with PKCS7 padding. Writes padded_size(plaintext.size()) bytes to out, which must not overlap the
  // plaintext.
  void seal_cbc(const ByteArray<16>& iv, ByteView plaintext, std::uint8_t* out) const;
  // Takes whole blocks, at least one, that a MAC has already proved genuine. Writes as many bytes to out and
  // returns the number of plaintext bytes. nullopt: the padding is not PKCS7, and out is wiped.
  std::optional<std::size_t> open_cbc(const ByteArray<16>& iv, ByteView ciphertext, std::uint8_t* out) const;
  static constexpr std::size_t padded_size(std::size_t size) { return (size / 16 + 1) * 16; }

 private:
  Secret<16> key_;
  std::uint64_t serial_;  // 0: moved from
};

}  // namespace sims::crypto
