// The lists of allowed and deadly system calls, and the seccomp filter made of them.
#include "server/daemon/sandbox.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>

namespace sims::server {

void forbid_new_privileges() {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

// A sanitizer's run time forks, traces and maps memory.
Result<bool> confine() {
  return false;
}

#else

namespace {

// By name, since not every architecture has each, and older headers lack the newest.
constexpr const char* allowed[] = {
    // the loop, the threads, memory, time
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select",
    "pselect6", "eventfd2", "timerfd_create", "timerfd_settime", "timerfd_gettime", "pipe2", "futex",
    "futex_time64", "futex_waitv", "set_robust_list", "rseq", "membarrier", "sched_yield",
    "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "getcpu", "brk", "munmap",
    "mremap", "madvise", "clock_gettime", "clock_gettime64", "clock_getres", "clock_nanosleep",
    "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time", "times", "getrusage", "sysinfo", "uname",
    "getrandom", "restart_syscall", "exit", "exit_group",
    // signals of our own
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigaltstack",
    // process and user ids
    "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid",
    "getgroups", "getpriority", "getrlimit", "ugetrlimit",
    // existing sockets. Not connect(): it also disconnects, and a socket that was accepted in the
    // host's network could then connect to any address there. Not bind() and listen(). Not
    // sendmsg() and sendmmsg(), whose address a filter cannot see, nor recvmsg(), which receives
    // sockets from other programs.
    "accept", "accept4", "recvfrom", "recv", "send", "shutdown", "getsockopt", "getsockname", "getpeername",
    // files: the accounts and their copies, the configuration, the pid file
    "open", "openat", "openat2", "close", "close_range", "read", "readv", "pread64", "preadv", "preadv2",
    "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek", "_llseek", "stat", "fstat", "lstat",
    "stat64", "fstat64", "lstat64", "newfstatat", "fstatat64", "statx", "statfs", "fstatfs", "statfs64",
    "fstatfs64", "link", "linkat", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd",
    "chdir", "getdents64", "fsync", "fdatasync", "sync_file_range", "ftruncate", "ftruncate64", "fallocate",
    "fadvise64", "fadvise64_64", "flock", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir",
    "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "fchown", "umask", "dup", "dup2", "dup3"};

// simsd never calls these: only an attacker would.
constexpr const char* deadly[] = {"execve",
                                  "execveat",
                                  "fork",
                                  "vfork",
                                  "ptrace",
                                  "process_vm_readv",
                                  "bpf",
                                  "mount",
                                  "umount2",
                                  "process_vm_writev",
                                  "move_mount",
                                  "open_tree",
                                  "fsopen",
                                  "fsmount",
                                  "fsconfig",
                                  "mount_setattr",
                                  "pivot_root",
                                  "chroot",
                                  "init_module",
                                  "kexec_load",
                                  "finit_module",
                                  "delete_module",
                                  "kexec_file_load",
                                  "setns",
                                  "unshare",
                                  "userfaultfd",
                                  "perf_event_open",
                                  "pidfd_getfd",
                                  "swapon",
                                  "swapoff"};

constexpr std::uint64_t thread_flags = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND;
constexpr std::uint64_t namespace_flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                          CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE;
#if defined(__s390__)
constexpr unsigned clone_flags_at = 1;
#else
constexpr unsigned clone_flags_at = 0;
#endif

// A seccomp filter; status() is the first failure of its calls, as libseccomp returns it: -errno.
class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM))), status_(context_ ? 0 : -ENOMEM) {}
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  ~Filter() { seccomp_release(context_); }

  void set(scmp_filter_attr what, std::uint32_t value) {
    if (status_ == 0) status_ = seccomp_attr_set(context_, what, value);
  }
  void rule(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || status_ != 0) return;
    status_ = seccomp_rule_add_array(context_, action, number, static_cast<unsigned>(arguments.size()),
                                     arguments.size() > 0 ? arguments.begin() : nullptr);
  }
  void allow(const char* name, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    rule(SCMP_ACT_ALLOW, name, arguments);
  }
  void load() {
    if (status_ == 0) status_ = seccomp_load(context_);
  }
  int status() const { return status_; }

 private:
  scmp_filter_ctx context_;
  int status_;
};

scmp_arg_cmp equals(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

void allow_by_arguments(Filter& filter) {
  // Only to the peer that the socket is connected to (the system log, the service manager): no
  // address, and no connection by TCP Fast Open. (x86-32 and others have socketcall, whose
  // arguments a filter cannot see; it is refused.)
  filter.allow("sendto", {masked(3, MSG_FASTOPEN, 0), equals(4, 0)});
  // libuv sets this on each connection. Other options load filters, change the protocol or repair
  // connections.
  filter.allow("setsockopt", {equals(1, IPPROTO_TCP), equals(2, TCP_NODELAY)});
  // No new memory is executable.
  filter.allow("mmap", {masked(2, PROT_EXEC, 0)});
  filter.allow("mmap2", {masked(2, PROT_EXEC, 0)});
  filter.allow("mprotect", {masked(2, PROT_EXEC, 0)});
  for (const auto request : {FIONBIO, FIONREAD, FIOCLEX, static_cast<int>(TCGETS)})
    filter.allow("ioctl", {equals(1, static_cast<std::uint64_t>(request))});
  // Not F_SETOWN and F_SETSIG: with them the kernel sends any signal to any process of this user.
  for (const auto command : std::set{F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_GETLK,
                                     F_SETLK, F_SETLKW, F_GETLK64, F_SETLK64, F_SETLKW64})
    for (const char* name : {"fcntl", "fcntl64"})
      filter.allow(name, {equals(1, static_cast<std::uint64_t>(command))});
  filter.allow("prctl", {equals(0, PR_SET_NAME)});
  filter.allow("prctl", {equals(0, PR_GET_NAME)});
  // For os/cpu_affinity, os/process and the limit of open files: only for this process.
  filter.allow("sched_setaffinity", {equals(0, 0)});
  filter.allow("sched_setattr", {equals(0, 0)});
  filter.allow("setpriority", {equals(0, PRIO_PROCESS), equals(1, 0)});
  filter.allow("prlimit64", {equals(0, 0)});
  filter.allow("tgkill", {equals(0, static_cast<std::uint64_t>(getpid()))});  // abort()
}

// Allows threads, but no processes. A filter cannot see clone3's flags, which are in memory; with
// ENOSYS glibc assumes an old kernel and uses clone.
void allow_threads(Filter& filter) {
  filter.rule(SCMP_ACT_ERRNO(ENOSYS), "clone3");
  filter.allow("clone", {masked(clone_flags_at, thread_flags | namespace_flags, thread_flags)});
  filter.rule(SCMP_ACT_KILL_PROCESS, "clone", {masked(clone_flags_at, CLONE_THREAD, 0)});
}

}  // namespace

Result<bool> confine() {
  Filter filter;
  filter.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  filter.set(SCMP_FLTATR_CTL_TSYNC, 1);
  filter.set(SCMP_FLTATR_API_SYSRAWRC, 1);  // errno, not ECANCELED for all
  filter.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree, not a list
  for (const char* name : allowed)
    filter.allow(name);
  for (const char* name : deadly)
    filter.rule(SCMP_ACT_KILL_PROCESS, name);
  allow_by_arguments(filter);
  allow_threads(filter);
  filter.load();
  const int why = -filter.status();
  if (why == EOPNOTSUPP || why == ENOSYS || why == EINVAL) return false;
  if (why != 0) return fail(std::string("seccomp: ") + std::strerror(why));
  return true;
}

#endif

}  // namespace sims::server
