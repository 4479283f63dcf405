// Process hardening, which every program that holds keys does first, and thread scheduling.
#pragma once

#include <signal.h>

namespace sims {

// Hardens the process:
//   - Closed standard descriptors are opened so that every use of them fails. Else the next file
//     opened would become one of them, and be written to. Aborts if that fails.
//   - PR_SET_DUMPABLE 0 (sanitizer builds stay dumpable: LeakSanitizer needs ptrace), RLIMIT_CORE
//     0, umask 077.
//   - SIGPIPE and SIGXFSZ are ignored, so that such a write returns an error.
//   - Lack of memory and uncaught exceptions, such as for a thread that cannot start, print why
//     before abort().
void harden_process();

// While it lives, the calling thread blocks all signals except those of its own faults: if they were blocked, the
// program would end without its handlers, which restore the terminal. Threads that it starts meanwhile inherit
// that, so that the loop's thread handles all other signals.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// Lowers the calling thread's priority: nice 10, a tenth of a contended core. With less it could
// get no time for minutes on a busy machine.
void lower_thread_priority();
// Makes the calling thread use only idle processor time, and yield at once to all other threads
// (SCHED_IDLE). On a busy machine it may get no time for minutes. It cannot be undone.
void run_only_when_idle();
// Asks for a short time slice, for a thread whose short pieces of work must not wait. From Linux
// 6.12 on it can then preempt threads with longer slices; older kernels only consider priorities.
// It gets no more time.
void ask_for_short_slices();

}  // namespace sims
