// The threads of a SqliteMailbox.
#include "server/mailbox/mailbox_threads.h"

#include "os/process.h"

namespace sims::server {

namespace {
constexpr std::int64_t gather_us = 2'000;
}

MailboxThreads::MailboxThreads(SqliteMailbox& mailbox, const LoopCpu& loop, GatherClock clock)
    : mailbox_(mailbox), loop_(loop), clock_(std::move(clock)) {
  mailbox_.on_work([this](MailLane lane) { work_[static_cast<std::size_t>(lane)].post(); });
  const SignalsBlocked blocked;
  for (const auto lane : {MailLane::change, MailLane::read, MailLane::copy})
    threads_[static_cast<std::size_t>(lane)] = std::thread([this, lane] { run(lane); });
}

MailboxThreads::~MailboxThreads() {
  stop_ = true;
  mailbox_.stop_copies();
  for (auto& work : work_)
    work.post();
  for (auto& thread : threads_)
    thread.join();
  mailbox_.on_work([](MailLane) {});
}

bool MailboxThreads::once(MailLane lane) {
  switch (lane) {
    case MailLane::change:
      gather();
      return mailbox_.change();
    case MailLane::read:
      return mailbox_.read();
    case MailLane::copy:
      return mailbox_.copy();
  }
  return false;
}

void MailboxThreads::gather() {
  auto& work = work_[static_cast<std::size_t>(MailLane::change)];
  const auto until = clock_.now_us() + gather_us;
  while (!stop_ && !mailbox_.batch_full()) {
    const auto left = until - clock_.now_us();
    if (left <= 0 || !clock_.wait_for(work, std::chrono::microseconds(left))) return;
  }
}

// Begins with a look: a rescue may have to go on.
void MailboxThreads::run(MailLane lane) {
  lower_thread_priority();
  for (bool more = true; !stop_;) {
    if (!more) work_[static_cast<std::size_t>(lane)].wait();
    if (stop_) return;
    loop_.avoid_loop_cpu();
    more = once(lane);
  }
}

}  // namespace sims::server
