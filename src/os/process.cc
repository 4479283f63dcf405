// Settings of the process with prctl(2), limits and signals, and the scheduling of its threads.
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <new>

namespace sims {

namespace {

// Prints the reason and aborts. Async-signal-safe and without allocation. sims-tui's crash handler
// restores the terminal.
[[noreturn]] void end_with(const char* why) {
  for (const char* part : {static_cast<const char*>(program_invocation_short_name), ": ", why, "\n"})
    if (write(STDERR_FILENO, part, strlen(part)) < 0) break;
  abort();
}

[[noreturn]] void out_of_memory() {
  end_with("out of memory");
}

// Handles an uncaught exception; most likely a thread could not be started.
[[noreturn]] void uncaught() {
  try {
    if (std::current_exception()) std::rethrow_exception(std::current_exception());
  } catch (const std::exception& error) {
    end_with(error.what());
  } catch (...) {
  }
  end_with("cannot go on");
}

}  // namespace

void harden_process() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // open() returns the lowest free number, this one. Opened for the other direction, so every use
    // fails.
    if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) abort();
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
  rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  umask(077);
  static_cast<void>(signal(SIGPIPE, SIG_IGN));
  static_cast<void>(signal(SIGXFSZ, SIG_IGN));
  std::set_new_handler(out_of_memory);
  std::set_terminate(uncaught);
}

namespace {

// sched_setattr(2). glibc has neither the call nor the structure, and the kernel's header for it cannot stand beside
// glibc's <sched.h>.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t sched_policy = SCHED_OTHER;
  std::uint64_t sched_flags = 0;
  std::int32_t sched_nice = 0;
  std::uint32_t sched_priority = 0;
  std::uint64_t sched_runtime = 0, sched_deadline = 0, sched_period = 0;  // ns
};

// Sets the time slice; 0: the kernel's default. Errors are ignored, since only speed depends on it.
void set_slice(std::uint64_t ns) {
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  attributes.sched_runtime = ns;
  static_cast<void>(syscall(SYS_sched_setattr, 0, &attributes, 0));
}

}  // namespace

SignalsBlocked::SignalsBlocked() {
  sigset_t all;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
    sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalsBlocked::~SignalsBlocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

// 0 means the calling thread: Linux keeps slice and priority per thread, and a new thread inherits
// them.
void lower_thread_priority() {
  set_slice(0);
  static_cast<void>(setpriority(PRIO_PROCESS, 0, 10));
}

void run_only_when_idle() {
  SchedulingAttributes attributes;
  attributes.sched_policy = SCHED_IDLE;
  if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0) lower_thread_priority();
}

void ask_for_short_slices() {
  set_slice(100'000);  // the least that the kernel takes
}

}  // namespace sims
