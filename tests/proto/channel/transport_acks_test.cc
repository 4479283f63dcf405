// Transport: the cumulative ack of a hop (sims-protocol(7) section 4).
#include <algorithm>

#include "proto/channel/transport_pair.h"

using namespace sims;
using namespace sims::proto;
using test::Link;
using test::now;

namespace {

// A link whose client has sent `n` messages, which the server has read.
struct Heard : Link {
  explicit Heard(int n) {
    connect();
    for (int i = 0; i < n; ++i)
      hear();
  }
  void hear() {
    client.transport.send(R"({"type":"ping"})", now, client.out);
    server.feed(client.take());
  }
  void flush() { server.transport.flush_ack(now, server.out); }
  // The ids of the acks that the client got since the last call; an error's code in its place.
  std::vector<std::string> said() {
    client.feed(server.take());
    std::vector<std::string> out;
    for (const auto& m : std::exchange(client.messages, {}))
      out.push_back(m.starts_with(R"({"type":"ack")")
                        ? m.substr(m.rfind(':') + 1, m.size() - m.rfind(':') - 2)
                        : test::field_of(m, "code"));
    return out;
  }
};
using Said = std::vector<std::string>;

std::string code_of(const std::string& out) {
  return test::field_of(out, "code");
}

}  // namespace

TEST_CASE("transport: one cumulative ack for all messages that are owed one") {
  Link link;
  link.connect();
  link.server.transport.flush_ack(now, link.server.out);
  CHECK(link.server.out.empty());
  link.server.transport.owe_ack();  // nothing was received, so there is no number to ack
  link.server.transport.flush_ack(now, link.server.out);
  CHECK(link.server.out.empty());
  for (int i = 0; i < 3; ++i)
    link.client.transport.send("{\"type\":\"ping\"}", now, link.client.out);
  link.server.feed(link.client.take());
  for (int i = 0; i < 3; ++i)
    link.server.transport.owe_ack();
  link.server.transport.flush_ack(now, link.server.out);
  link.server.transport.flush_ack(now, link.server.out);
  link.client.feed(link.server.take());
  CHECK(link.client.messages == std::vector<std::string>{R"({"type":"ack","name":"relay.example","id":2})"});
}

TEST_CASE("transport: accepted messages are acked before the final error, the wrong one is not") {
  for (const bool known : {true, false}) {
    CAPTURE(known);
    Link link;
    link.connect();
    for (int i = 0; i < 2; ++i) {
      link.client.transport.send("{\"type\":\"ping\"}", now, link.client.out);
      link.server.feed(link.client.take());
      link.server.transport.owe_ack();
    }
    if (known)
      link.server.transport.fail(ErrorCode::bad_message, "no", 1, now, link.server.out);  // that ping
    else
      link.server.feed("garbage\n");  // not a message
    link.client.feed(link.server.take());
    REQUIRE(link.client.messages.size() == 2);
    CHECK(link.client.messages[0] == (known ? R"({"type":"ack","name":"relay.example","id":0})"
                                            : R"({"type":"ack","name":"relay.example","id":1})"));
    CHECK(code_of(link.client.messages[1]) == (known ? "bad-message" : "bad-frame"));
    CHECK(link.server.transport.closed());
  }
}

TEST_CASE("transport: an ack goes up to the first held message and covers it once it is settled") {
  Heard link(3);
  auto& server = link.server.transport;
  server.owe_ack();
  link.hear();
  CHECK(server.hold_ack() == 3);
  CHECK(server.owes_ack());
  link.flush();
  CHECK(link.said() == Said{"2"});
  link.hear();
  server.owe_ack();
  CHECK_FALSE(server.owes_ack());
  link.flush();
  CHECK(link.said().empty());
  CHECK_FALSE(server.held_before(3));
  CHECK(server.held_before(4));
  server.settle(3);
  CHECK_FALSE(server.held_before(4));
  CHECK(server.owes_ack());
  link.flush();
  link.flush();
  CHECK(link.said() == Said{"4"});
  link.hear();
  server.owe_ack();
  link.flush();
  CHECK(link.said() == Said{"5"});
}

TEST_CASE("transport: a held message is not acked again what was acked before it") {
  Heard link(2);
  auto& server = link.server.transport;
  server.owe_ack();
  link.flush();
  CHECK(link.said() == Said{"1"});
  link.hear();
  server.hold_ack();
  CHECK_FALSE(server.owes_ack());
  link.flush();
  CHECK(link.said().empty());
  server.settle(2);
  link.flush();
  CHECK(link.said() == Said{"2"});
}

TEST_CASE("transport: held messages are settled in any order, and acked in theirs") {
  Heard link(0);
  auto& server = link.server.transport;
  for (int i = 0; i < 5; ++i) {
    link.hear();
    i == 2 ? server.owe_ack() : void(server.hold_ack());
  }
  const auto settle = [&](std::uint64_t seq) {
    server.settle(seq);
    link.flush();
    return link.said();
  };
  CHECK(settle(3).empty());
  CHECK(settle(1).empty());
  CHECK(settle(0) == Said{"3"});
  CHECK(server.held_before(5));
  CHECK(settle(4) == Said{"4"});
  CHECK_FALSE(server.held_before(5));
}

TEST_CASE("transport: no end of a connection acks a held message") {
  for (const bool by_us : {true, false}) {
    CAPTURE(by_us);
    Heard link(1);
    auto& server = link.server.transport;
    server.owe_ack();
    for (int i = 0; i < 3; ++i) {
      link.hear();
      i == 0 ? void(server.hold_ack()) : server.owe_ack();
    }
    if (by_us)
      server.fail(ErrorCode::bad_message, "no", 3, now, link.server.out);
    else
      link.server.feed("garbage\n");
    CHECK(link.said() == Said{"0", by_us ? "bad-message" : "bad-frame"});
    CHECK(server.closed());
    server.settle(1);
    CHECK_FALSE(server.owes_ack());
    CHECK_FALSE(server.held_before(9));
  }
}

TEST_CASE("transport: messages held and settled at random give acks that grow") {
  Heard link(0);
  test::FixedRng rng(7);
  auto& server = link.server.transport;
  std::vector<std::uint64_t> open;
  std::uint64_t seq = 0, acked = 0;
  for (int round = 0; round < 2'000; ++round) {
    link.hear();
    rng.pick(2) == 0 ? server.owe_ack() : open.push_back(server.hold_ack());
    ++seq;
    while (!open.empty() && rng.pick(2) == 0) {
      std::swap(open[rng.pick(open.size())], open.back());
      server.settle(open.back());
      open.pop_back();
    }
    link.flush();
    const auto first = open.empty() ? seq : *std::min_element(open.begin(), open.end());
    const auto said = link.said();
    REQUIRE(said.size() <= 1);
    if (first > acked) {
      REQUIRE(said.size() == 1);
      REQUIRE(std::stoull(said[0]) == first - 1);
      acked = first;
    } else {
      REQUIRE(said.empty());
    }
  }
}
