// A semaphore for threads that wait for work. Not a condition variable: with glibc's, a signaller can have to wait
// until threads that were signalled before have gone on.
#pragma once

#include <semaphore.h>

#include <chrono>

namespace sims {

class Semaphore {
 public:
  Semaphore() { sem_init(&semaphore_, 0, 0); }
  ~Semaphore() { sem_destroy(&semaphore_); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  void post() { sem_post(&semaphore_); }
  void wait();
  bool wait_for(std::chrono::microseconds limit);  // false: no post() within the limit

 private:
  sem_t semaphore_;
};

}  // namespace sims
