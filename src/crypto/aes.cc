// The key schedules of each thread, and CBC over them with PKCS7 padding.
#include "crypto/aes.h"

#include <cryptopp/aes.h>
#include <cryptopp/modes.h>

#include <atomic>
#include <cassert>
#include <utility>

namespace sims::crypto {
namespace {

constexpr std::size_t block = 16;

// The number of plaintext bytes; nullopt: the padding is not PKCS7.
std::optional<std::size_t> unpadded(ByteView padded) {
  const std::uint8_t count = padded.back();
  if (count == 0 || count > block) return std::nullopt;
  for (const std::uint8_t byte : padded.last(count))
    if (byte != count) return std::nullopt;
  return padded.size() - count;
}

// A serial number for each object. An address would not do: it is reused after its object dies.
std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// One cipher object of a thread, and the serial of the key that it holds.
template <class Cipher>
struct Slot {
  Cipher cipher;
  std::uint64_t holds = 0;

  Slot() { blank(); }
  void take(std::uint64_t serial, const Secret<16>& key) {
    if (holds == serial) return;
    cipher.SetKey(key.data(), key.size());
    holds = serial;
  }
  void forget(std::uint64_t serial) {
    if (holds == serial) blank();
  }

 private:
  void blank() {
    const std::uint8_t zeros[16] = {};
    cipher.SetKey(zeros, sizeof zeros);
    holds = 0;
  }
};

struct Slots {
  Slot<CryptoPP::AES::Encryption> blocks[2];  // a relay opens and seals in turn
  unsigned last_block = 0;
  Slot<CryptoPP::AES::Encryption> seal;
  Slot<CryptoPP::AES::Decryption> open;
  CryptoPP::CBC_Mode_ExternalCipher::Encryption sealing;
  CryptoPP::CBC_Mode_ExternalCipher::Decryption opening;

  Slots() {
    const std::uint8_t zeros[16] = {};
    sealing.SetCipherWithIV(seal.cipher, zeros);
    opening.SetCipherWithIV(open.cipher, zeros);
  }
};

Slots& slots() {
  thread_local Slots own;
  return own;
}

}  // namespace

Aes128Key::Aes128Key(ByteView key16) : serial_(next_serial()) {
  assert(key16.size() == 16);
  key_ = Secret<16>(key16);
}
Aes128Key::Aes128Key(Aes128Key&& other) noexcept
    : key_(std::move(other.key_)), serial_(std::exchange(other.serial_, 0)) {}
Aes128Key& Aes128Key::operator=(Aes128Key&& other) noexcept {
  std::swap(key_, other.key_);
  std::swap(serial_, other.serial_);
  return *this;
}
Aes128Key::~Aes128Key() {
  if (serial_ == 0) return;
  Slots& s = slots();
  for (auto& slot : s.blocks)
    slot.forget(serial_);
  s.seal.forget(serial_);
  s.open.forget(serial_);
}

ByteArray<16> Aes128Key::encrypt_block(const ByteArray<16>& in) const {
  ByteArray<16> out;
  Slots& s = slots();
  if (s.blocks[s.last_block].holds != serial_) s.last_block ^= 1;
  auto& slot = s.blocks[s.last_block];
  slot.take(serial_, key_);
  slot.cipher.ProcessBlock(in.data(), out.data());
  return out;
}

void Aes128Key::seal_cbc(const ByteArray<16>& iv, ByteView plaintext, std::uint8_t* out) const {
  const std::size_t whole = plaintext.size() / block * block, rest = plaintext.size() - whole;
  Secret<block> last;
  if (rest > 0) std::memcpy(last.data(), plaintext.data() + whole, rest);
  std::memset(last.data() + rest, static_cast<int>(block - rest), block - rest);
  Slots& s = slots();
  s.seal.take(serial_, key_);
  s.sealing.Resynchronize(iv.data());
  if (whole > 0) s.sealing.ProcessData(out, plaintext.data(), whole);
  s.sealing.ProcessData(out + whole, last.data(), block);
}

std::optional<std::size_t> Aes128Key::open_cbc(const ByteArray<16>& iv, ByteView ciphertext,
                                               std::uint8_t* out) const {
  assert(!ciphertext.empty() && ciphertext.size() % block == 0);
  Slots& s = slots();
  s.open.take(serial_, key_);
  s.opening.Resynchronize(iv.data());
  s.opening.ProcessData(out, ciphertext.data(), ciphertext.size());
  const auto plain = unpadded(ByteView(out, ciphertext.size()));
  if (!plain) wipe(out, ciphertext.size());
  return plain;
}

}  // namespace sims::crypto
