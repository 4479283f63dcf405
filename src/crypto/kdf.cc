// Hashes and key derivations over Crypto++'s SHA-2, with HMAC keys prepared once.
#include "crypto/kdf.h"

#include <cryptopp/misc.h>
#include <cryptopp/sha.h>

#include <algorithm>
#include <cassert>
#include <new>

namespace sims::crypto {
namespace {

constexpr std::size_t block_size = CryptoPP::SHA256::BLOCKSIZE;

void update(CryptoPP::HashTransformation& hash, Parts parts) {
  for (ByteView part : parts)
    hash.Update(part.data(), part.size());
}

}  // namespace

bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || CryptoPP::VerifyBufsEqual(a.data(), b.data(), a.size()));
}

Digest sha256(Parts parts) {
  CryptoPP::SHA256 hash;
  Digest out;
  update(hash, parts);
  hash.Final(out.data());
  return out;
}

ByteArray<64> sha512(Parts parts) {
  CryptoPP::SHA512 hash;
  ByteArray<64> out;
  update(hash, parts);
  hash.Final(out.data());
  return out;
}

// Both objects have hashed one block (the pad) and are copied for each MAC. They wipe themselves.
struct HmacKey::State {
  CryptoPP::SHA256 inner;
  CryptoPP::SHA256 outer;
};

// Defined here, where State is complete: clang refuses std::launder of an incomplete type.
HmacKey::State& HmacKey::state() {
  return *std::launder(reinterpret_cast<State*>(room_));
}
const HmacKey::State& HmacKey::state() const {
  return *std::launder(reinterpret_cast<const State*>(room_));
}

HmacKey::HmacKey(ByteView key) {
  static_assert(sizeof(State) <= sizeof room_ && alignof(State) <= 16);
  auto* state = new (room_) State();
  Secret<block_size> pad;
  if (key.size() > block_size) {
    Digest shorter = sha256({key});
    std::memcpy(pad.data(), shorter.data(), shorter.size());
    wipe(shorter);
  } else if (!key.empty()) {
    std::memcpy(pad.data(), key.data(), key.size());
  }
  for (auto& byte : pad.writable())
    byte ^= 0x36;
  state->inner.Update(pad.data(), block_size);
  for (auto& byte : pad.writable())
    byte ^= 0x36 ^ 0x5c;
  state->outer.Update(pad.data(), block_size);
}
HmacKey::HmacKey(HmacKey&& other) noexcept {
  new (room_) State(other.state());
  other.state() = State();
}
HmacKey& HmacKey::operator=(HmacKey&& other) noexcept {
  if (this != &other) {
    state() = other.state();
    other.state() = State();
  }
  return *this;
}
HmacKey::~HmacKey() {
  state().~State();
}

Digest HmacKey::mac(Parts parts) const {
  Digest digest;
  CryptoPP::SHA256 hash(state().inner);
  update(hash, parts);
  hash.Final(digest.data());
  CryptoPP::SHA256 outer(state().outer);
  outer.Update(digest.data(), digest.size());
  outer.Final(digest.data());
  return digest;
}

bool HmacKey::verify(Parts parts, ByteView tag) const {
  return equal(mac(parts), tag);
}

Digest hmac(ByteView key, Parts parts) {
  return HmacKey(key).mac(parts);
}

Secret<32> hkdf_extract(ByteView salt, ByteView ikm) {
  Digest prk = hmac(salt, {ikm});  // no salt and 32 zero bytes are the same HMAC key
  Secret<32> out(prk);
  wipe(prk);
  return out;
}

void hkdf_expand(ByteView prk, ByteView info, MutableBytes out) {
  assert(out.size() <= 255 * sizeof(Digest));
  HmacKey key(prk);
  Digest block{};
  std::size_t previous = 0;  // T(0) is empty
  for (std::uint8_t counter = 1; !out.empty(); ++counter) {
    block = key.mac({ByteView(block).first(previous), info, ByteView(&counter, 1)});
    previous = block.size();
    std::size_t count = std::min(out.size(), block.size());
    std::memcpy(out.data(), block.data(), count);
    out = out.subspan(count);
  }
  wipe(block);
}

void concat_kdf(ByteView z, ByteView other_info, MutableBytes out) {
  for (std::uint32_t counter = 1; !out.empty(); ++counter) {
    Digest block = sha256({u32be(counter), z, other_info});
    std::size_t count = std::min(out.size(), block.size());
    std::memcpy(out.data(), block.data(), count);
    wipe(block);
    out = out.subspan(count);
  }
}

}  // namespace sims::crypto
