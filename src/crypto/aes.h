// One AES-128 block, for the IVs of sims-protocol(7) section 4: IV = AES(IV key, u64(0) || u64(N)).
#pragma once

#include <memory>

#include "base/bytes.h"

namespace sims::crypto {

class Aes128Block {
 public:
  explicit Aes128Block(ByteView key16);
  Aes128Block(Aes128Block&&) noexcept;
  Aes128Block& operator=(Aes128Block&&) noexcept;
  ~Aes128Block();
  ByteArray<16> encrypt(const ByteArray<16>& block) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::crypto
