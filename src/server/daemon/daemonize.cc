// Forks, starts a new session, moves standard streams, and reports the start through a pipe.
#include "server/daemon/daemonize.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "os/files.h"

namespace sims::server {

namespace {

[[noreturn]] void wait_for_daemon(int fd) {
  std::uint8_t code = 1;  // stays 1 when the daemon dies before it reports
  ssize_t n;
  do
    n = ::read(fd, &code, 1);
  while (n < 0 && errno == EINTR);
  _exit(n == 1 ? code : 1);
}

void tell(int& fd, std::uint8_t code) {
  if (fd < 0) return;
  ssize_t n;
  do
    n = ::write(fd, &code, 1);
  while (n < 0 && errno == EINTR);
  ::close(std::exchange(fd, -1));
}

// Returns -1 if standard error is a regular file, which is kept, or if there is no journal.
int open_journal() {
  struct stat s {};
  const bool kept = ::fstat(STDERR_FILENO, &s) == 0 && S_ISREG(s.st_mode);
  return kept ? -1 : std::max(sd_journal_stream_fd("simsd", LOG_INFO, 1), -1);
}

void move_standard_streams(int journal) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  struct stat s {};
  if (::fstat(STDERR_FILENO, &s) != 0 || !S_ISREG(s.st_mode))
    ::dup2(journal >= 0 ? journal : null, STDERR_FILENO);
  ::close(null);
}

}  // namespace

Result<Detached> Detached::begin() {
  // Close inherited descriptors: a reader of an inherited pipe would wait for the daemon to exit.
  const int sockets = std::max(sd_listen_fds(0), 0);
  ::closefrom(SD_LISTEN_FDS_START + sockets);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return sims::fail(std::string("pipe: ") + std::strerror(errno));
  const pid_t child = ::fork();
  if (child < 0) return sims::fail(std::string("fork: ") + std::strerror(errno));
  if (child > 0) {
    ::close(ends[1]);
    wait_for_daemon(ends[0]);
  }
  ::close(ends[0]);
  ::setsid();
  const pid_t daemon = ::fork();  // not a session leader, so it never gets a controlling terminal again
  if (daemon < 0) {
    auto failed = sims::fail(std::string("fork: ") + std::strerror(errno));
    ::close(ends[1]);
    return failed;
  }
  if (daemon > 0) _exit(0);
  if (sockets > 0)
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);  // the sockets belong to this process now
  return Detached(ends[1], open_journal());
}

Detached::Detached(Detached&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), journal_(std::exchange(other.journal_, -1)) {}
Detached::~Detached() {
  for (const int fd : {fd_, journal_})
    if (fd >= 0) ::close(fd);
}

void Detached::ready() {
  move_standard_streams(journal_);
  if (::chdir("/") != 0) std::perror("simsd: chdir");
  tell(fd_, 0);
}

void Detached::fail(int exit_code) {
  tell(fd_, static_cast<std::uint8_t>(exit_code));
}

namespace {

// Whether this is a pid file as write() leaves it, or an empty one, as a full disk leaves it.
bool only_a_number(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text.find_first_not_of("0123456789") == text.npos;
}

}  // namespace

Result<PidFile> PidFile::write(const std::string& path) {
  std::string temporary = path + ".XXXXXX";
  const auto failure = [&] { return sims::fail("pid file: " + path + ": " + std::strerror(errno)); };
  // Any other file would be lost, now or when simsd exits.
  if (const auto there = read_file(path, 64); file_exists(path) && (!there || !only_a_number(*there)))
    return sims::fail("pid file: " + path + ": there is a file that holds no process id; give another path");
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return failure();
  const auto text = std::to_string(::getpid()) + "\n";
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fchmod(fd, 0644) == 0 && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (written) return PidFile(path, fd);
  auto failed = failure();
  ::close(fd);
  ::unlink(temporary.c_str());
  return failed;
}

PidFile::PidFile(PidFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), fd_(std::exchange(other.fd_, -1)) {}
PidFile::~PidFile() {
  if (path_.empty()) return;
  const auto text = read_file(path_, 64);
  if (text && *text == std::to_string(::getpid()) + "\n" && ::unlink(path_.c_str()) != 0)
    static_cast<void>(::ftruncate(fd_, 0) == 0);
  ::close(fd_);
}

}  // namespace sims::server
