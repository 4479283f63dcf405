// Micro-benchmarks: the primitives, a login without a network, and the server's hop. `make bench`;
// BENCH=--help lists google-benchmark's options.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <map>

#include "crypto/fernet.h"
#include "crypto/sign.h"
#include "proto/message.h"
#include "proto/transport.h"
#include "server/core.h"

namespace {

using namespace sims;
using proto::Transport;
constexpr Now now{1'000, 1'767'225'600'000};

// --- primitives
// -------------------------------------------------------------------------------------------------------

void fernet_seal(benchmark::State& state) {
  crypto::Fernet fernet(Bytes(32, 1));
  const Bytes plaintext(static_cast<std::size_t>(state.range(0)), 'x');
  std::string token(crypto::Fernet::token_size(plaintext.size()), ' ');
  for (auto _ : state)
    fernet.seal(plaintext, 0, ByteArray<16>{}, token.data());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(fernet_seal)->Arg(128)->Arg(1024);

void fernet_open(benchmark::State& state) {
  crypto::Fernet fernet(Bytes(32, 1));
  const ByteArray<16> iv{};
  const auto token = fernet.seal(Bytes(static_cast<std::size_t>(state.range(0)), 'x'), 0, iv);
  Bytes out(crypto::Fernet::plaintext_max(token.size()));
  for (auto _ : state)
    benchmark::DoNotOptimize(fernet.open(token, &iv, out.data()));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(fernet_open)->Arg(128)->Arg(1024);

void ed25519_sign(benchmark::State& state) {
  const auto key = crypto::SigningKey::from_seed(Bytes(32, 1));
  const Bytes message(80, 2);
  for (auto _ : state)
    benchmark::DoNotOptimize(key.sign(message));
}
BENCHMARK(ed25519_sign);

void ed25519_verify(benchmark::State& state) {
  const auto key = crypto::SigningKey::from_seed(Bytes(32, 1));
  const Bytes message(80, 2);
  const auto signature = key.sign(message);
  for (auto _ : state)
    benchmark::DoNotOptimize(crypto::verify(key.public_key(), message, signature));
}
BENCHMARK(ed25519_verify);

void p384_generate(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(crypto::P384Key::generate(crypto::system_rng()));
}
BENCHMARK(p384_generate);

void p384_agree(benchmark::State& state) {
  const auto ours = crypto::P384Key::generate(crypto::system_rng());
  const auto theirs = crypto::P384Key::generate(crypto::system_rng());
  for (auto _ : state)
    benchmark::DoNotOptimize(ours.agree(theirs.public_point()));
}
BENCHMARK(p384_agree);

// --- a server in memory
// -----------------------------------------------------------------------------------------------

struct Wire : server::Actions {
  std::map<server::ConnId, std::string> to_client;
  server::Core* core = nullptr;
  std::vector<std::pair<server::ConnId, std::unique_ptr<server::LoginWork>>> work;

  void write(server::ConnId id, std::string bytes) override { to_client[id] += bytes; }
  std::size_t queued(server::ConnId) const override { return 0; }
  void close(server::ConnId, bool) override {}
  void start_work(server::ConnId id, std::unique_ptr<server::LoginWork> w) override {
    work.emplace_back(id, std::move(w));
  }
  void log(log::Level, std::string) override {}
};

struct Relay {
  crypto::SigningKey key = crypto::SigningKey::from_seed(Bytes(32, 200));
  server::MemoryAccounts accounts;
  Wire wire;
  server::Core core{{&key, "bench", {}}, accounts, crypto::fresh_ephemerals(), wire};
  proto::Scratch scratch;

  void receive(server::ConnId id, std::string_view bytes) {
    core.received(id, bytes_of(bytes), now);
    for (auto& [conn, work] : std::exchange(wire.work, {})) {
      work->run();
      core.work_done(conn, std::move(work), now);
    }
    core.turn_end(now);
  }
};

struct Client {
  crypto::SigningKey key;
  Transport transport;
  std::string out;

  static Transport make(const crypto::SigningKey& key, const std::string& name) {
    proto::HandshakeOptions options;
    options.identity = &key;
    options.name = name;
    options.suites = {&crypto::all_suites()[0]};
    options.accept_unknown = true;
    return Transport(options, crypto::fresh_ephemerals());
  }
  Client(std::uint8_t seed, const std::string& name)
      : key(crypto::SigningKey::from_seed(Bytes(32, seed))), transport(make(key, name)) {}

  void login(Relay& relay, server::ConnId id) {
    relay.core.opened(id, "192.0.2.1", now);
    transport.start(out);
    while (!out.empty()) {
      relay.receive(id, std::exchange(out, {}));
      const std::string answer = std::exchange(relay.wire.to_client[id], {});
      ByteView input = bytes_of(answer);
      for (auto event = transport.poll(input, relay.scratch, now, out);
           event.kind == Transport::Event::Kind::work;
           event = transport.poll(input, relay.scratch, now, out)) {
        event.work->run();
        transport.complete(std::move(event.work), now, out);
      }
    }
    if (!transport.connected()) std::abort();
  }
};

// Both sides' work of one ECDHE login.
void login(benchmark::State& state) {
  Relay relay;
  for (server::ConnId id = 1; auto _ : state) {
    Client client(1, "alice");
    client.login(relay, id);
    relay.core.closed(id++, now);
  }
}
BENCHMARK(login)->Unit(benchmark::kMillisecond);

// From the sender's bytes to the receiver's: open, check, route, seal; among N who are online.
void server_hop(benchmark::State& state) {
  Relay relay;
  Client alice(1, "alice"), bob(2, "bob");
  alice.login(relay, 1);
  bob.login(relay, 2);
  std::vector<std::unique_ptr<Client>> others;
  for (std::int64_t i = 2; i < state.range(0); ++i) {
    // One identity would replace its own login: each has its own.
    others.push_back(std::make_unique<Client>(static_cast<std::uint8_t>(i + 1), "other" + std::to_string(i)));
    others.back()->login(relay, static_cast<server::ConnId>(i) + 1);
  }
  proto::ClientCom com;
  com.src = proto::Id::of(alice.key.public_key());
  com.dst = proto::Id::of(bob.key.public_key());
  com.ratchet.key.emplace();
  com.data = std::string(256, 'A');
  const std::string message = encode(com);
  constexpr int batch = 100;
  std::vector<std::string> frames(batch);
  for (auto _ : state) {
    state.PauseTiming();
    for (auto& frame : frames) {
      frame.clear();
      alice.transport.send(message, now, frame);
    }
    relay.wire.to_client[2].clear();
    state.ResumeTiming();
    for (const auto& frame : frames)
      relay.receive(1, frame);
    if (relay.wire.to_client[2].size() < batch * message.size()) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(server_hop)->Arg(2)->Arg(150);

}  // namespace

BENCHMARK_MAIN();
