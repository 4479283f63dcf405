#include "server/rsa_pool.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

namespace sims::server {

namespace {

// For the calling thread only; Linux keeps nice values per thread.
void lowest_priority() {
  const auto tid = static_cast<id_t>(::syscall(SYS_gettid));
  sched_param none{};
  if (::setpriority(PRIO_PROCESS, tid, 19) != 0 || ::sched_setscheduler(0, SCHED_IDLE, &none) != 0)
    log::debug("event=rsa-pool priority=normal");
}

}  // namespace

RsaPool::RsaPool(std::size_t size) : RsaPool(size, [] { return crypto::RsaKey::generate(crypto::system_rng()); }) {}
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

std::size_t RsaPool::ready() const {
  const std::lock_guard lock(mutex_);
  return keys_.size();
}

crypto::Rng& RsaPool::rng() { return crypto::system_rng(); }
crypto::P384Key RsaPool::p384() { return crypto::P384Key::generate(rng()); }

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
  lowest_priority();
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
  }
}

}  // namespace sims::server
