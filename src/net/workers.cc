// Worker threads that share one queue of jobs.
#include "net/workers.h"

#include <system_error>
#include <utility>

#include "os/process.h"

namespace sims::net {

Workers::Workers(std::size_t max_threads) : max_threads_(max_threads) {
  ::sem_init(&wanted_, 0, 0);
  threads_.reserve(max_threads_);
}

Workers::~Workers() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    dropped.swap(jobs_);
  }
  dropped.clear();
  for (std::size_t i = 0; i < threads_.size(); ++i)
    ::sem_post(&wanted_);
  for (auto& thread : threads_)
    thread.join();
  ::sem_destroy(&wanted_);
}

void Workers::add(std::function<void()> job) {
  bool another = false;
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    another = jobs_.size() > idle_ && threads_.size() < max_threads_;
  }
  if (another) begin_thread();
  ::sem_post(&wanted_);
}

// If no further thread can be started, the others do its work; if there is none at all, the program ends.
void Workers::begin_thread() {
  const SignalsBlocked blocked;
  try {
    threads_.emplace_back([this] { run(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) std::terminate();
  }
}

// The semaphore is posted once for each job, and at the end once for each thread: a thread that
// wakes finds either a job or stop_.
void Workers::run() noexcept {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      ++idle_;
    }
    while (::sem_wait(&wanted_) != 0) {
    }  // a signal
    std::unique_lock lock(mutex_);
    --idle_;
    if (stop_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
  }
}

}  // namespace sims::net
