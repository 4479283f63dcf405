// Connecting to names with several addresses (RFC 8305). For names in ".test" getaddrinfo() is the
// test's own.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/endpoint.h"
#include "net/connector.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net_support.h"

namespace {

std::map<std::string, std::vector<std::string>>& names() {
  static std::map<std::string, std::vector<std::string>> all;
  return all;
}

}  // namespace

// Each address is the C library's, which also frees the list.
extern "C" int getaddrinfo(const char* host, const char* port, const addrinfo* hints, addrinfo** found) {
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const auto name = host == nullptr ? names().end() : names().find(host);
  if (name == names().end()) return real(host, port, hints, found);
  *found = nullptr;
  for (addrinfo** end = found; const auto& address : name->second) {
    if (const int status = real(address.c_str(), port, hints, end); status != 0) return status;
    while (*end != nullptr)
      end = &(*end)->ai_next;
  }
  return 0;
}

namespace sims {
namespace {

using net::Connector;
using net::Listener;
using net::Loop;
using net::Stream;
using sims::Endpoint;
using test::run;

// A listening socket whose queue is full: the kernel drops connections, which wait.
class BlackHole {
 public:
  explicit BlackHole(const char* address, std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    REQUIRE(inet_pton(AF_INET, address, &at.sin_addr) == 1);
    const auto* plain = reinterpret_cast<const sockaddr*>(&at);
    for (auto& fd : fds_)
      fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    REQUIRE(bind(fds_[0], plain, sizeof at) == 0);
    REQUIRE(listen(fds_[0], 0) == 0);
    for (std::size_t i = 1; i < std::size(fds_); ++i)
      static_cast<void>(connect(fds_[i], plain, sizeof at));
    sockaddr_in there{};
    socklen_t size = sizeof there;
    REQUIRE(getpeername(fds_[std::size(fds_) - 1], reinterpret_cast<sockaddr*>(&there), &size) != 0);
  }
  ~BlackHole() {
    for (const int fd : fds_)
      close(fd);
  }
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

 private:
  int fds_[4];
};

struct Outcome {
  std::string peer, error;  // one of them
  std::int64_t ms = 0;
};

Outcome connect_to(const std::string& name, std::uint16_t port) {
  Outcome got;
  Loop loop;
  std::unique_ptr<Stream> stream;
  const auto began = read_clocks().steady_ms;
  Connector connector(loop, Endpoint{name, port}, [&](Result<std::unique_ptr<Stream>> opened) {
    got.ms = read_clocks().steady_ms - began;
    if (opened)
      stream = std::move(*opened), got.peer = stream->peer_address();
    else
      got.error = opened.error();
    loop.stop();
  });
  run(loop);
  return got;
}

std::size_t open_files() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// A port of 127.0.0.1 that is listened on while this lives.
struct Server {
  Loop loop;
  std::unique_ptr<Listener> listener =
      Listener::listen(loop, {"127.0.0.1", 0}, [](std::unique_ptr<Stream>) {}).value();
  std::uint16_t port = listener->bound().port;
};

std::uint16_t free_port() {
  return Server().port;
}

TEST_CASE("a first address that does not answer costs a quarter of a second, not its share of the limit") {
  Server server;
  const BlackHole hole("127.0.0.2", server.port);
  names()["first.test"] = {"127.0.0.2", "127.0.0.1"};
  const auto got = connect_to("first.test", server.port);
  CHECK(got.error == "");
  CHECK(got.peer == "127.0.0.1");
  CHECK(got.ms >= 245);   // it had its time
  CHECK(got.ms < 4'000);  // far from the 5 s that it was
}

TEST_CASE("the first that answers wins, and the others are closed") {
  Server server;
  const BlackHole one("127.0.0.2", server.port), two("127.0.0.3", server.port),
      three("127.0.0.4", server.port);
  names()["several.test"] = {"127.0.0.2", "127.0.0.3", "127.0.0.1", "127.0.0.4"};
  const auto before = open_files();
  Loop loop;
  std::unique_ptr<Stream> stream;
  Connector connector(loop, Endpoint{"several.test", server.port},
                      [&](Result<std::unique_ptr<Stream>> opened) {
                        REQUIRE(opened);
                        stream = std::move(*opened);
                      });
  run(loop);  // until nothing is under way any more
  REQUIRE(stream);
  CHECK(stream->peer_address() == "127.0.0.1");
  const auto with_one = open_files();
  stream.reset();
  CHECK(open_files() == with_one - 1);
  CHECK(before <= with_one - 1);
}

TEST_CASE("after a refusal the next address follows at once, and the error names all of them") {
  const auto port = free_port();
  names()["refused.test"] = {"127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.3", "127.0.0.4"};
  const auto at = ":" + std::to_string(port) + ")";
  const auto got = connect_to("refused.test", port);
  CHECK(got.error == "connection refused (127.0.0.1" + at + "; connection refused (127.0.0.2" + at +
                         "; connection refused (127.0.0.3" + at + "; connection refused (127.0.0.4" + at);
}

TEST_CASE("the time for all is bounded, and each address has its own reason") {
  Server server;
  const BlackHole hole("127.0.0.2", server.port);
  names()["bad.test"] = {"127.0.0.2", "127.0.0.3"};
  const auto at = ":" + std::to_string(server.port) + ")";
  const auto got = connect_to("bad.test", server.port);
  CHECK(got.error == "timed out (127.0.0.2" + at + "; connection refused (127.0.0.3" + at);
  CHECK(got.ms >= 9'990);
}

TEST_CASE("the families take turns") {
  const auto port = free_port();
  names()["both.test"] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"};
  const auto error = connect_to("both.test", port).error;
  std::vector<std::size_t> where;
  for (const char* address : {"(127.0.0.1:", "([::1]:", "(127.0.0.2:", "(127.0.0.3:"})
    where.push_back(error.find(address));
  CAPTURE(error);
  CHECK(std::is_sorted(where.begin(), where.end()));
  CHECK(where.back() != error.npos);
}

TEST_CASE("attack 65: of a name with 64 addresses eight are tried, of both families") {
  const auto port = free_port();
  auto& many = names()["many.test"];
  for (int i = 1; i <= 63; ++i)
    many.push_back("127.0.1." + std::to_string(i));
  many.push_back("::1");
  const auto error = connect_to("many.test", port).error;
  CAPTURE(error);
  CHECK(std::count(error.begin(), error.end(), '(') == 8);
  CHECK(error.find("([::1]:") != error.npos);
}

TEST_CASE("a connector destroyed during several attempts calls nothing and leaves nothing open") {
  Server server;
  const BlackHole one("127.0.0.2", server.port), two("127.0.0.3", server.port);
  names()["hanging.test"] = {"127.0.0.2", "127.0.0.3"};
  const auto before = open_files();
  bool called = false;
  {
    Loop loop;
    std::optional<Connector> connector;
    connector.emplace(loop, Endpoint{"hanging.test", server.port},
                      [&](Result<std::unique_ptr<Stream>>) { called = true; });
    net::Timer end(loop, [&] {
      connector.reset();
      loop.stop();
    });
    end.start(300);  // both have begun, most likely
    run(loop);
  }
  CHECK_FALSE(called);
  CHECK(open_files() == before);
}

}  // namespace
}  // namespace sims
