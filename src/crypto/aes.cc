#include "crypto/aes.h"

#include <cryptopp/aes.h>

#include <cassert>

#include "base/secret.h"

namespace sims::crypto {

// The key alone: a cipher object holds 5 KiB (Crypto++ keeps an aliased table), and there are thousands of
// sessions. One object a thread is keyed anew for each block, which costs 0.1 us.
struct Aes128Block::State {
  Secret<16> key;
};

Aes128Block::Aes128Block(ByteView key16) : state_(std::make_unique<State>()) {
  assert(key16.size() == 16);
  state_->key = Secret<16>(key16);
}
Aes128Block::Aes128Block(Aes128Block&&) noexcept = default;
Aes128Block& Aes128Block::operator=(Aes128Block&&) noexcept = default;
Aes128Block::~Aes128Block() = default;

ByteArray<16> Aes128Block::encrypt(const ByteArray<16>& block) const {
  ByteArray<16> out;
  thread_local CryptoPP::AES::Encryption cipher;
  cipher.SetKey(state_->key.data(), state_->key.size());
  cipher.ProcessBlock(block.data(), out.data());
  return out;
}

}  // namespace sims::crypto
