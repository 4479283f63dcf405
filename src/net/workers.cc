#include "net/workers.h"

#include <pthread.h>
#include <signal.h>

#include <system_error>
#include <utility>

namespace sims::net {

Workers::Workers(std::size_t most) : most_(most) {
  ::sem_init(&wanted_, 0, 0);
  threads_.reserve(most_);
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
    another = jobs_.size() > idle_ && threads_.size() < most_;
  }
  if (another) begin_thread();
  ::sem_post(&wanted_);
}

// New threads inherit the mask: signals are the loop's but those of a thread's own faults, which would end
// the program without its handlers (the terminal would stay as it is). Without room for another thread the
// others do its work; without any there is none to go on with.
void Workers::begin_thread() {
  sigset_t all, before;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
    sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    threads_.emplace_back([this] { run(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) std::terminate();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// Each job is posted once and so is the end for each thread: who is woken finds one or the other.
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
