// Connects to the log's socket, and sends each line in RFC 3164's format.
#include "os/syslog.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sims::log {

namespace {

// RFC 3164's time, local: "Nov 28 18:44:05". Our programs stay in the C locale.
std::string time_stamp() {
  const time_t now = ::time(nullptr);
  struct tm local {};
  char text[32] = "";
  if (::localtime_r(&now, &local) != nullptr) ::strftime(text, sizeof text, "%b %e %T", &local);
  return text;
}

}  // namespace

Syslog::~Syslog() {
  if (fd_ >= 0) ::close(fd_);
}

bool Syslog::failed() {
  why_ = path_ + ": " + std::strerror(errno);
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  return false;
}

bool Syslog::connect(int type) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path_.size() >= sizeof to.sun_path) return errno = ENAMETOOLONG, failed();
  path_.copy(to.sun_path, path_.size());
  fd_ = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return failed();
  stream_ = type == SOCK_STREAM;
  return true;
}

bool Syslog::open(const std::string& path) {
  path_ = path;
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  ::tzset();
  return connect(SOCK_DGRAM) || (errno == EPROTOTYPE && connect(SOCK_STREAM));
}

Syslog::Sent Syslog::send_once(const std::string& message) {
  if (fd_ < 0) return Sent::gone;
  const std::size_t size = message.size() + (stream_ ? 1 : 0);
  ssize_t n;
  do
    n = ::send(fd_, message.c_str(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n == static_cast<ssize_t>(size)) return Sent::yes;
  if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) return Sent::full;
  if (n >= 0) errno = EMSGSIZE;  // half a line: reconnect, since the next one would be glued to it
  failed();
  return Sent::gone;
}

Syslog::Sent Syslog::send(int level, std::string_view program, std::string_view line) {
  const auto message =
      fmt::format("<{}>{} {}[{}]: {}", LOG_DAEMON | level, time_stamp(), program, ::getpid(), line);
  auto sent = send_once(message);
  if (sent != Sent::gone) return sent;
  const auto first = why_;
  if (open(path_)) return send_once(message);
  if (!first.empty()) why_ = first;
  return Sent::gone;
}

}  // namespace sims::log
