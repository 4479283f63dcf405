// In child processes: there is no way back from any of it.
#include "server/confine.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/files.h"
#include "base/sqlite.h"
#include "folder.h"

namespace sims {
namespace {

constexpr int unconfined = 77;  // this build or kernel has no filter: nothing to see

// What the child's status was: what the function returned, or -signal. Without a filter, `unconfined`.
int confined(const std::function<int()>& what) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    server::forbid_new_privileges();
    const auto done = server::confine();
    if (!done) _exit(76);
    _exit(*done ? what() : unconfined);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

bool can_confine() {
  const bool can = confined([] { return 0; }) == 0;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(can);
#endif
  return can;
}

int errno_of(long result) {
  return result == -1 ? errno : 0;
}

TEST_CASE("confined: to start a program, fork, trace, mount or load into the kernel is the end") {
  if (!can_confine()) return;
  char* const nothing[] = {nullptr};
  const std::function<void()> fatal[] = {
      [&] { execve("/bin/true", nothing, nothing); },
      [&] { syscall(SYS_execveat, AT_FDCWD, "/bin/true", nothing, nothing, 0); },
      [] { static_cast<void>(fork()); },
      [] { syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); },
      [] { ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); },
      [] { syscall(SYS_process_vm_readv, getpid(), nullptr, 0, nullptr, 0, 0); },
      [] { syscall(SYS_process_vm_writev, getpid(), nullptr, 0, nullptr, 0, 0); },
      [] { syscall(SYS_bpf, 0, nullptr, 0); },
      [] { syscall(SYS_mount, nullptr, nullptr, nullptr, 0, nullptr); },
      [] { syscall(SYS_init_module, nullptr, 0, nullptr); },
      [] { unshare(CLONE_NEWUSER); },
  };
  for (std::size_t i = 0; i < std::size(fatal); ++i) {
    CAPTURE(i);
    CHECK(confined([&] { return fatal[i](), 0; }) == -SIGSYS);
  }
}

TEST_CASE("confined: what serving does not need is refused") {
  if (!can_confine()) return;
  const std::function<long()> refused[] = {
      [] { return socket(AF_INET, SOCK_STREAM, 0); },
      [] { return socket(AF_INET6, SOCK_DGRAM, 0); },
      [] { return socket(AF_PACKET, SOCK_RAW, 0); },
      [] { return socket(AF_NETLINK, SOCK_RAW, 0); },
      [] { return kill(getppid(), 0); },
      [] { return syscall(SYS_tgkill, getppid(), getppid(), 0); },
      [] { return syscall(SYS_io_uring_setup, 1, nullptr); },
      [] { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); },
      [] { return setuid(getuid()); },
      [] { return ioctl(STDIN_FILENO, TIOCSTI, "x"); },
      [] { return syscall(SYS_prlimit64, getppid(), 0, nullptr, nullptr); },
      [] { return sched_setaffinity(getppid(), 0, nullptr); },
      [] { return syscall(SYS_clone, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_NEWNS, 0, 0, 0, 0); },
      [] {
        return mmap(nullptr, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
      },
      [] { return symlink("a", "/nonexistent/b"); },
  };
  for (std::size_t i = 0; i < std::size(refused); ++i) {
    CAPTURE(i);
    CHECK(confined([&] { return errno_of(refused[i]()); }) == EPERM);
  }
}

TEST_CASE("confined: threads that there were are, too, and new ones can be made") {
  if (!can_confine()) return;
  std::mutex mutex;
  std::condition_variable changed;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    bool go = false;
    int before = 0, after = 0;
    std::thread old([&] {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return go; });
      before = errno_of(socket(AF_INET, SOCK_STREAM, 0));
    });
    if (!server::confine().value_or(false)) _exit(1);
    {
      const std::lock_guard lock(mutex);
      go = true;
    }
    changed.notify_all();
    old.join();
    std::thread([&] { after = errno_of(socket(AF_INET, SOCK_STREAM, 0)); }).join();
    const int nnp = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    _exit(before == EPERM && after == EPERM && nnp == -1 ? 0 : 2);  // (PR_GET is not for it either)
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("confined: a database is opened, written, checkpointed and copied; a local socket talks") {
  if (!can_confine()) return;
  test::Folder folder;
  const auto work = [&folder] {
    if (!write_private_file(folder.path + "/db", "")) return 6;
    auto db = sqlite::Database::open(folder.path + "/db");
    if (!db) return 1;
    const auto backup = "VACUUM INTO '" + folder.path + "/copy'";
    for (const char* sql : {"PRAGMA journal_mode = WAL", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)",
                            "PRAGMA wal_checkpoint(TRUNCATE)", backup.c_str()})
      if (!db->execute(sql)) return 2;
    int ends[2] = {socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), -1};
    sockaddr_un nowhere{};
    nowhere.sun_family = AF_UNIX;
    nowhere.sun_path[0] = '/';
    if (ends[0] < 0) return 3;
    if (connect(ends[0], reinterpret_cast<sockaddr*>(&nowhere), sizeof nowhere) == 0) return 4;
    return errno == EPERM ? 5 : 0;
  };
  CHECK(confined(work) == 0);
  CHECK(file_exists(folder.path + "/copy"));
}

}  // namespace
}  // namespace sims
