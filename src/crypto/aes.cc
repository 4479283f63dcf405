#include "crypto/aes.h"

#include <cryptopp/aes.h>

#include <cassert>

namespace sims::crypto {

struct Aes128Block::State {
  CryptoPP::AES::Encryption cipher;
};

Aes128Block::Aes128Block(ByteView key16) : state_(std::make_unique<State>()) {
  assert(key16.size() == 16);
  state_->cipher.SetKey(key16.data(), key16.size());
}
Aes128Block::Aes128Block(Aes128Block&&) noexcept = default;
Aes128Block& Aes128Block::operator=(Aes128Block&&) noexcept = default;
Aes128Block::~Aes128Block() = default;

ByteArray<16> Aes128Block::encrypt(const ByteArray<16>& block) const {
  ByteArray<16> out;
  state_->cipher.ProcessBlock(block.data(), out.data());
  return out;
}

}  // namespace sims::crypto
