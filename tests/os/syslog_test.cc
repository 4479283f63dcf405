// The system log's socket: the format of a line, a log that does not read, one that goes away.
#include "os/syslog.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

using sims::log::Syslog;

namespace {

// A fake of the system log's daemon, at a path of its own; it reads when a test says so.
class Daemon {
 public:
  explicit Daemon(int type = SOCK_DGRAM) : type_(type) {
    REQUIRE(::mkdtemp(folder_.data()) != nullptr);
    path = folder_ + "/log";
    start();
  }
  ~Daemon() {
    stop();
    ::rmdir(folder_.c_str());
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start() {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    listening_ = ::socket(AF_UNIX, type_, 0);
    REQUIRE(::bind(listening_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    if (type_ == SOCK_STREAM) REQUIRE(::listen(listening_, 1) == 0);
  }
  void stop() {
    for (int* fd : {&listening_, &taken_})
      if (*fd >= 0) ::close(*fd), *fd = -1;
    ::unlink(path.c_str());
  }
  std::string read() {
    if (type_ == SOCK_STREAM && taken_ < 0) taken_ = ::accept(listening_, nullptr, nullptr);
    char text[2'048];
    const ssize_t n = ::recv(type_ == SOCK_STREAM ? taken_ : listening_, text, sizeof text, MSG_DONTWAIT);
    return n < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(n));
  }

  std::string path;

 private:
  int type_, listening_ = -1, taken_ = -1;
  std::string folder_ = "/tmp/sims-syslog-XXXXXX";
};

bool is_line(const std::string& got, const std::string& text) {
  return got.starts_with("<28>") && got.ends_with(" simsd[" + std::to_string(::getpid()) + "]: " + text);
}

TEST_CASE("syslog: a line has priority, time, program and process") {
  Daemon daemon;
  Syslog log;
  REQUIRE(log.open(daemon.path));
  CHECK(log.send(4, "simsd", "event=a") == Syslog::Sent::yes);
  const auto got = daemon.read();
  CAPTURE(got);
  CHECK(is_line(got, "event=a"));
  CHECK(got.size() ==
        std::string("<28>Nov 28 18:44:05 simsd[]: event=a").size() + std::to_string(::getpid()).size());
}

TEST_CASE("syslog: on a stream each line ends with a NUL") {
  Daemon daemon(SOCK_STREAM);
  Syslog log;
  REQUIRE(log.open(daemon.path));
  CHECK(log.send(4, "simsd", "event=a") == Syslog::Sent::yes);
  CHECK(is_line(daemon.read(), std::string("event=a\0", 8)));
}

TEST_CASE("40: syslog: a log that does not read blocks nobody") {
  Daemon daemon;
  Syslog log;
  REQUIRE(log.open(daemon.path));
  int sent = 0;
  while (sent < 100'000 && log.send(4, "simsd", "event=a") == Syslog::Sent::yes)
    ++sent;
  CHECK(log.send(4, "simsd", "event=a") == Syslog::Sent::full);
  CHECK(is_line(daemon.read(), "event=a"));
  CHECK(log.send(4, "simsd", "event=b") == Syslog::Sent::yes);
}

TEST_CASE("syslog: a log that went away is reported, and found again") {
  Daemon daemon;
  Syslog log;
  REQUIRE(log.open(daemon.path));
  daemon.stop();
  CHECK(log.send(4, "simsd", "event=a") == Syslog::Sent::gone);
  CHECK(log.why().starts_with(daemon.path + ": "));
  CHECK(log.send(4, "simsd", "event=b") == Syslog::Sent::gone);
  daemon.start();
  CHECK(log.send(4, "simsd", "event=c") == Syslog::Sent::yes);
  CHECK(is_line(daemon.read(), "event=c"));
}

TEST_CASE("syslog: none at the start") {
  Syslog log;
  CHECK_FALSE(log.open("/nonexistent/log"));
  CHECK(log.why() == "/nonexistent/log: No such file or directory");
  CHECK(log.send(4, "simsd", "event=a") == Syslog::Sent::gone);
}

}  // namespace
