// RSA-4096 keys for one exchange each, with e = 65537, for OAEP (SHA-256, MGF1-SHA-256, empty label) only.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/rng.h"

namespace sims::crypto {

constexpr std::size_t rsa_spki_size = 550;
constexpr std::size_t rsa_ciphertext_size = 512;

// True for exactly a 4096-bit odd modulus with e = 65537 in the one accepted SubjectPublicKeyInfo.
bool rsa_valid_spki(ByteView der);
// OAEP-encrypts a message of at most 446 bytes to a key that rsa_valid_spki accepts; nullopt for any other
// key.
std::optional<Bytes> rsa_encrypt(ByteView spki, ByteView message, Rng& rng);

class RsaKey {
 public:
  // 100 to 800 ms: never on a loop's thread.
  static RsaKey generate(Rng& rng);
  // The same in small steps: calls go_on before each, every millisecond or two of work. go_on may block; when
  // it returns false, the key is abandoned.
  static std::optional<RsaKey> generate(Rng& rng, const std::function<bool()>& go_on);
  // For known-answer tests: PKCS#8 DER of our own making, never a peer's.
  static Result<RsaKey> from_pkcs8(ByteView der);
  // From secret(). nullopt: not the primes of such a key.
  static std::optional<RsaKey> from_secret(ByteView primes);
  RsaKey(RsaKey&&) noexcept;
  RsaKey& operator=(RsaKey&&) noexcept;
  ~RsaKey();

  const ByteArray<rsa_spki_size>& spki() const { return spki_; }
  static constexpr std::size_t secret_size = 512;
  // The two primes, 256 bytes each: for a store that seals them. Not after decrypt_once().
  SecretBytes secret() const;
  // Decrypts one ciphertext and destroys the key: a second call is our bug (assert). nullopt: any failure.
  std::optional<SecretBytes> decrypt_once(ByteView ciphertext, Rng& rng);

 private:
  struct State;
  explicit RsaKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  ByteArray<rsa_spki_size> spki_{};
};

}  // namespace sims::crypto
