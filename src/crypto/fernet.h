// Fernet tokens (github.com/fernet/spec):
//
//   b64url(0x80 || u64 time || IV(16) || AES-128-CBC/PKCS7 || HMAC(32))
//
// The MAC is checked before anything is decrypted. The time is carried; the caller judges it. An object keeps
// its MAC state; crypto/aes.h says how long the cipher's state lives.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/aes.h"
#include "crypto/kdf.h"

namespace sims::crypto {

enum class FernetError {
  malformed,  // not canonical base64url, too short, wrong version, ciphertext not whole blocks
  bad_mac,
  bad_iv,       // genuine, but not at the place it claims (only with an expected IV)
  bad_padding,  // genuine MAC over bad PKCS7: the sender's bug
};

class Fernet {
 public:
  // 32 bytes: signing key(16) || encryption key(16).
  explicit Fernet(ByteView key);

  static std::size_t token_size(std::size_t plaintext_size);
  // The most plaintext bytes that a token of this many characters can carry: the size of open()'s buffer.
  static std::size_t plaintext_max(std::size_t token_size);

  // Writes exactly token_size(plaintext.size()) characters to out, which must not overlap plaintext. The IV
  // must never repeat under one key.
  void seal(ByteView plaintext, std::uint64_t unix_s, const ByteArray<16>& iv, char* out) const;
  std::string seal(ByteView plaintext, std::uint64_t unix_s, const ByteArray<16>& iv) const;

  // Writes the plaintext to out (room for plaintext_max(token.size()) bytes) and returns its size. On failure
  // the content of out is undefined.
  Result<std::size_t, FernetError> open(std::string_view token, const ByteArray<16>* expected_iv,
                                        std::uint8_t* out) const;

 private:
  HmacKey mac_;
  Aes128Key cipher_;
};

}  // namespace sims::crypto
