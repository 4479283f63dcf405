// A pool of ephemeral keys made ahead, each used once.
//   - P-384: half of a login's work. If the pool is empty, the login makes its own.
//   - RSA-4096: one takes 0.1 to 0.8 s, so a login never makes one: if the pool is empty it gets
//     `busy`.
// Two threads fill it. They end with the object and avoid the loop's processor:
//   - `spare_` uses idle processor time, at most a quarter of one processor.
//   - `urgent_` makes an RSA key whenever there is none, since `spare_` may get no time for
//     minutes. Its first two run at normal priority: a server that starts on a busy machine must
//     have some.
// Only one RSA key is made at a time: meanwhile `spare_` pauses in the middle of its own.
//
// `spare_` may stop anywhere for long, so no thread may wait for it. Keys are handed over in slots
// that are exchanged atomically, without a mutex, and semaphores wake the threads. (With glibc's
// condition variables a signaller can have to wait for threads that were signalled before.)
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "crypto/suite.h"
#include "os/cpu_affinity.h"
#include "os/semaphore.h"

namespace sims::server {

// A fixed number of keys, roughly first in, first out. For any thread, without waiting.
template <class Key>
class KeySlots {
 public:
  explicit KeySlots(std::size_t size) : slots_(size) {}
  ~KeySlots() {
    while (take()) {
    }
  }
  KeySlots(const KeySlots&) = delete;
  KeySlots& operator=(const KeySlots&) = delete;

  void put(Key key) {  // destroys it when all slots are taken
    auto held = std::make_unique<Key>(std::move(key));
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Key* none = nullptr;
      if (slots_[(put_at_ + i) % slots_.size()].compare_exchange_strong(none, held.get())) {
        put_at_ = (put_at_ + i + 1) % slots_.size();
        static_cast<void>(held.release());
        return;
      }
    }
  }
  std::optional<Key> take() {
    const std::size_t from = take_at_;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const std::size_t at = (from + i) % slots_.size();
      if (const std::unique_ptr<Key> key{slots_[at].exchange(nullptr)}) {
        take_at_ = (at + 1) % slots_.size();
        return std::move(*key);
      }
    }
    return std::nullopt;
  }
  std::size_t ready() const {
    std::size_t n = 0;
    for (const auto& slot : slots_)
      n += slot.load(std::memory_order_relaxed) != nullptr;
    return n;
  }
  std::size_t size() const { return slots_.size(); }

 private:
  std::vector<std::atomic<Key*>> slots_;
  std::atomic<std::size_t> put_at_ = 0, take_at_ = 0;  // where to look first
};

class KeyPool : public crypto::EphemeralSource {
 public:
  struct Sizes {  // numbers of keys kept ready
    std::size_t p384 = 0, rsa = 0;
  };
  struct Makers {
    std::function<crypto::P384Key()> p384;
    std::function<std::optional<crypto::RsaKey>(const std::function<bool()>& go_on)> rsa;
  };
  KeyPool(Sizes sizes, const LoopCpu& loop);                 // loop outlives it
  KeyPool(Sizes sizes, const LoopCpu& loop, Makers makers);  // for tests
  ~KeyPool() override;
  KeyPool(const KeyPool&) = delete;
  KeyPool& operator=(const KeyPool&) = delete;

  // Starts the threads. `with_rsa` starts the making of RSA keys too, which never stops again.
  void fill(bool with_rsa);
  bool wait_for_rsa(std::chrono::milliseconds limit);  // false: there is none yet
  Sizes ready() const;

  crypto::Rng& rng() override;
  crypto::P384Key p384() override;
  std::optional<crypto::RsaKey> rsa() override;

 private:
  void fill_from_spare_time();
  void make_when_empty();
  bool rsa_is_urgent() const { return with_rsa_ && rsa_.size() > 0 && rsa_.ready() == 0; }
  bool pause_when_due();

  const LoopCpu& loop_;
  const Makers makers_;
  KeySlots<crypto::P384Key> p384_;
  KeySlots<crypto::RsaKey> rsa_;
  std::atomic<bool> with_rsa_ = false, stop_ = false, urgent_at_work_ = false;
  Semaphore room_;                    // wakes spare_: a key was taken
  Semaphore empty_;                   // wakes urgent_: the last RSA key was taken
  Semaphore rsa_made_;                // posted by urgent_
  Semaphore stopping_;                // wakes spare_ from a pause
  std::int64_t worked_until_us_ = 0;  // only spare_ uses it: its processor time at its last pause
  std::thread spare_, urgent_;
};

}  // namespace sims::server
