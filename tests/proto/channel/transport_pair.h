// Two Transports, a client's and a server's, that talk over strings.
#pragma once

#include <doctest/doctest.h>

#include "proto/channel/handshake_pair.h"
#include "proto/channel/transport.h"
#include "proto/wire/encode.h"

namespace sims::test {

inline constexpr Now now{1'000, 1'767'225'600'000};

// One end, which records all of its output.
struct End {
  End(Side& side, proto::Role role, std::optional<proto::Id> peer,
      crypto::SuiteList suites = crypto::default_suites())
      : transport(options(side, role, peer, std::move(suites)), side.ephemerals) {
    if (role == proto::Role::initiator) transport.start(out);
  }
  static proto::HandshakeOptions options(Side& side, proto::Role role, std::optional<proto::Id> peer,
                                         crypto::SuiteList suites) {
    proto::HandshakeOptions o;
    o.role = role;
    o.identity = &side.key;
    o.name = side.name;
    o.suites = std::move(suites);
    o.peer = peer;
    return o;
  }

  // Polls until nothing is left. Runs and completes work at once unless `hold_work`.
  void feed(std::string_view bytes) {
    using Kind = proto::Transport::Event::Kind;
    ByteView input = bytes_of(bytes);
    for (;;) {
      auto event = transport.poll(input, scratch, now, out);
      if (event.kind == Kind::message) messages.emplace_back(event.message);
      if (event.kind == Kind::failed) failures.push_back(event.failure);
      if (event.kind == Kind::work) {
        if (hold_work) {
          work = std::move(event.work);
          continue;
        }
        event.work->run();
        const auto done = transport.complete(std::move(event.work), now, out);
        if (done.kind == Kind::failed) failures.push_back(done.failure);
        continue;
      }
      if (event.kind == Kind::need_input) break;
    }
    CHECK(input.empty());
  }
  std::string take() { return std::exchange(out, {}); }

  proto::Transport transport;
  proto::Scratch scratch;
  std::string out;
  std::vector<std::string> messages;
  std::vector<proto::HandshakeFailure> failures;
  bool hold_work = false;
  std::unique_ptr<proto::HandshakeWork> work;
};

struct Link {
  explicit Link(crypto::SuiteList suites = {&ecdhe()})
      : client_side(1, "alice"),
        server_side(1'001, "relay.example"),
        client(client_side, proto::Role::initiator, server_side.id(), suites),
        server(server_side, proto::Role::responder, std::nullopt, suites) {}

  void pump() {
    while (!client.out.empty() || !server.out.empty()) {
      server.feed(client.take());
      client.feed(server.take());
    }
  }
  void connect() {
    pump();
    REQUIRE(client.transport.connected());
    REQUIRE(server.transport.connected());
  }

  Side client_side, server_side;
  End client, server;
};

}  // namespace sims::test
