// What every program that holds keys does first, and the kernel's scheduling of threads.
#pragma once

namespace sims {

// Standard descriptors that are closed are opened so that every use of them fails (else the next file opened
// would be one of them, and be written to); PR_SET_DUMPABLE 0, RLIMIT_CORE 0, umask 077; SIGPIPE and SIGXFSZ
// ignored: a write that can't be done fails, and has words. So has the end for want of memory or of threads.
// Sanitizer builds keep dumpable (LeakSanitizer needs ptrace). Aborts if a descriptor can't be had: nothing
// is safe then.
void harden_process();

// The calling thread's work may wait: nice 10, a tenth of a contended core. Less would leave it nothing for
// minutes on a machine with other work.
void lower_thread_priority();
// The calling thread's work takes only what every other thread leaves over, and it gives way to them at once
// (SCHED_IDLE); on a machine with other work it may get nothing for minutes. There is no way back.
void run_only_when_idle();
// The calling thread works in short pieces that must not wait: it asks for a short time slice, with which
// newer kernels (6.12) let it interrupt threads that have not; older ones go by the priority of those. No
// more time than before.
void ask_for_short_slices();

}  // namespace sims
