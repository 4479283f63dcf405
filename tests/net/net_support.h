// A loop that cannot hang a test, and a connected pair of streams on loopback.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "net/connector.h"
#include "net/listener.h"
#include "net/stream.h"

namespace sims::test {

// Runs until stop() or nothing is left; SIGALRM ends a test program that hangs.
inline void run(net::Loop& loop) {
  ::alarm(20);
  loop.run();
  ::alarm(0);
}

struct Pair {
  explicit Pair(net::Loop& loop) {
    std::signal(SIGPIPE, SIG_IGN);  // as every main does
    listener = net::Listener::listen(loop, {"127.0.0.1", 0}, [this, &loop](std::unique_ptr<net::Stream> s) {
                 server = std::move(s);
                 if (client) loop.stop();
               }).value();
    connector = std::make_unique<net::Connector>(loop, listener->bound(),
                                                 [this, &loop](Result<std::unique_ptr<net::Stream>> s) {
                                                   REQUIRE(s.has_value());
                                                   client = std::move(*s);
                                                   if (server) loop.stop();
                                                 });
    run(loop);
    REQUIRE(server);
    REQUIRE(client);
    connector.reset();
    listener.reset();
  }
  std::unique_ptr<net::Listener> listener;
  std::unique_ptr<net::Connector> connector;
  std::unique_ptr<net::Stream> server, client;
};

}  // namespace sims::test
