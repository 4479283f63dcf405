#include "crypto/fernet.h"

#include <cryptopp/aes.h>
#include <cryptopp/modes.h>

#include <cassert>
#include <optional>

#include "base/base64.h"
#include "base/secret.h"
#include "crypto/kdf.h"

namespace sims::crypto {
namespace {

constexpr std::uint8_t version = 0x80;
constexpr std::size_t block = 16;
constexpr std::size_t iv_at = 1 + 8;
constexpr std::size_t header = iv_at + block;  // version, time, IV
constexpr std::size_t overhead = header + sizeof(Digest);

// PKCS7 always pads: whole blocks get one more.
std::size_t raw_size(std::size_t plaintext_size) {
  return overhead + (plaintext_size / block + 1) * block;
}

// Bytes of ciphertext in flight, one buffer a thread and not a session: thousands of sessions are idle.
MutableBytes scratch(std::size_t size) {
  thread_local Bytes buffer;
  if (buffer.size() < size) buffer.resize(size);
  return MutableBytes(buffer).first(size);
}

// How many of the bytes are plaintext; nullopt: no PKCS7.
std::optional<std::size_t> unpadded(ByteView padded) {
  std::uint8_t count = padded.back();
  if (count == 0 || count > block) return std::nullopt;
  for (std::uint8_t byte : padded.last(count))
    if (byte != count) return std::nullopt;
  return padded.size() - count;
}

}  // namespace

struct Fernet::State {
  HmacKey mac;
  Secret<16> cipher_key;
  // Made by the first token of their direction: each holds 5 KiB (Crypto++ keeps an aliased table), and a
  // session's keys only ever go one way.
  std::optional<CryptoPP::CBC_Mode<CryptoPP::AES>::Encryption> encryption;
  std::optional<CryptoPP::CBC_Mode<CryptoPP::AES>::Decryption> decryption;

  explicit State(ByteView key) : mac(key.first(16)), cipher_key(key.subspan(16)) {}

  template <class Cipher>
  Cipher& start(std::optional<Cipher>& cipher, const std::uint8_t* iv) {
    if (cipher) {
      cipher->Resynchronize(iv);
    } else {
      cipher.emplace();
      cipher->SetKeyWithIV(cipher_key.data(), cipher_key.size(), iv);
    }
    return *cipher;
  }
};

Fernet::Fernet(ByteView key) {
  assert(key.size() == 32);
  state_ = std::make_unique<State>(key);
}
Fernet::Fernet(Fernet&&) noexcept = default;
Fernet& Fernet::operator=(Fernet&&) noexcept = default;
Fernet::~Fernet() = default;

std::size_t Fernet::token_size(std::size_t plaintext_size) {
  return base64_encoded_size(raw_size(plaintext_size), Base64::url);
}

std::size_t Fernet::plaintext_max(std::size_t token_size) {
  std::size_t raw = token_size / 4 * 3;
  return raw > overhead ? raw - overhead : 0;
}

void Fernet::seal(ByteView plaintext, std::uint64_t unix_s, const ByteArray<16>& iv, char* out) {
  // The token is made in the tail of its own text and then encoded forwards into place (base64.h allows
  // that).
  const std::size_t size = raw_size(plaintext.size());
  auto* raw = reinterpret_cast<std::uint8_t*>(out) + token_size(plaintext.size()) - size;
  raw[0] = version;
  store_u64be(raw + 1, unix_s);
  std::memcpy(raw + iv_at, iv.data(), iv.size());

  const std::size_t whole = plaintext.size() / block * block;
  const std::size_t rest = plaintext.size() - whole;
  Secret<block> last;
  if (rest) std::memcpy(last.data(), plaintext.data() + whole, rest);
  std::memset(last.data() + rest, static_cast<int>(block - rest), block - rest);
  auto& cipher = state_->start(state_->encryption, iv.data());
  if (whole) cipher.ProcessData(raw + header, plaintext.data(), whole);
  cipher.ProcessData(raw + header + whole, last.data(), block);

  const std::size_t signed_size = size - sizeof(Digest);
  Digest tag = state_->mac.mac({ByteView(raw, signed_size)});
  std::memcpy(raw + signed_size, tag.data(), tag.size());
  base64_encode(ByteView(raw, size), Base64::url, out);
}

std::string Fernet::seal(ByteView plaintext, std::uint64_t unix_s, const ByteArray<16>& iv) {
  std::string out(token_size(plaintext.size()), '\0');
  seal(plaintext, unix_s, iv, out.data());
  return out;
}

Result<std::size_t, FernetError> Fernet::open(std::string_view token, const ByteArray<16>* expected_iv,
                                              std::uint8_t* out) {
  MutableBytes room = scratch(base64_decoded_max(token.size()));
  auto size = base64_decode(token, Base64::url, room.data());
  if (!size || *size < overhead + block || (*size - overhead) % block || room[0] != version)
    return fail(FernetError::malformed);
  ByteView raw = room.first(*size);
  ByteView signed_part = raw.first(*size - sizeof(Digest));
  if (!state_->mac.verify({signed_part}, raw.last(sizeof(Digest)))) return fail(FernetError::bad_mac);
  if (expected_iv && std::memcmp(raw.data() + iv_at, expected_iv->data(), block) != 0)
    return fail(FernetError::bad_iv);

  ByteView ciphertext = signed_part.subspan(header);
  auto& cipher = state_->start(state_->decryption, raw.data() + iv_at);
  cipher.ProcessData(out, ciphertext.data(), ciphertext.size());
  auto plain = unpadded(ByteView(out, ciphertext.size()));
  if (plain) return *plain;
  wipe(out, ciphertext.size());
  return fail(FernetError::bad_padding);
}

}  // namespace sims::crypto
