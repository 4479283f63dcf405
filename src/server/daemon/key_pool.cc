// KeyPool's two threads: one makes RSA keys when the pool is empty, one fills it in spare time.
#include "server/daemon/key_pool.h"

#include <time.h>

#include <utility>

#include "os/process.h"

namespace sims::server {

namespace {

constexpr std::size_t first_rsa_keys = 2;

// After each piece of work of this size, spare_ rests three times as long as it worked.
constexpr std::int64_t piece_us = 2'000, rests = 3;
constexpr std::chrono::milliseconds urgent_poll{10};

std::int64_t thread_us() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1'000;
}

}  // namespace

KeyPool::KeyPool(Sizes sizes, const LoopCpu& loop)
    : KeyPool(sizes, loop,
              {[] { return crypto::P384Key::generate(crypto::system_rng()); },
               [](const auto& go_on) { return crypto::RsaKey::generate(crypto::system_rng(), go_on); }}) {}
KeyPool::KeyPool(Sizes sizes, const LoopCpu& loop, Makers makers)
    : loop_(loop), makers_(std::move(makers)), p384_(sizes.p384), rsa_(sizes.rsa) {}

KeyPool::~KeyPool() {
  stop_ = true;
  for (auto* semaphore : {&room_, &empty_, &stopping_})
    semaphore->post();
  for (auto* thread : {&spare_, &urgent_})
    if (thread->joinable()) thread->join();
}

void KeyPool::fill(bool with_rsa) {
  if (with_rsa) with_rsa_ = true;
  if (!spare_.joinable()) spare_ = std::thread([this] { fill_from_spare_time(); });
  if (with_rsa_ && !urgent_.joinable()) urgent_ = std::thread([this] { make_when_empty(); });
  room_.post();
  empty_.post();
}

bool KeyPool::wait_for_rsa(std::chrono::milliseconds limit) {
  return rsa_.ready() > 0 || rsa_made_.wait_for(limit);
}

KeyPool::Sizes KeyPool::ready() const {
  return {p384_.ready(), rsa_.ready()};
}

crypto::Rng& KeyPool::rng() {
  return crypto::system_rng();
}

crypto::P384Key KeyPool::p384() {
  auto key = p384_.take();
  room_.post();
  return key ? std::move(*key) : makers_.p384();
}

std::optional<crypto::RsaKey> KeyPool::rsa() {
  auto key = rsa_.take();
  room_.post();
  if (rsa_is_urgent()) empty_.post();
  return key;
}

void KeyPool::make_when_empty() {
  for (std::size_t made = 0; !stop_; empty_.wait()) {
    if (!rsa_is_urgent()) continue;
    if (made++ >= first_rsa_keys) {
      thread_local const bool lowered = (lower_thread_priority(), true);
      static_cast<void>(lowered);
      loop_.avoid_loop_cpu();
    }
    urgent_at_work_ = true;
    if (auto key = makers_.rsa([this] { return !stop_; })) rsa_.put(std::move(*key));
    urgent_at_work_ = false;
    rsa_made_.post();
    room_.post();
  }
}

// Called between two steps of making a key. False: stop, the pool is being destroyed.
bool KeyPool::pause_when_due() {
  const auto worked_us = thread_us() - worked_until_us_;
  const bool due = worked_us >= piece_us;
  if (due) stopping_.wait_for(std::chrono::microseconds(rests * worked_us));
  while (urgent_at_work_ && !stop_)
    stopping_.wait_for(urgent_poll);
  if (due) {
    loop_.avoid_loop_cpu();
    worked_until_us_ = thread_us();
  }
  return !stop_;
}

// Makes P-384 keys first, which are quick, then RSA keys.
void KeyPool::fill_from_spare_time() {
  run_only_when_idle();
  loop_.avoid_loop_cpu();
  while (!stop_) {
    if (p384_.ready() < p384_.size()) {
      p384_.put(makers_.p384());
      static_cast<void>(pause_when_due());
    } else if (with_rsa_ && rsa_.ready() > 0 && rsa_.ready() < rsa_.size()) {
      if (auto key = makers_.rsa([this] { return pause_when_due(); })) rsa_.put(std::move(*key));
    } else {
      room_.wait();
    }
  }
}

}  // namespace sims::server
