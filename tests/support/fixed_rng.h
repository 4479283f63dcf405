// Randomness and ephemeral secrets that a test decides. For one thread.
#pragma once

#include <deque>
#include <stdexcept>

#include "crypto/suite.h"
#include "support/vectors.h"

namespace sims::test {

// Each fill() takes one queued entry, which must have the right size. Without queued entries the bytes are a
// reproducible stream.
class FixedRng final : public crypto::Rng {
 public:
  explicit FixedRng(std::uint64_t seed = 1) : state_(seed) {}

  void push(ByteView bytes) { queue_.emplace_back(bytes.begin(), bytes.end()); }
  std::size_t queued() const { return queue_.size(); }

  void fill(MutableBytes out) override {
    if (!queue_.empty()) {
      if (queue_.front().size() != out.size()) throw std::logic_error("FixedRng: another size was queued");
      std::copy(queue_.front().begin(), queue_.front().end(), out.begin());
      queue_.pop_front();
      return;
    }
    for (auto& byte : out)
      byte = static_cast<std::uint8_t>(next() >> 32);
  }

  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  // A number in [0, below).
  std::size_t pick(std::size_t below) { return static_cast<std::size_t>(next() % below); }

 private:
  std::uint64_t state_;
  std::deque<Bytes> queue_;
};

// Queued keys first; then P-384 keys from the FixedRng and, for RSA, always the same test key (a real one
// takes hundreds of milliseconds to make). Nonces and, under the RSA suite, Z (32 bytes) are fills of random.
class FixedEphemerals final : public crypto::EphemeralSource {
 public:
  explicit FixedEphemerals(std::uint64_t seed = 1) : random(seed) {}

  void push_p384(ByteView scalar) { scalars_.emplace_back(scalar.begin(), scalar.end()); }
  void push_rsa(ByteView pkcs8) { rsa_keys_.emplace_back(pkcs8.begin(), pkcs8.end()); }
  std::size_t p384_queued() const { return scalars_.size(); }
  std::size_t rsa_queued() const { return rsa_keys_.size(); }

  crypto::Rng& rng() override { return random; }
  crypto::P384Key p384() override {
    if (scalars_.empty()) return crypto::P384Key::generate(random);
    Bytes scalar = take(scalars_);
    return crypto::P384Key::from_scalar(scalar);
  }
  std::optional<crypto::RsaKey> rsa() override {
    if (no_rsa) return std::nullopt;
    auto key = crypto::RsaKey::from_pkcs8(rsa_keys_.empty() ? rsa_test_key() : take(rsa_keys_));
    if (!key) throw std::logic_error("FixedEphemerals: " + key.error());
    return std::move(*key);
  }

  FixedRng random;
  bool no_rsa = false;  // the pool is empty

 private:
  static Bytes take(std::deque<Bytes>& queue) {
    Bytes front = std::move(queue.front());
    queue.pop_front();
    return front;
  }
  std::deque<Bytes> scalars_;
  std::deque<Bytes> rsa_keys_;
};

}  // namespace sims::test
