#include "server/key_pool.h"

#include "base/process.h"

namespace sims::server {

namespace {

constexpr std::size_t first_rsa_keys = 2;

template <class Key>
std::optional<Key> take(std::deque<Key>& keys) {
  std::optional<Key> key;
  if (keys.empty()) return key;
  key = std::move(keys.front());
  keys.pop_front();
  return key;
}

}  // namespace

KeyPool::KeyPool(Sizes sizes, const LoopCpu& loop)
    : KeyPool(sizes, loop,
              {[] { return crypto::P384Key::generate(crypto::system_rng()); },
               [] { return crypto::RsaKey::generate(crypto::system_rng()); }}) {}
KeyPool::KeyPool(Sizes sizes, const LoopCpu& loop, Makers makers)
    : sizes_(sizes), loop_(loop), makers_(std::move(makers)) {}

KeyPool::~KeyPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void KeyPool::fill(bool with_rsa) {
  {
    const std::lock_guard lock(mutex_);
    with_rsa_ |= with_rsa;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_all();
}

bool KeyPool::wait_for_rsa(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return !rsa_.empty(); });
}

KeyPool::Sizes KeyPool::ready() const {
  const std::lock_guard lock(mutex_);
  return {p384_.size(), rsa_.size()};
}

crypto::Rng& KeyPool::rng() {
  return crypto::system_rng();
}

crypto::P384Key KeyPool::p384() {
  std::optional<crypto::P384Key> key;
  {
    const std::lock_guard lock(mutex_);
    key = take(p384_);
  }
  changed_.notify_all();
  return key ? std::move(*key) : makers_.p384();
}

std::optional<crypto::RsaKey> KeyPool::rsa() {
  std::optional<crypto::RsaKey> key;
  {
    const std::lock_guard lock(mutex_);
    key = take(rsa_);
  }
  changed_.notify_all();
  return key;
}

// The first RSA keys, then P-384 ones, which are quick, then the other RSA keys.
void KeyPool::run() {
  std::size_t rsa_made = 0;
  bool low = false;
  std::unique_lock lock(mutex_);
  const auto make = [&lock](auto& keys, const auto& maker) {
    lock.unlock();
    auto key = maker();
    lock.lock();
    keys.push_back(std::move(key));
  };
  while (!stop_) {
    const bool rsa_wanted = with_rsa_ && rsa_.size() < sizes_.rsa;
    const bool first = rsa_wanted && rsa_made < first_rsa_keys;
    if (!first) {
      if (!std::exchange(low, true)) lower_thread_priority();
      loop_.keep_off();
    }
    if (first || (rsa_wanted && p384_.size() >= sizes_.p384)) {
      make(rsa_, makers_.rsa);
      ++rsa_made;
    } else if (p384_.size() < sizes_.p384) {
      make(p384_, makers_.p384);
    } else {
      changed_.wait(lock);
      continue;
    }
    changed_.notify_all();
  }
}

}  // namespace sims::server
