// The sandbox that simsd enters once everything is open. An attacker who took it over could not
// start a program, access another process, make a socket, or connect one that simsd was given. It
// works with or without a service manager's sandbox.
#pragma once

#include "base/result.h"

namespace sims::server {

// Forbids programs started from now on to gain privileges (set-user-id bit). For the calling thread
// and threads that it starts.
void forbid_new_privileges();

// Allows only the system calls that serving needs (seccomp), for all present and future threads.
// Starting a program, forking, tracing, mounting and loading into the kernel end the process; any
// other call fails with EPERM. False: the kernel has no such filter, or this is a sanitizer build.
Result<bool> confine();

}  // namespace sims::server
