// Threads for what would hold up a loop: handshakes, databases. Not libuv's: their way to tell the loop that
// a job is done (uv_async_send) lets the loop spin until the telling thread has gone on, and one of low
// priority does not for milliseconds, because the loop that it has just woken took its processor.
#pragma once

#include <semaphore.h>

#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sims::net {

class Workers {
 public:
  // At most so many threads, begun when they are needed. They take no signals but those of their own faults.
  explicit Workers(std::size_t most);
  // Drops the jobs that have not begun, waits for those that have.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void add(std::function<void()> job);  // must not throw

 private:
  void begin_thread();
  void run() noexcept;

  const std::size_t most_;
  std::mutex mutex_;
  // Posted once for each job, and for each thread at the end. No condition variable: glibc's lets one who
  // signals wait until those who were signalled before have gone on.
  sem_t wanted_;
  std::deque<std::function<void()>> jobs_;
  std::size_t idle_ = 0;  // threads that wait for a job
  bool stop_ = false;
  std::vector<std::thread> threads_;  // of the one who adds
};

}  // namespace sims::net
