// Ephemeral RSA-4096 keys made ahead: one takes 0.1 to 0.8 s, so none is made in line. One thread of low
// priority fills the pool (the first two keys at normal priority: a server that starts on a busy machine must
// have some); each key is used once; when the pool is empty the login gets `busy`. The thread starts with the
// first call of fill() (simsd calls it when the RSA suite is on) and ends with the object, after the key it
// is at.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "crypto/suite.h"

namespace sims::server {

class RsaPool : public crypto::EphemeralSource {
 public:
  using Generate = std::function<crypto::RsaKey()>;
  // `size` keys are kept ready.
  explicit RsaPool(std::size_t size);
  RsaPool(std::size_t size, Generate generate);  // for tests
  ~RsaPool() override;
  RsaPool(const RsaPool&) = delete;
  RsaPool& operator=(const RsaPool&) = delete;

  void fill();
  bool wait_for_one(std::chrono::milliseconds limit);  // false: there is none yet
  std::size_t ready() const;

  crypto::Rng& rng() override;
  crypto::P384Key p384() override;
  std::optional<crypto::RsaKey> rsa() override;

 private:
  void run();
  const std::size_t size_;
  const Generate generate_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<crypto::RsaKey> keys_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sims::server
