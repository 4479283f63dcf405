// Unix sockets by path, with a detour through /proc for long paths.
#include "net/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

namespace sims::net {

namespace {

constexpr int backlog = 16;

bool fits(const std::string& path) {
  return path.size() < sizeof sockaddr_un{}.sun_path;
}

// Calls bind() or connect() with a path that fits; leaves errno as they set it.
bool with_address(const std::string& path, const std::function<int(const sockaddr*, socklen_t)>& call) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, path.c_str(), path.size() + 1);
  return call(reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
}

bool with_path(const std::string& path, const std::function<int(const sockaddr*, socklen_t)>& call) {
  if (fits(path)) return with_address(path, call);
  const auto slash = path.rfind('/');
  const auto name = path.substr(slash + 1);
  const int folder =
      slash == path.npos ? -1 : ::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  const auto short_path = "/proc/self/fd/" + std::to_string(folder) + "/" + name;
  bool done = false;
  if (folder >= 0 && fits(short_path))
    done = with_address(short_path, call);
  else if (folder >= 0 || slash == path.npos)
    errno = ENAMETOOLONG;
  const int error = errno;
  if (folder >= 0) ::close(folder);
  errno = error;
  return done;
}

std::string words_of(const std::string& path, int error) {
  return path + ": " + std::strerror(error);
}

// Removes a socket at `path`. False: something else is there.
bool remove_socket(const std::string& path) {
  struct stat s {};
  if (::lstat(path.c_str(), &s) != 0) return true;  // bind() says what else may be wrong
  return S_ISSOCK(s.st_mode) && ::unlink(path.c_str()) == 0;
}

}  // namespace

Result<int> listen_at_path(const std::string& path) {
  if (!remove_socket(path)) return fail(path + ": is in the way; remove it");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(words_of(path, errno));
  // The file that bind() makes gets the mode of the socket.
  const bool done =
      ::fchmod(fd, 0600) == 0 &&
      with_path(path, [fd](const sockaddr* at, socklen_t size) { return ::bind(fd, at, size); }) &&
      ::listen(fd, backlog) == 0;
  if (done) return fd;
  const auto why = words_of(path, errno);
  ::close(fd);
  return fail(why);
}

Result<int, NotConnected> connect_to_path(const std::string& path, std::chrono::milliseconds patience) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto ms = std::max<std::int64_t>(patience.count(), 1);  // 0 would wait forever
  const timeval limit{ms / 1'000, ms % 1'000 * 1'000};
  if (fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
      with_path(path, [fd](const sockaddr* at, socklen_t size) { return ::connect(fd, at, size); }))
    return fd;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (error == EAGAIN)
    return fail(NotConnected{error, path + ": the program that listens there stands still"});
  return fail(NotConnected{error, words_of(path, error)});
}

std::optional<std::uint32_t> user_of_peer(int fd) {
  int domain = AF_UNSPEC;
  ucred who{};
  socklen_t domain_size = sizeof domain, who_size = sizeof who;
  const bool known = ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) == 0 &&
                     domain == AF_UNIX && ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_size) == 0;
  return known ? std::optional<std::uint32_t>(who.uid) : std::nullopt;
}

}  // namespace sims::net
