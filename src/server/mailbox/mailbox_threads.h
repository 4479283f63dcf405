// The threads of a SqliteMailbox: one for changes, one for reads, one for backups. The first waits up to 2 ms from
// the first question on, or until a whole batch of puts is there, so that they share an fsync. All keep off the
// loop's processor (docs/decisions/0003).
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "os/cpu_affinity.h"
#include "os/semaphore.h"
#include "server/mailbox/sqlite_mailbox.h"

namespace sims::server {

// How the thread of changes waits for more; tests have a clock of their own.
struct GatherClock {
  std::function<std::int64_t()> now_us = steady_us;
  // Until more work is there; false: none came within the limit.
  std::function<bool(Semaphore& work, std::chrono::microseconds limit)> wait_for =
      [](Semaphore& work, std::chrono::microseconds limit) { return work.wait_for(limit); };
};

class MailboxThreads {
 public:
  MailboxThreads(SqliteMailbox& mailbox, const LoopCpu& loop, GatherClock clock = {});  // both outlive it
  // Waits for what is being carried out, but a backup fails. Other questions stay unanswered: a letter without an answer is not acked,
  // and its sender keeps it.
  ~MailboxThreads();
  MailboxThreads(const MailboxThreads&) = delete;
  MailboxThreads& operator=(const MailboxThreads&) = delete;

 private:
  void run(MailLane lane);
  bool once(MailLane lane);
  void gather();

  SqliteMailbox& mailbox_;
  const LoopCpu& loop_;
  const GatherClock clock_;
  std::atomic<bool> stop_ = false;
  std::array<Semaphore, 3> work_;  // by lane
  std::array<std::thread, 3> threads_;
};

}  // namespace sims::server
