// What every program that holds keys does first.
#pragma once

namespace sims {

// PR_SET_DUMPABLE 0, RLIMIT_CORE 0, umask 077, SIGPIPE ignored. Sanitizer builds keep dumpable (LeakSanitizer
// needs ptrace).
void harden_process();

}  // namespace sims
