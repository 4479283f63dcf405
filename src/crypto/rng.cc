// The pool of random bytes of each thread, and its refill from the kernel.
#include "crypto/rng.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <atomic>

#include "base/secret.h"

namespace sims::crypto {
namespace {

// Counts forks: a pool filled before the last fork is shared with the parent and must not be used.
std::atomic<unsigned> forks{0};

void kernel_fill(MutableBytes out) {
  while (!out.empty()) {
    ssize_t n = getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      perror("getrandom");
      abort();
    }
    out = out.subspan(static_cast<std::size_t>(n));
  }
}

class Pool {
 public:
  void fill(MutableBytes out) {
    if (out.size() > bytes_.size() / 4) return kernel_fill(out);
    unsigned now = forks.load(std::memory_order_relaxed);
    if (out.size() > left_ || filled_at_ != now) {
      kernel_fill(bytes_.writable());
      left_ = bytes_.size();
      filled_at_ = now;
    }
    std::uint8_t* from = bytes_.data() + (bytes_.size() - left_);
    std::memcpy(out.data(), from, out.size());
    wipe(from, out.size());
    left_ -= out.size();
  }

 private:
  Secret<4096> bytes_;
  std::size_t left_ = 0;
  unsigned filled_at_ = 0;
};

class SystemRng final : public Rng {
 public:
  SystemRng() {
    if (pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); }) != 0) abort();
  }
  void fill(MutableBytes out) override {
    thread_local Pool pool;
    if (!out.empty()) pool.fill(out);
  }
};

}  // namespace

Rng& system_rng() {
  static SystemRng rng;
  return rng;
}

}  // namespace sims::crypto
