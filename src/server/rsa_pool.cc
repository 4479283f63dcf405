#include "server/rsa_pool.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

namespace sims::server {

namespace {

constexpr std::size_t first_keys = 2;
constexpr int low_priority =
    10;  // nice: a tenth of a contended core; with 19 a busy machine would have no keys for minutes

// For the calling thread only: Linux keeps nice values per thread.
void lower_priority() {
  const auto tid = static_cast<id_t>(::syscall(SYS_gettid));
  if (::setpriority(PRIO_PROCESS, tid, low_priority) != 0) log::debug("event=rsa-pool priority=normal");
}

}  // namespace

RsaPool::RsaPool(std::size_t size)
    : RsaPool(size, [] { return crypto::RsaKey::generate(crypto::system_rng()); }) {}
RsaPool::RsaPool(std::size_t size, Generate generate) : size_(size), generate_(std::move(generate)) {}

RsaPool::~RsaPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RsaPool::fill() {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

bool RsaPool::wait_for_one(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return !keys_.empty(); });
}

std::size_t RsaPool::ready() const {
  const std::lock_guard lock(mutex_);
  return keys_.size();
}

crypto::Rng& RsaPool::rng() {
  return crypto::system_rng();
}
crypto::P384Key RsaPool::p384() {
  return crypto::P384Key::generate(rng());
}

std::optional<crypto::RsaKey> RsaPool::rsa() {
  std::optional<crypto::RsaKey> key;
  {
    const std::lock_guard lock(mutex_);
    if (keys_.empty()) return key;
    key = std::move(keys_.front());
    keys_.pop_front();
  }
  changed_.notify_all();
  return key;
}

void RsaPool::run() {
  std::size_t made = 0;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (keys_.size() >= size_) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    auto key = generate_();
    lock.lock();
    keys_.push_back(std::move(key));
    changed_.notify_all();
    if (++made == first_keys) lower_priority();
  }
}

}  // namespace sims::server
