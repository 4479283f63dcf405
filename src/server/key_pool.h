// Ephemeral keys made ahead in idle time, each used once. One thread of low priority, off the loop's
// processor, fills the pool, and ends with the object, after the key it is at.
//   - P-384: half of a login's work. Is there none, the login makes its own.
//   - RSA-4096: one takes 0.1 to 0.8 s, so none is made in line: the login gets `busy`. The first two
//     are made at normal priority, at the start: a server that starts on a busy machine must have some.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/loop_cpu.h"
#include "crypto/suite.h"

namespace sims::server {

class KeyPool : public crypto::EphemeralSource {
 public:
  struct Sizes {  // so many are kept ready
    std::size_t p384 = 0, rsa = 0;
  };
  struct Makers {
    std::function<crypto::P384Key()> p384;
    std::function<crypto::RsaKey()> rsa;
  };
  KeyPool(Sizes sizes, const LoopCpu& loop);                 // loop outlives it
  KeyPool(Sizes sizes, const LoopCpu& loop, Makers makers);  // for tests
  ~KeyPool() override;
  KeyPool(const KeyPool&) = delete;
  KeyPool& operator=(const KeyPool&) = delete;

  // Starts the thread, and the making of RSA keys if they are wanted: once they are, they stay so.
  void fill(bool with_rsa);
  bool wait_for_rsa(std::chrono::milliseconds limit);  // false: there is none yet
  Sizes ready() const;

  crypto::Rng& rng() override;
  crypto::P384Key p384() override;
  std::optional<crypto::RsaKey> rsa() override;

 private:
  void run();
  const Sizes sizes_;
  const LoopCpu& loop_;
  const Makers makers_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<crypto::P384Key> p384_;
  std::deque<crypto::RsaKey> rsa_;
  bool with_rsa_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sims::server
