// The sandbox that simsd puts itself into once it has everything open. An attacker who took it over could not
// start a program, reach for another process, make a socket or connect one that it was given. On top of a
// service manager's sandbox or without one.
#pragma once

#include "base/result.h"

namespace sims::server {

// No program started from now on gets more rights than this one (the set-user-id bit). For the calling thread
// and those that it starts.
void forbid_new_privileges();

// For all threads, those to come too: only the system calls that serving needs (seccomp). Starting a program,
// forking, tracing, mounting and loading into the kernel end the process; any other call fails with EPERM.
// False: the kernel knows no such filter, or this is a sanitizer's build.
Result<bool> confine();

}  // namespace sims::server
