// Worker threads for jobs that would block a loop: handshakes, databases. Not libuv's own: their
// way to notify the loop (uv_async_send) makes the loop spin until the notifying thread has gone
// on. A thread of low priority may not go on for milliseconds, because the loop that it has just
// woken took its processor.
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
  // At most so many threads, started when they are needed. They block all signals except those of
  // their own faults.
  explicit Workers(std::size_t max_threads);
  // Drops jobs that have not begun and waits for those that have.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void add(std::function<void()> job);  // must not throw

 private:
  void begin_thread();
  void run() noexcept;

  const std::size_t max_threads_;
  std::mutex mutex_;
  // Posted once for each job, and for each thread at the end. Not a condition variable: with
  // glibc's, a signaller can have to wait until threads that were signalled before have gone on.
  sem_t wanted_;
  std::deque<std::function<void()>> jobs_;
  std::size_t idle_ = 0;  // threads that wait for a job
  bool stop_ = false;
  std::vector<std::thread> threads_;  // only the thread that calls add() uses it
};

}  // namespace sims::net
