// Fits the connection limit to the limit of open files, and enters the sandbox.
#include "server/daemon/privileges.h"

#include <sys/resource.h>
#include <unistd.h>

#include "os/log.h"
#include "server/daemon/sandbox.h"

namespace sims::server {

namespace {

constexpr rlim_t min_descriptors = 32;

}  // namespace

void fit_descriptors(Limits& limits, std::size_t other_descriptors) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return;
  const std::size_t max_connections =
      files.rlim_cur > 2 * other_descriptors ? files.rlim_cur - other_descriptors : files.rlim_cur / 2;
  auto& connections = limits.connections;
  if (connections <= max_connections) return;
  log::warning("event=limit key=limits.connections value={} reason=\"open files: {}\"", max_connections,
               files.rlim_cur);
  connections = max_connections;
}

Result<void> check_descriptors() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= min_descriptors) return {};
  return fail(fmt::format("{} open files are too few: at least {} (ulimit -n, or the unit's LimitNOFILE=)",
                          files.rlim_cur, min_descriptors));
}

Result<void> give_up(bool wanted) {
  if (geteuid() == 0)
    log::warning("event=root note=\"user = ... in the configuration gives up root's rights\"");
  if (!wanted) {
    log::warning("event=not-confined reason=\"--no-confine, or confine = false\"");
    return {};
  }
  const auto done = confine();
  if (!done) return fail("cannot confine itself: " + done.error() + " (--no-confine: without)");
  if (*done)
    log::notice("event=confined");
  else
    log::warning("event=not-confined reason=\"the kernel or the build has no such filter\"");
  return {};
}

}  // namespace sims::server
