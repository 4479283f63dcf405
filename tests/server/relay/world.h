// A Relay, a network of strings and clients that speak the protocol through proto::Transport: no
// socket, no thread, and a clock that the test moves.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <map>

#include "proto/wire/decode.h"
#include "server/relay/held_mailbox.h"
#include "server/relay/relay.h"
#include "support/fixed_rng.h"

namespace sims::test {

using server::ConnId;

struct Wire : server::Actions {
  struct Line {
    std::string to_client;  // written and not yet read by the client
    std::size_t writes = 0;
    std::size_t stuck = 0;  // what queued() says: the client does not read
    bool closed = false, flushed = false, read_little = false;
  };
  std::map<ConnId, Line> lines;
  std::deque<std::pair<ConnId, std::unique_ptr<server::LoginWork>>> work;
  std::vector<std::string> logged;

  std::size_t write(ConnId id, std::string_view bytes) override {
    auto& line = lines[id];
    REQUIRE(!line.closed);
    if (line.stuck > 0) line.stuck += bytes.size();
    line.to_client += bytes;
    ++line.writes;
    return line.stuck;
  }
  std::size_t queued(ConnId id) const override {
    const auto at = lines.find(id);
    return at == lines.end() ? 0 : at->second.stuck;
  }
  void close(ConnId id, bool flush) override {
    auto& line = lines[id];
    REQUIRE(!line.closed);
    line.closed = true;
    line.flushed = flush;
  }
  void read_little(ConnId id, bool on) override { lines[id].read_little = on; }
  void start_work(ConnId id, std::unique_ptr<server::LoginWork> w) override {
    work.emplace_back(id, std::move(w));
  }
  void log(log::Level, std::string line) override { logged.push_back(std::move(line)); }
};

inline Bytes seed_bytes(std::uint32_t seed) {
  Bytes out(32, static_cast<std::uint8_t>(seed));
  out[0] ^= static_cast<std::uint8_t>(seed >> 8);
  return out;
}

struct Client {
  Client(ConnId number, std::string given_name, std::uint32_t seed, const crypto::Suite* suite,
         crypto::EphemeralSource& source)
      : conn(number),
        name(std::move(given_name)),
        key(crypto::SigningKey::from_seed(seed_bytes(seed))),
        transport(options(suite), source) {
    transport.start(to_server);
  }
  proto::HandshakeOptions options(const crypto::Suite* suite) {
    proto::HandshakeOptions o;
    o.identity = &key;
    o.name = name;
    o.suites = {suite};
    o.accept_unknown = true;
    return o;
  }
  proto::Id id() const { return proto::Id::of(key.public_key()); }
  std::string src_dst(const Client& to) const {
    return R"("src":")" + id().str() + R"(","dst":")" + to.id().str() + '"';
  }
  // A forwarded message as the vectors have it; the content is between the clients.
  std::string disconnect_message(const Client& to, std::string_view reason) const {
    return R"({"type":"client-disconnect",)" + src_dst(to) + R"(,"data":{"reason":")" + std::string(reason) +
           R"("},"verification":")" + std::string(43, 'A') + "=\"}";
  }
  void send(std::string_view plaintext, Now now) { transport.send(plaintext, now, to_server); }
  // The next message from the server of this type ("" when there is none).
  std::string take(std::string_view type) {
    const auto mark = R"({"type":")" + std::string(type) + '"';
    for (auto at = messages.begin(); at != messages.end(); ++at) {
      if (!at->starts_with(mark)) continue;
      auto found = std::move(*at);
      messages.erase(at);
      return found;
    }
    return {};
  }

  ConnId conn;
  std::string name;
  crypto::SigningKey key;
  proto::Transport transport;
  std::string to_server;
  std::vector<std::string> messages;  // from the server, without acks and the states of prekeys
  std::vector<std::string> statuses;  // `prekeys` from the server
  std::vector<std::uint64_t> acks;    // their ids
  std::vector<std::string> in_order;  // from the server, with acks
  std::optional<proto::HandshakeFailure> failure;
};

inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// For tests in which many come from one address.
inline server::Policy roomy() {
  server::Policy policy;
  policy.limits.exempt.push_back(*server::AddressRange::parse("192.0.2.0/24"));
  return policy;
}

class World {
 public:
  explicit World(server::Policy p = {}) : policy(std::move(p)), mail(policy.limits.mail) { start(); }
  void start() {
    relay = std::make_unique<server::Relay>(server::RelayOptions{&server_key, "relay.example", policy},
                                            accounts, mail, mail, ephemerals, wire);
  }
  // kill -9: every connection is gone, and `done` of the questions that wait at the mailbox were carried out.
  void restart(std::size_t done) {
    relay.reset();
    mail.crash(done);
    start();
  }

  // A connection that says nothing yet.
  ConnId connect(std::string_view address = "192.0.2.1") {
    relay->opened(++last_conn_, address, now);
    relay->turn_end(now);
    return last_conn_;
  }
  void bytes(ConnId conn, std::string_view text) {
    relay->received(conn, bytes_of(text), now);
    relay->turn_end(now);
    answer_mail();
  }
  // What the mailbox has answered, as after its `wake`.
  void answer_mail() {
    while (mail.ready()) {
      relay->mail_answers(now);
      relay->turn_end(now);
    }
  }
  void release_mail(std::size_t count = SIZE_MAX, std::size_t first = 0) {
    mail.release(count, first);
    answer_mail();
  }
  Client dial(const std::string& name, std::uint32_t seed,
              const crypto::Suite* suite = &crypto::all_suites()[0], std::string_view address = "192.0.2.1") {
    return Client(connect(address), name, seed, suite, ephemerals);
  }
  Client login(const std::string& name, std::uint32_t seed,
               const crypto::Suite* suite = &crypto::all_suites()[0],
               std::string_view address = "192.0.2.1") {
    Client c = dial(name, seed, suite, address);
    pump({&c});
    REQUIRE(c.transport.connected());
    return c;
  }

  void run_work() {
    while (!wire.work.empty()) {
      auto [conn, work] = std::move(wire.work.front());
      wire.work.pop_front();
      work->run();
      if (work->writes()) work->write();
      relay->work_done(conn, std::move(work), now);
      relay->turn_end(now);
      answer_mail();
    }
  }
  // Moves bytes both ways until nothing moves.
  void pump(std::initializer_list<Client*> clients) {
    for (bool moved = true; moved;) {
      moved = false;
      for (Client* c : clients) {
        if (!c->to_server.empty()) moved = true, bytes(c->conn, std::exchange(c->to_server, {}));
        run_work();
        auto& line = wire.lines[c->conn];
        if (!line.to_client.empty() && line.stuck == 0)
          moved = true, feed(*c, std::exchange(line.to_client, {}));
      }
    }
  }
  void feed(Client& c, const std::string& text) {
    using Kind = proto::Transport::Event::Kind;
    ByteView input = bytes_of(text);
    for (;;) {
      auto event = c.transport.poll(input, scratch_, now, c.to_server);
      if (event.kind == Kind::need_input) return;
      if (event.kind == Kind::work) {
        event.work->run();
        event = c.transport.complete(std::move(event.work), now, c.to_server);
      }
      if (event.kind == Kind::failed) c.failure = event.failure;
      if (event.kind == Kind::message) take(c, std::string(event.message));
    }
  }

  void pass(std::int64_t ms) {
    now.steady_ms += ms;
    now.unix_ms += ms;
    while (now.steady_ms >= relay->next_tick()) {
      relay->tick(now);
      relay->turn_end(now);
      answer_mail();
    }
  }
  const server::Stats& stats() {
    relay->refresh_gauges();
    return relay->stats();
  }
  bool closed(const Client& c) { return wire.lines[c.conn].closed; }

  server::Policy policy;
  Now now{1'000'000, 1'767'225'600'000};
  crypto::SigningKey server_key = crypto::SigningKey::from_seed(Bytes(32, 200));
  server::MemoryAccounts accounts;
  HeldMailbox mail;
  FixedEphemerals ephemerals;
  Wire wire;
  std::unique_ptr<server::Relay> relay;

 private:
  void take(Client& c, std::string message) {
    c.in_order.push_back(message);
    std::string copy = message;
    const auto root = tape_.parse(copy);
    REQUIRE(root);
    const auto decoded = proto::decode_from_server(*root);
    REQUIRE(decoded);
    if (const auto* ack = std::get_if<proto::Ack>(&*decoded))
      c.acks.push_back(ack->id);
    else if (std::holds_alternative<proto::PrekeysStatus>(*decoded))
      c.statuses.push_back(std::move(message));
    else
      c.messages.push_back(std::move(message));
  }

  ConnId last_conn_ = 0;
  proto::Scratch scratch_;
  proto::JsonTape tape_;
};

}  // namespace sims::test
