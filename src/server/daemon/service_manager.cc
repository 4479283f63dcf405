// Connects to the socket that NOTIFY_SOCKET names, and sends states to it.
#include "server/daemon/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "os/log.h"

namespace sims::server {

namespace {

// Connects to a path, or to "@name" in the abstract namespace. -1: failed, see errno.
int connect_to(std::string_view name) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool known = name.starts_with('/') || name.starts_with('@');
  if (!known || name.size() >= sizeof to.sun_path) return errno = EINVAL, -1;
  name.copy(to.sun_path, name.size());
  if (name.front() == '@') to.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&to), size) == 0) return fd;
  const int why = errno;
  ::close(fd);
  return errno = why, -1;
}

}  // namespace

ServiceManager::ServiceManager() {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return;
  fd_ = connect_to(name);
  if (fd_ < 0) log::warning("event=service-manager-not-told error={} socket={}", errno, log::remote{name});
}

ServiceManager::~ServiceManager() {
  if (fd_ >= 0) ::close(fd_);
}

void ServiceManager::tell(std::string_view state) const {
  if (fd_ < 0) return;
  while (::send(fd_, state.data(), state.size(), MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

}  // namespace sims::server
