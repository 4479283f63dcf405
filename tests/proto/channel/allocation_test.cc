// The server's hot path allocates nothing in steady state. This file replaces operator new to count, so the
// test does not run under sanitizers that replace it themselves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "proto/channel/handshake_pair.h"
#include "proto/channel/transport.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

namespace {
thread_local std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

using namespace sims;
using namespace sims::proto;

TEST_CASE("transport: forwarding a message allocates nothing in steady state") {
  constexpr Now now{0, 1'767'225'600'000};
  test::Side client_side(1, "alice"), server_side(2, "relay.example");
  const auto options = [](test::Side& side, Role role, std::optional<Id> peer) {
    HandshakeOptions out;
    out.role = role;
    out.identity = &side.key;
    out.name = side.name;
    out.suites = {&test::ecdhe()};
    out.peer = peer;
    return out;
  };
  Transport client(options(client_side, Role::initiator, server_side.id()), client_side.ephemerals);
  Transport server(options(server_side, Role::responder, std::nullopt), server_side.ephemerals);
  Scratch scratch;
  std::string to_server, to_client;
  client.start(to_server);
  const auto drain = [&](Transport& end, std::string& in, std::string& out) {
    ByteView input = bytes_of(in);
    for (;;) {
      auto event = end.poll(input, scratch, now, out);
      if (event.kind == Transport::Event::Kind::need_input) break;
      REQUIRE(event.kind == Transport::Event::Kind::work);
      event.work->run();
      end.complete(std::move(event.work), now, out);
    }
    in.clear();
  };
  while (!to_server.empty() || !to_client.empty()) {
    drain(server, to_server, to_client);
    drain(client, to_client, to_server);
  }
  REQUIRE(server.connected());

  ClientCom com;
  com.src = client_side.id();
  com.dst = server_side.id();
  com.ratchet.key.emplace();
  com.data = std::string(256, 'A');
  const std::string message = encode(com);
  std::size_t counted = 0;
  for (int i = 0; i < 90; ++i) {  // in one epoch, since a rotation makes new keys; buffers grow at first
    client.send(message, now, to_server);
    ByteView input = bytes_of(to_server);
    const std::size_t before = allocations;
    auto event = server.poll(input, scratch, now, to_client);
    bool forwarded = false;
    if (event.kind == Transport::Event::Kind::message) {
      scratch.text.assign(event.message);
      const auto root = scratch.tape.parse(scratch.text);
      forwarded = root && std::holds_alternative<Forwarded>(*decode_from_client(*root));
      server.send(event.message, now, to_client);
    }
    if (i >= 20) counted += allocations - before;
    CHECK(forwarded);
    to_server.clear();
    to_client.clear();
  }
  CHECK(counted == 0);
}

#endif
