// Waits for a semaphore, also across signals.
#include "os/semaphore.h"

#include <time.h>

#include <cerrno>

namespace sims {

void Semaphore::wait() {
  while (sem_wait(&semaphore_) != 0) {
  }  // a signal
}

bool Semaphore::wait_for(std::chrono::microseconds limit) {
  timespec until{};
  clock_gettime(CLOCK_MONOTONIC, &until);
  const auto ns = until.tv_nsec + limit.count() * 1'000;
  until.tv_sec += ns / 1'000'000'000;
  until.tv_nsec = ns % 1'000'000'000;
  int status;
  do
    status = sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until);
  while (status != 0 && errno == EINTR);
  return status == 0;
}

}  // namespace sims
