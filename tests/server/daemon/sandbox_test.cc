// The sandbox, tested in child processes, since it cannot be left again.
#include "server/daemon/sandbox.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "os/files.h"
#include "os/process.h"
#include "os/sqlite.h"
#include "support/server_folder.h"

namespace sims {
namespace {

constexpr int unconfined = 77;  // this build or kernel has no filter: nothing to test

// Runs the function in a child and returns its result, or -signal. Without a filter,
// `unconfined`.
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

// By name: a sanitizer's build does not confine itself.
bool skipped() {
  const bool skip = !can_confine();
  if (skip) MESSAGE("left out: this build does not confine itself");
  return skip;
}

int errno_of(long result) {
  return result == -1 ? errno : 0;
}

TEST_CASE(
    "confined: starting a program, forking, tracing, mounting and loading into the kernel end the process") {
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

TEST_CASE("confined: system calls that serving does not need are refused") {
  if (!can_confine()) return;
  const std::function<long()> refused[] = {
      [] { return socket(AF_INET, SOCK_STREAM, 0); },
      [] { return socket(AF_INET6, SOCK_DGRAM, 0); },
      [] { return socket(AF_PACKET, SOCK_RAW, 0); },
      [] { return socket(AF_NETLINK, SOCK_RAW, 0); },
      [] { return socket(AF_UNIX, SOCK_STREAM, 0); },
      [] { return recvmsg(STDIN_FILENO, nullptr, 0); },  // sockets that another program sends
      [] { return kill(getppid(), 0); },
      [] { return syscall(SYS_tgkill, getppid(), getppid(), 0); },
      [] { return syscall(SYS_io_uring_setup, 1, nullptr); },
      [] { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); },
      [] { return setuid(getuid()); },
      [] { return ioctl(STDIN_FILENO, TIOCSTI, "x"); },
      [] { return syscall(SYS_prlimit64, getppid(), 0, nullptr, nullptr); },
      [] { return sched_setaffinity(getppid(), 0, nullptr); },
      [] { return setpriority(PRIO_PROCESS, static_cast<id_t>(getppid()), 19); },
      // Signals to others, when something can be read or written.
      [] { return fcntl(STDIN_FILENO, F_SETOWN, getppid()); },
      [] {
        f_owner_ex owner{F_OWNER_PID, getppid()};
        return fcntl(STDIN_FILENO, F_SETOWN_EX, &owner);
      },
      [] { return fcntl(STDIN_FILENO, F_SETSIG, SIGKILL); },
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

TEST_CASE("confined: existing threads are confined too, and new ones can be made") {
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

TEST_CASE("confined: a thread may give way to all others, and cannot change the priority of others") {
  if (!can_confine()) return;
  CHECK(confined([] {
          run_only_when_idle();
          return sched_getscheduler(0) == SCHED_IDLE ? 0 : 1;
        }) == 0);
  CHECK(confined([] {
          lower_thread_priority();
          return getpriority(PRIO_PROCESS, 0) == 10 ? 0 : 1;
        }) == 0);
  CHECK(confined([] { return errno_of(syscall(SYS_sched_setattr, getppid(), nullptr, 0)); }) == EPERM);
}

TEST_CASE("confined: a database is opened, written, checkpointed and copied") {
  if (!can_confine()) return;
  test::Folder folder;
  const auto work = [&folder] {
    if (!write_private_file(folder.path + "/db", "")) return 3;
    auto db = sqlite::Database::open(folder.path + "/db");
    if (!db) return 1;
    const auto backup = "VACUUM INTO '" + folder.path + "/copy'";
    for (const char* sql : {"PRAGMA journal_mode = WAL", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)",
                            "PRAGMA wal_checkpoint(TRUNCATE)", backup.c_str()})
      if (!db->execute(sql)) return 2;
    return 0;
  };
  CHECK(confined(work) == 0);
  CHECK(file_exists(folder.path + "/copy"));
}

// --- sockets that were handed in
// ----------------------------------------------------------------------------------

// A socket that simsd holds, and services outside that it must not reach.
struct Outside {
  Outside() {
    service = listening();
    size = sizeof address;
    REQUIRE(getsockname(service, to(), &size) == 0);
    at.sun_family = datagrams_at.sun_family = AF_UNIX;
    (folder.path + "/service").copy(at.sun_path, sizeof at.sun_path - 1);
    (folder.path + "/datagrams").copy(datagrams_at.sun_path, sizeof at.sun_path - 1);
    local = bound(SOCK_STREAM, at);
    REQUIRE(listen(local, 8) == 0);
    datagrams = bound(SOCK_DGRAM, datagrams_at);
  }
  ~Outside() {
    for (const int fd : {service, local, datagrams})
      close(fd);
  }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

  static int listening() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0);
    REQUIRE(listen(fd, 8) == 0);
    return fd;
  }
  static int bound(int type, const sockaddr_un& where) {
    const int fd = socket(AF_UNIX, type, 0);
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
    return fd;
  }
  sockaddr* to() { return reinterpret_cast<sockaddr*>(&address); }
  bool was_reached() const {
    pollfd all[] = {{service, POLLIN, 0}, {local, POLLIN, 0}, {datagrams, POLLIN, 0}};
    return poll(all, std::size(all), 0) != 0;
  }

  test::Folder folder;
  int service, local, datagrams;
  sockaddr_in address{};
  socklen_t size;
  sockaddr_un at{}, datagrams_at{};
};

enum class Held { accepted, listening };

// One end of it is like simsd's: an accepted connection or a listening socket.
struct HandedIn {
  explicit HandedIn(Held kind) : listening(Outside::listening()) {
    sockaddr_in where{};
    socklen_t size = sizeof where;
    REQUIRE(getsockname(listening, reinterpret_cast<sockaddr*>(&where), &size) == 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(connect(client, reinterpret_cast<sockaddr*>(&where), size) == 0);
    accepted = accept(listening, nullptr, nullptr);
    REQUIRE(accepted >= 0);
    fd = kind == Held::accepted ? accepted : listening;
  }
  ~HandedIn() {
    for (const int one : {client, accepted, listening})
      close(one);
  }
  HandedIn(const HandedIn&) = delete;
  HandedIn& operator=(const HandedIn&) = delete;
  int listening, client, accepted, fd;
};

// True: it is a socket like a new one again, which can be connected elsewhere.
bool disconnect(int fd) {
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  return connect(fd, &nowhere, sizeof nowhere) == 0;
}

msghdr one_byte(Outside& out, iovec& bytes) {
  static char text[] = "x";
  bytes = {text, 1};
  msghdr message{};
  message.msg_name = &out.address;
  message.msg_namelen = out.size;
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  return message;
}

// Ways from a disconnected socket to a service: each says whether it got through.
struct Way {
  const char* name;
  bool (*go)(int fd, Outside& out);
};
constexpr Way ways[] = {
    {"connect", [](int fd, Outside& out) { return connect(fd, out.to(), out.size) == 0; }},
    {"sendto with MSG_FASTOPEN",
     [](int fd, Outside& out) { return sendto(fd, "x", 1, MSG_FASTOPEN, out.to(), out.size) == 1; }},
    {"sendmsg with MSG_FASTOPEN",
     [](int fd, Outside& out) {
       iovec bytes;
       const auto message = one_byte(out, bytes);
       return sendmsg(fd, &message, MSG_FASTOPEN) == 1;
     }},
    {"sendmmsg with MSG_FASTOPEN",
     [](int fd, Outside& out) {
       iovec bytes;
       mmsghdr messages[] = {{one_byte(out, bytes), 0}};
       return sendmmsg(fd, messages, 1, MSG_FASTOPEN) == 1;
     }},
    {"TCP_FASTOPEN_CONNECT",
     [](int fd, Outside& out) {
       const int on = 1;
       if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on) == 0) return true;
       return connect(fd, out.to(), out.size) == 0 && write(fd, "x", 1) == 1;
     }},
    {"listening elsewhere",
     [](int fd, Outside&) {
       sockaddr_in any{};
       any.sin_family = AF_INET;
       const bool moved = bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0;
       return listen(fd, 8) == 0 || moved;
     }},
    {"a Unix socket",
     [](int, Outside& out) {
       const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
       return connect(fd, reinterpret_cast<const sockaddr*>(&out.at), sizeof out.at) == 0;
     }},
    {"a datagram to a Unix socket",
     [](int, Outside& out) {
       const auto* to = reinterpret_cast<const sockaddr*>(&out.datagrams_at);
       const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
       return sendto(fd, "x", 1, 0, to, sizeof out.datagrams_at) == 1;
     }},
};

enum class Network { ours, none };

// In a child: what a way returned, as an exit status; `unconfined` where no such child can be made.
int tried(const Way& way, int fd, Outside& out, Network network, bool confine, bool disconnect_first) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (network == Network::none && unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
      _exit(unconfined);
    if (disconnect_first && !disconnect(fd)) _exit(3);
    server::forbid_new_privileges();
    if (confine && !server::confine().value_or(false)) _exit(unconfined);
    if (!disconnect_first && disconnect(fd)) _exit(2);
    _exit(way.go(fd, out) ? 1 : 0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void stays_inside(Network network) {
  for (const auto kind : {Held::accepted, Held::listening})
    for (const auto& way : ways) {
      CAPTURE(kind == Held::accepted);
      CAPTURE(std::string(way.name));
      {
        // Without the filter it is a way.
        Outside out;
        HandedIn sockets(kind);
        const int got = tried(way, sockets.fd, out, network, false, true);
        if (got == unconfined) {
          MESSAGE("left out: no network namespace can be made here");
          return;
        }
        CHECK(got == 1);
      }
      for (const bool disconnected : {false, true}) {
        CAPTURE(disconnected);
        Outside out;
        HandedIn sockets(kind);
        CHECK(tried(way, sockets.fd, out, network, true, disconnected) == 0);
        CHECK_FALSE(out.was_reached());
      }
    }
}

TEST_CASE("attack 72: confined: no way out through the sockets that were handed in") {
  if (skipped()) return;
  stays_inside(Network::ours);
}

TEST_CASE("attack 72: confined in a network namespace: no way out through the sockets of another one") {
  if (skipped()) return;
  stays_inside(Network::none);
}

TEST_CASE(
    "confined: the sockets that there are serve: accept, no delay, read, write, a datagram to the peer") {
  if (!can_confine()) return;
  HandedIn sockets(Held::listening);
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
  sockaddr_in where{};
  socklen_t size = sizeof where;
  REQUIRE(getsockname(sockets.listening, reinterpret_cast<sockaddr*>(&where), &size) == 0);
  const int another = socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(connect(another, reinterpret_cast<sockaddr*>(&where), size) == 0);
  const auto serve = [&] {
    const int fd = accept4(sockets.listening, nullptr, nullptr, SOCK_CLOEXEC);
    const int on = 1;
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return 1;
    if (write(fd, "x", 1) != 1 || shutdown(fd, SHUT_WR) != 0) return 2;
    return send(pair[0], "READY=1", 7, MSG_NOSIGNAL) == 7 ? 0 : 3;
  };
  CHECK(confined(serve) == 0);
  for (const int fd : {another, pair[0], pair[1]})
    close(fd);
}

}  // namespace
}  // namespace sims
