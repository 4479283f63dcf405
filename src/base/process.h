// What every program that holds keys does first.
#pragma once

namespace sims {

// Standard descriptors that are closed are opened so that every use of them fails (else the next file opened
// would be one of them, and be written to); PR_SET_DUMPABLE 0, RLIMIT_CORE 0, umask 077, SIGPIPE ignored.
// Sanitizer builds keep dumpable (LeakSanitizer needs ptrace). Aborts if a descriptor can't be had: nothing
// is safe then.
void harden_process();

}  // namespace sims
