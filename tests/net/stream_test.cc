// Streams and listeners over real sockets: order, ends, resets, lifetimes, lack of descriptors.
#include "net/stream.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <thread>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "net/connector.h"
#include "net/listener.h"
#include "net_support.h"

using namespace sims;
using namespace sims::net;
using sims::test::Pair;
using sims::test::run;

namespace {

// Bytes that differ everywhere, so that a lost or doubled piece shows.
std::string pattern(std::size_t size) {
  std::string s(size, '\0');
  std::uint32_t x = 1;
  for (auto& c : s)
    c = static_cast<char>((x = x * 1'664'525 + 1'013'904'223) >> 24);
  return s;
}

// A plain blocking socket: a peer that does exactly what a test says.
struct RawPeer {
  explicit RawPeer(std::uint16_t port) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  }
  ~RawPeer() { end(); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;
  void end() {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }
  void reset() {
    linger on{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &on, sizeof on);
    end();
  }
  int fd;
};

}  // namespace

TEST_CASE("written bytes arrive, both ways, and the address is exact") {
  Loop loop;
  Pair p(loop);
  CHECK(p.server->peer_address() == "127.0.0.1");
  CHECK(p.client->peer_address() == "127.0.0.1");
  std::string at_client;
  p.server->set_callbacks({[&](ByteView b) { p.server->write(std::string(text_of(b))); }, {}, {}});
  p.client->set_callbacks({[&](ByteView b) {
                             at_client += text_of(b);
                             if (at_client == "hello") loop.stop();
                           },
                           {},
                           {}});
  p.server->start();
  p.client->start();
  p.client->write("hel");
  p.client->write("lo");
  CHECK(p.client->queued() == 0);  // small things leave at once
  run(loop);
  CHECK(at_client == "hello");
}

TEST_CASE("bytes that the kernel does not take are queued in order, and on_drain follows") {
  Loop loop;
  Pair p(loop);
  const std::string sent = pattern(20'000'000);
  std::string got;
  int drained = 0, reads_over = 0;
  p.client->set_callbacks({{}, {}, [&] {
                             ++drained;
                             CHECK(p.client->queued() == 0);
                           }});
  p.server->set_callbacks({[&](ByteView b) {
                             if (b.size() > 65'536) ++reads_over;
                             got += text_of(b);
                             if (got.size() == sent.size() + 4) loop.stop();
                           },
                           {},
                           {}});
  p.client->write(sent);
  std::size_t waiting = p.client->queued();
  CHECK(waiting > 0);
  CHECK(waiting < sent.size());
  p.client->write("tail");
  CHECK(p.client->queued() == waiting + 4);
  CHECK(drained == 0);
  p.server->start();
  run(loop);
  CHECK(got == sent + "tail");
  CHECK(drained == 1);
  CHECK(reads_over == 0);
}

TEST_CASE("finish() sends the queued bytes first, and both sides get on_end") {
  Loop loop;
  Pair p(loop);
  const std::string sent = pattern(8'000'000);
  std::string got;
  std::vector<std::string> ends;
  p.client->set_callbacks({{}, [&](const std::string& why) { ends.push_back("client:" + why); }, {}});
  p.server->set_callbacks({[&](ByteView b) { got += text_of(b); },
                           [&](const std::string& why) {
                             ends.push_back("server:" + why);
                             p.server.reset();
                           },
                           {}});
  p.server->start();
  p.client->write(sent);
  CHECK(p.client->queued() > 0);
  p.client->finish(10'000);
  p.client->write("too late");
  run(loop);
  CHECK(got == sent);
  CHECK(ends == std::vector<std::string>{"server:", "client:"});
}

TEST_CASE("finish() with unread input loses no bytes to a reset") {
  Loop loop;
  Pair p(loop);
  std::string got, server_end = "none";
  p.server->write(pattern(50'000));  // the client never reads this
  bool finished = false;
  p.client->set_callbacks({{}, [&](const std::string&) { finished = true; }, {}});
  p.server->set_callbacks({[&](ByteView b) { got += text_of(b); },
                           [&](const std::string& why) {
                             server_end = why;
                             p.server.reset();
                           },
                           {}});
  p.client->write("last word");
  p.client->finish(10'000);
  p.server->start();
  run(loop);
  CHECK(got == "last word");
  CHECK(server_end == "");
  CHECK(finished);
}

TEST_CASE("finish() gives up after its limit when the other side takes nothing") {
  Loop loop;
  Pair p(loop);
  std::string why = "none";
  p.client->set_callbacks({{}, [&](const std::string& reason) { why = reason; }, {}});
  p.client->write(pattern(20'000'000));
  p.client->finish(50);
  run(loop);
  CHECK(why == "timed out");
}

TEST_CASE("after the other side's orderly end one can still write and finish") {
  Loop loop;
  Pair p(loop);
  std::string got;
  int client_ends = 0, server_ends = 0;
  p.client->set_callbacks({[&](ByteView b) { got += text_of(b); },
                           [&](const std::string& why) {
                             CHECK(why == "");
                             ++client_ends;
                           },
                           {}});
  p.server->set_callbacks({{},
                           [&](const std::string& why) {
                             CHECK(why == "");
                             ++server_ends;
                             p.server->write("an answer");
                             p.server->finish(10'000);
                           },
                           {}});
  p.server->start();
  p.client->start();
  p.client->finish(10'000);
  run(loop);
  CHECK(got == "");  // the client has called finish(), so its input is dropped
  CHECK(client_ends == 1);
  CHECK(server_ends == 1);
}

TEST_CASE("half close: a peer that only shut down its side still gets the answer") {
  Loop loop;
  std::unique_ptr<Stream> stream;
  auto listener = Listener::listen(loop, {"127.0.0.1", 0}, [&](std::unique_ptr<Stream> s) {
                    stream = std::move(s);
                    stream->set_callbacks({{},
                                           [&](const std::string& why) {
                                             CHECK(why == "");
                                             stream->write("answer");
                                             stream->finish(5'000);
                                             loop.stop();
                                           },
                                           {}});
                    stream->start();
                  }).value();
  RawPeer peer(listener->bound().port);
  ::shutdown(peer.fd, SHUT_WR);
  run(loop);
  char buffer[16];
  CHECK(std::string(buffer, static_cast<std::size_t>(::recv(peer.fd, buffer, sizeof buffer, MSG_WAITALL))) ==
        "answer");
}

TEST_CASE("a reset calls on_end once with a reason, also while bytes are queued") {
  Loop loop;
  std::unique_ptr<Stream> stream;
  std::vector<std::string> ends;
  std::unique_ptr<RawPeer> peer;
  auto listener = Listener::listen(loop, {"127.0.0.1", 0}, [&](std::unique_ptr<Stream> s) {
                    stream = std::move(s);
                    stream->set_callbacks({{},
                                           [&](const std::string& why) {
                                             ends.push_back(why);
                                             stream->write("nobody hears this");
                                           },
                                           {}});
                    stream->start();
                    stream->write(pattern(20'000'000));
                    peer->reset();
                  }).value();
  peer = std::make_unique<RawPeer>(listener->bound().port);
  Timer enough(loop, [&] { loop.stop(); });
  enough.start(200);
  run(loop);
  REQUIRE(ends.size() == 1);
  CHECK((ends[0] == "connection reset by peer" || ends[0] == "broken pipe"));
}

TEST_CASE("close() silences everything at once") {
  Loop loop;
  Pair p(loop);
  int called = 0;
  p.client->set_callbacks(
      {[&](ByteView) { ++called; }, [&](const std::string&) { ++called; }, [&] { ++called; }});
  p.client->start();
  p.client->write(pattern(20'000'000));
  p.server->write("x");
  p.client->close();
  p.client->write("y");
  p.client->finish(1);
  run(loop);
  CHECK(called == 0);
}

TEST_CASE("the owner may die inside each of its callbacks") {
  Loop loop;
  Pair p(loop);
  p.server->start();
  SUBCASE("on_read") {
    p.client->set_callbacks(
        {[&](ByteView) { p.client.reset(); }, [&](const std::string&) { FAIL("told"); }, {}});
    p.client->start();
    p.server->write("a");
    p.server->write("b");
  }
  SUBCASE("on_end") {
    p.client->set_callbacks({{}, [&](const std::string&) { p.client.reset(); }, {}});
    p.client->start();
    p.server.reset();
  }
  SUBCASE("on_end after finish") {
    p.client->set_callbacks({{}, [&](const std::string&) { p.client.reset(); }, {}});
    p.client->finish(50);
  }
  SUBCASE("on_drain") {
    p.server->set_callbacks({[](ByteView) {}, {}, {}});
    p.client->set_callbacks({{}, [&](const std::string&) { FAIL("told"); }, [&] { p.client.reset(); }});
    p.client->write(pattern(20'000'000));
  }
  Timer end(loop, [&] { p.server.reset(); });
  end.start(300);
  run(loop);
  CHECK_FALSE(p.client);
}

TEST_CASE("a listener may be destroyed inside its callback, and accepts IPv6, but no name") {
  Loop loop;
  CHECK_FALSE(Listener::listen(loop, {"localhost", 0}, [](std::unique_ptr<Stream>) {}).has_value());
  for (const char* host : {"127.0.0.1", "::1"}) {
    CAPTURE(host);
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Stream> accepted, connected;
    auto made = Listener::listen(loop, {host, 0}, [&](std::unique_ptr<Stream> s) {
      accepted = std::move(s);
      listener.reset();
    });
    if (!made && std::string(host) != "127.0.0.1") {  // a machine without IPv6
      MESSAGE("left out: " << made.error());
      continue;
    }
    REQUIRE(made.has_value());
    listener = std::move(*made);
    CHECK(listener->bound().port != 0);
    Connector connector(loop, listener->bound(), [&](Result<std::unique_ptr<Stream>> s) {
      REQUIRE(s.has_value());
      connected = std::move(*s);
    });
    run(loop);
    REQUIRE(accepted);
    REQUIRE(connected);
    if (std::string(host) == "::1") CHECK(accepted->peer_address() == "::1");
    CHECK_FALSE(listener);
  }
}

TEST_CASE("two listeners on one port: the second is refused in words; afterwards the port is free again") {
  Loop loop;
  auto first = Listener::listen(loop, {"127.0.0.1", 0}, [](std::unique_ptr<Stream>) {}).value();
  Endpoint at = first->bound();
  auto second = Listener::listen(loop, at, [](std::unique_ptr<Stream>) {});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error() == "cannot listen on " + at.str() + ": Address already in use");
  first.reset();
  CHECK(Listener::listen(loop, at, [](std::unique_ptr<Stream>) {}).has_value());
  run(loop);
}

TEST_CASE("IPv4 and IPv6 can listen on the same port") {
  Loop loop;
  auto six = Listener::listen(loop, {"::", 0}, [](std::unique_ptr<Stream>) {});
  if (!six) return;  // a machine without IPv6
  CHECK(
      Listener::listen(loop, {"0.0.0.0", (*six)->bound().port}, [](std::unique_ptr<Stream>) {}).has_value());
}

TEST_CASE("adopt() takes over a listening socket and refuses another descriptor") {
  Loop loop;
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  CHECK_FALSE(Listener::adopt(loop, fd, [](std::unique_ptr<Stream>) {}).has_value());
  CHECK_FALSE(Listener::adopt(loop, 9'999, [](std::unique_ptr<Stream>) {}).has_value());
  REQUIRE(::listen(fd, 8) == 0);
  std::unique_ptr<Stream> accepted;
  auto listener = Listener::adopt(loop, fd, [&](std::unique_ptr<Stream> s) {
                    accepted = std::move(s);
                    loop.stop();
                  }).value();
  RawPeer peer(listener->bound().port);
  run(loop);
  CHECK(accepted);
}

TEST_CASE("a refused connection and an unknown host give errors in words") {
  Loop loop;
  std::uint16_t port =
      Listener::listen(loop, {"127.0.0.1", 0}, [](std::unique_ptr<Stream>) {}).value()->bound().port;
  std::string refused, unknown;
  std::unique_ptr<Connector> first;
  first =
      std::make_unique<Connector>(loop, Endpoint{"127.0.0.1", port}, [&](Result<std::unique_ptr<Stream>> s) {
        refused = s.has_value() ? "connected" : s.error();
        first.reset();  // the owner may die inside
      });
  Connector second(loop, Endpoint{"no-such-host.invalid", 1}, [&](Result<std::unique_ptr<Stream>> s) {
    unknown = s.has_value() ? "connected" : s.error();
  });
  run(loop);
  CHECK(refused == "connection refused (127.0.0.1:" + std::to_string(port) + ")");
  CHECK(unknown.find("no-such-host.invalid") != unknown.npos);
}

TEST_CASE("a connector destroyed early calls nothing") {
  Loop loop;
  auto listener = Listener::listen(loop, {"127.0.0.1", 0}, [](std::unique_ptr<Stream>) {}).value();
  bool called = false;
  SUBCASE("at once") {
    Connector c(loop, listener->bound(), [&](Result<std::unique_ptr<Stream>>) { called = true; });
  }
  SUBCASE("with the loop") {
    Loop other;
    Connector c(other, listener->bound(), [&](Result<std::unique_ptr<Stream>>) { called = true; });
  }
  listener.reset();
  run(loop);
  CHECK_FALSE(called);
}

TEST_CASE("without descriptors accepting pauses, without spinning, and resumes when some are free") {
  Loop loop;
  std::vector<std::unique_ptr<Stream>> accepted;
  auto listener = Listener::listen(loop, {"127.0.0.1", 0}, [&](std::unique_ptr<Stream> s) {
                    accepted.push_back(std::move(s));
                    if (accepted.size() == 3) loop.stop();
                  }).value();
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 3; ++i)
    peers.push_back(std::make_unique<RawPeer>(listener->bound().port));

  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  int lowest_free = ::dup(0);
  ::close(lowest_free);
  rlimit none{static_cast<rlim_t>(lowest_free), before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  std::size_t turns = 0, during = 99;
  Timer relieve(loop, [&] {
    during = accepted.size();
    ::setrlimit(RLIMIT_NOFILE, &before);
  });
  relieve.start(250);
  Timer tick(loop, [&] { ++turns; });
  tick.start(10, 10);
  auto cpu = [] { return std::clock() * 1'000 / CLOCKS_PER_SEC; };
  auto cpu_before = cpu();
  run(loop);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(during == 0);
  CHECK(turns > 5);  // the loop went on meanwhile
  CHECK(cpu() - cpu_before < 150);
  CHECK(accepted.size() == 3);
}

TEST_CASE("37: one read a turn of at most the set size, however much there is to read") {
  Loop loop;
  std::unique_ptr<Stream> stream;
  std::vector<std::size_t> reads;
  std::size_t in_turn = 0, max_in_turn = 0, all = 0;
  auto listener = Listener::listen(loop, {"127.0.0.1", 0}, [&](std::unique_ptr<Stream> s) {
                    stream = std::move(s);
                    Stream::Callbacks on;
                    on.on_read = [&](ByteView bytes) {
                      reads.push_back(bytes.size());
                      all += bytes.size();
                      if (++in_turn == 1) loop.at_turn_end([&] { in_turn = 0; });
                      max_in_turn = std::max(max_in_turn, in_turn);
                      stream->set_read_size(4'096);
                      if (all == 200'000) loop.stop();
                    };
                    stream->set_callbacks(std::move(on));
                    stream->start();
                  }).value();
  RawPeer peer(listener->bound().port);
  std::thread sender([&] {
    const std::string text(200'000, 'x');
    for (std::size_t sent = 0; sent < text.size();) {
      const auto size = ::send(peer.fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) return;
      sent += static_cast<std::size_t>(size);
    }
  });
  run(loop);
  sender.join();
  CHECK(all == 200'000);
  CHECK(max_in_turn == 1);
  CHECK(reads.front() <= 65'536);
  CHECK(*std::max_element(reads.begin() + 1, reads.end()) == 4'096);
}

TEST_CASE("44: when a stream closes its descriptor, the next caller is accepted at once") {
  Loop loop;
  std::vector<std::unique_ptr<Stream>> accepted;
  std::size_t in = 0;
  auto listener = Listener::listen(loop, {"127.0.0.1", 0}, [&](std::unique_ptr<Stream> s) {
                    ++in;
                    accepted.push_back(std::move(s));
                  }).value();
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 3; ++i)
    peers.push_back(std::make_unique<RawPeer>(listener->bound().port));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  int lowest_free = ::dup(0);
  ::close(lowest_free);
  rlimit one{static_cast<rlim_t>(lowest_free + 1), before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &one) == 0);
  // A few turns, which take far less time than the pause.
  int turns = 0;
  std::vector<std::size_t> seen;
  std::function<void()> turn = [&] {
    if (++turns % 5 == 0) {
      seen.push_back(in);
      if (seen.size() == 3) return loop.stop();
      accepted.clear();
    }
    loop.post(turn);
  };
  loop.post(turn);
  run(loop);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(seen == std::vector<std::size_t>{1, 2, 3});
}
