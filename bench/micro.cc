// Micro-benchmarks: the primitives, the codecs, handshakes, the ratchet, letters, and the server's hop in
// memory. `make bench`; BENCH=--help lists google-benchmark's options.
#include <benchmark/benchmark.h>
#include <cryptopp/base64.h>

#include <chrono>
#include <cstdlib>
#include <map>

#include "base/base64.h"
#include "base/text.h"
#include "crypto/aes.h"
#include "crypto/fernet.h"
#include "crypto/kdf.h"
#include "crypto/sign.h"
#include "proto/channel/secure.h"
#include "proto/channel/transport.h"
#include "proto/mail/mail_receiver.h"
#include "proto/mail/mail_sender.h"
#include "proto/session/peer_session.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"
#include "server/mailbox/memory_mailbox.h"
#include "server/relay/presence.h"
#include "server/relay/relay.h"

namespace {

using namespace sims;
using proto::Transport;
constexpr Now now{1'000, 1'767'225'600'000};

// --- the hop's primitives ------------------------------------------------------------------------
//
// For one frame with a text of 100 bytes. `make bench` adds up the ones named "hop_part...": a
// relay that checks and re-seals every frame needs all of them. The naive_ ones are the slower code
// that was replaced.

constexpr std::size_t plaintext_size = 755;
constexpr std::size_t raw_size = 1 + 8 + 16 + 768 + 32;  // of its token: version, time, IV, whole blocks, MAC

std::string client_com() {
  proto::ClientCom com;
  com.src = proto::Id::of(crypto::SigningKey::from_seed(Bytes(32, 1)).public_key());
  com.dst = proto::Id::of(crypto::SigningKey::from_seed(Bytes(32, 2)).public_key());
  com.id = 1'000'000'000;
  com.ratchet.key.emplace();
  com.data = std::string(crypto::Fernet::token_size(256), 'A');
  return encode(com);
}

void hop_part_hmac(benchmark::State& state) {  // twice: of the frame received and the frame sent
  const crypto::HmacKey key(Bytes(16, 1));
  const Bytes data(raw_size - 32, 'x');
  for (auto _ : state)
    for (int i = 0; i < 2; ++i)
      benchmark::DoNotOptimize(key.mac({data}));
}
BENCHMARK(hop_part_hmac);

void naive_hmac(benchmark::State& state) {
  const Bytes data(raw_size - 32, 'x');
  for (auto _ : state)
    for (int i = 0; i < 2; ++i)
      benchmark::DoNotOptimize(crypto::hmac(Bytes(16, 1), {data}));
}
BENCHMARK(naive_hmac);

void hop_part_aes(benchmark::State& state) {  // both ways, and both IVs
  const Bytes key(16, 1);
  const ByteArray<16> iv{};
  const crypto::Aes128Key open(key), seal(key), open_iv(key), seal_iv(key);
  const Bytes data(plaintext_size, 'x');
  Bytes sealed(768), opened(768);
  seal.seal_cbc(iv, data, sealed.data());
  for (auto _ : state) {
    benchmark::DoNotOptimize(open_iv.encrypt_block(iv));
    open.open_cbc(iv, sealed, opened.data());
    benchmark::DoNotOptimize(seal_iv.encrypt_block(iv));
    seal.seal_cbc(iv, data, sealed.data());
  }
}
BENCHMARK(hop_part_aes);

void hop_part_base64(benchmark::State& state) {
  const auto text = base64_encode(Bytes(raw_size, 'x'), Base64::url);
  Bytes raw(base64_decoded_max(text.size()));
  std::string out = text;
  for (auto _ : state) {
    benchmark::DoNotOptimize(base64_decode(text, Base64::url, raw.data()));
    base64_encode(ByteView(raw).first(raw_size), Base64::url, out.data());
  }
}
BENCHMARK(hop_part_base64);

void naive_base64(benchmark::State& state) {
  const Bytes data(raw_size, 'x');
  const auto text = base64_encode(data, Base64::url);
  Bytes raw(raw_size);
  std::string out = text;
  for (auto _ : state) {
    CryptoPP::Base64URLDecoder decoder;
    decoder.Put(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    decoder.MessageEnd();
    benchmark::DoNotOptimize(decoder.Get(raw.data(), raw.size()));
    CryptoPP::Base64URLEncoder encoder;
    encoder.Put(raw.data(), raw.size());
    encoder.MessageEnd();
    benchmark::DoNotOptimize(encoder.Get(reinterpret_cast<std::uint8_t*>(out.data()), out.size()));
  }
}
BENCHMARK(naive_base64);

void hop_part_json(benchmark::State& state) {  // the message inside
  const auto message = client_com();
  proto::JsonTape tape;
  std::string copy;
  for (auto _ : state) {
    copy.assign(message);
    benchmark::DoNotOptimize(proto::decode_from_client(*tape.parse(copy)));
  }
}
BENCHMARK(hop_part_json);

// The same message by the fast path for our clients' own form, which the relay uses for most
// messages.
void fast_path(benchmark::State& state) {
  const auto message = client_com();
  for (auto _ : state)
    benchmark::DoNotOptimize(proto::fast_path_forwarded(message));
}
BENCHMARK(fast_path);

// --- codecs on the way ---------------------------------------------------------------------------

void secure_seal(benchmark::State& state) {
  proto::SecureSender sender{proto::SecureChainKey()};
  const auto message = client_com();
  std::string out;
  for (auto _ : state) {
    out.clear();
    sender.seal(message, 0, out);
  }
}
BENCHMARK(secure_seal);

// The frame as any JSON, and as the one form that SIMS's own sender writes.
void frame_as_json(benchmark::State& state) {
  proto::SecureSender sender{proto::SecureChainKey()};
  std::string frame, copy;
  sender.seal(client_com(), 0, frame);
  frame.pop_back();
  proto::JsonTape tape;
  for (auto _ : state) {
    copy.assign(frame);
    benchmark::DoNotOptimize(proto::decode_secure(*tape.parse(copy)));
  }
}
BENCHMARK(frame_as_json);

void utf8_check(benchmark::State& state) {
  const auto message = client_com();
  for (auto _ : state)
    benchmark::DoNotOptimize(utf8_valid(message));
}
BENCHMARK(utf8_check);

void id_lookup(benchmark::State& state) {
  server::Presence presence;
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    crypto::PublicKey key{};
    store_u64be(key.data(), static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15);
    const auto id = proto::Id::of(key);
    presence.add(id, "n" + std::to_string(i), 0, nullptr);
    ids.push_back(id.str());
  }
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(presence.find(*proto::Id::shaped(ids[i])));
    i = (i + 7'919) % ids.size();
  }
}
BENCHMARK(id_lookup)->Arg(100)->Arg(10'000);

// --- public keys ---------------------------------------------------------------------------------

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

// --- a server in memory --------------------------------------------------------------------------

struct Wire : server::Actions {
  std::map<server::ConnId, std::string> to_client;
  std::vector<std::pair<server::ConnId, std::unique_ptr<server::LoginWork>>> work;

  std::size_t write(server::ConnId id, std::string_view bytes) override {
    to_client[id] += bytes;
    return 0;
  }
  std::size_t queued(server::ConnId) const override { return 0; }
  void close(server::ConnId, bool) override {}
  void read_little(server::ConnId, bool) override {}
  void start_work(server::ConnId id, std::unique_ptr<server::LoginWork> w) override {
    work.emplace_back(id, std::move(w));
  }
  void log(log::Level, std::string) override {}
};

// An EphemeralSource of keys made ahead, which a benchmark's setup fills.
struct Ready : crypto::EphemeralSource {
  std::vector<crypto::P384Key> keys;
  crypto::Rng& rng() override { return crypto::system_rng(); }
  crypto::P384Key p384() override {
    if (keys.empty()) std::abort();
    auto key = std::move(keys.back());
    keys.pop_back();
    return key;
  }
  std::optional<crypto::RsaKey> rsa() override { return std::nullopt; }
};

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// Time stands still here, so budgets would never fill up again.
server::Policy without_budgets() {
  constexpr server::Rate plenty{1'000'000, 1'000'000'000'000};
  server::Policy policy;
  auto& limits = policy.limits;
  for (auto* rate : {&limits.handshakes, &limits.handshakes_per_address, &limits.logins,
                     &limits.registrations, &limits.messages, &limits.message_bytes, &limits.lists})
    *rate = plenty;
  return policy;
}

struct World {
  explicit World(crypto::EphemeralSource& source = crypto::fresh_ephemerals())
      : relay({&key, "bench", without_budgets()}, accounts, mailbox, mailbox, source, wire) {}
  crypto::SigningKey key = crypto::SigningKey::from_seed(Bytes(32, 200));
  server::MemoryAccounts accounts;
  server::MemoryMailbox mailbox{{}};
  Wire wire;
  server::Relay relay;
  proto::Scratch scratch;
  std::vector<Seconds> took;  // each receive()

  void receive(server::ConnId id, std::string_view bytes) {
    const auto began = Clock::now();
    relay.received(id, bytes_of(bytes), now);
    for (auto& [conn, work] : std::exchange(wire.work, {})) {
      work->run();
      if (work->writes()) work->write();
      relay.work_done(conn, std::move(work), now);
    }
    relay.turn_end(now);
    took.push_back(Clock::now() - began);
  }
  double seconds_from(std::size_t first) {
    double sum = 0;
    for (; first < took.size(); ++first)
      sum += took[first].count();
    took.clear();
    return sum;
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

  void login(World& world, server::ConnId id) {
    world.relay.opened(id, "192.0.2.1", now);
    transport.start(out);
    while (!out.empty()) {
      world.receive(id, std::exchange(out, {}));
      const std::string answer = std::exchange(world.wire.to_client[id], {});
      ByteView input = bytes_of(answer);
      for (auto event = transport.poll(input, world.scratch, now, out);
           event.kind == Transport::Event::Kind::work;
           event = transport.poll(input, world.scratch, now, out)) {
        event.work->run();
        transport.complete(std::move(event.work), now, out);
      }
    }
    if (!transport.connected()) std::abort();
  }
};

// Both sides' work of one ECDHE login.
void login_both(benchmark::State& state) {
  World world;
  for (server::ConnId id = 1; auto _ : state) {
    Client client(1, "alice");
    client.login(world, id);
    world.relay.closed(id++, now);
  }
}
BENCHMARK(login_both)->Unit(benchmark::kMicrosecond);

// The primitives that a server needs for one login, with and without making its key.
void primitives_of_login(benchmark::State& state, bool make_key) {
  const auto ours = crypto::P384Key::generate(crypto::system_rng());
  const auto theirs = crypto::p384_to_spki(crypto::P384Key::generate(crypto::system_rng()).public_point());
  const auto key = crypto::SigningKey::from_seed(Bytes(32, 1));
  const auto id = proto::Id::of(key.public_key());
  const Bytes message(300, 2);
  const auto signature = key.sign(message);
  for (auto _ : state) {
    if (make_key) {
      benchmark::DoNotOptimize(proto::Id::parse(id.text()));
      benchmark::DoNotOptimize(crypto::P384Key::generate(crypto::system_rng()));
    }
    benchmark::DoNotOptimize(key.sign(message));
    benchmark::DoNotOptimize(crypto::verify(key.public_key(), message, signature));
    benchmark::DoNotOptimize(ours.agree(*crypto::p384_from_spki(theirs)));
  }
}
BENCHMARK_CAPTURE(primitives_of_login, all, true)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(primitives_of_login, after_phase_1, false)->Unit(benchmark::kMicrosecond);

// The server's part of a login.
void login_server(benchmark::State& state) {
  World world;
  for (server::ConnId id = 1; auto _ : state) {
    Client client(1, "alice");
    client.login(world, id);
    world.relay.closed(id++, now);
    state.SetIterationTime(world.seconds_from(0));
  }
}
BENCHMARK(login_server)->Unit(benchmark::kMicrosecond)->UseManualTime();

// The part after phase 1 with a key made ahead, for which the user waits.
void login_after_phase_1(benchmark::State& state) {
  Ready ready;
  World world(ready);
  for (server::ConnId id = 1; auto _ : state) {
    ready.keys.push_back(crypto::P384Key::generate(crypto::system_rng()));
    Client client(1, "alice");
    client.login(world, id);
    world.relay.closed(id++, now);
    state.SetIterationTime(world.seconds_from(1));
  }
}
BENCHMARK(login_after_phase_1)->Unit(benchmark::kMicrosecond)->UseManualTime();

// --- between clients -----------------------------------------------------------------------------

struct Peers {
  crypto::SigningKey alice = crypto::SigningKey::from_seed(Bytes(32, 1));
  crypto::SigningKey bob = crypto::SigningKey::from_seed(Bytes(32, 2));

  proto::Handshake side(proto::Role role, const crypto::Suite& suite, crypto::EphemeralSource& source) const {
    const bool first = role == proto::Role::initiator;
    proto::HandshakeOptions options;
    options.kind = proto::HandshakeKind::client_client;
    options.role = role;
    options.identity = first ? &alice : &bob;
    options.name = first ? "alice" : "bob";
    options.suites = {&suite};
    options.peer = proto::Id::of((first ? bob : alice).public_key());
    return {std::move(options), source};
  }
  // Both sides' six phases.
  std::pair<proto::HandshakeResult, proto::HandshakeResult> shake(const crypto::Suite& suite,
                                                                  crypto::EphemeralSource& source) const {
    auto a = side(proto::Role::initiator, suite, source), b = side(proto::Role::responder, suite, source);
    std::string frame = a.start();
    while (!a.done()) {
      for (auto* to : {&b, &a}) {
        auto answer = to->receive(frame);
        if (!answer) std::abort();
        frame = std::move(*answer);
      }
    }
    return {a.take_result(), b.take_result()};
  }
};

void handshake_ecdhe(benchmark::State& state) {
  const Peers peers;
  for (auto _ : state)
    benchmark::DoNotOptimize(peers.shake(crypto::all_suites()[0], crypto::fresh_ephemerals()));
}
BENCHMARK(handshake_ecdhe)->Unit(benchmark::kMicrosecond);

// Without the making of its key, which takes a hundred times as long.
void handshake_rsa(benchmark::State& state) {
  struct OneRsa : Ready {
    std::optional<crypto::RsaKey> key;
    std::optional<crypto::RsaKey> rsa() override { return std::exchange(key, std::nullopt); }
  } source;
  const Peers peers;
  for (auto _ : state) {
    state.PauseTiming();
    source.key = crypto::RsaKey::generate(crypto::system_rng());
    state.ResumeTiming();
    benchmark::DoNotOptimize(peers.shake(crypto::all_suites()[1], source));
  }
}
BENCHMARK(handshake_rsa)->Unit(benchmark::kMicrosecond)->Iterations(4);

// A text sealed and opened end to end, acks proved. `turns`: each is an answer, so each makes a new
// ratchet key.
void ratchet(benchmark::State& state, bool turns) {
  const Peers peers;
  auto [a, b] = peers.shake(crypto::all_suites()[0], crypto::fresh_ephemerals());
  proto::PeerSession alice(std::move(a), peers.alice, crypto::fresh_ephemerals());
  proto::PeerSession bob(std::move(b), peers.bob, crypto::fresh_ephemerals());
  proto::PeerSession* from = &alice;
  proto::PeerSession* to = &bob;
  proto::JsonTape tape;
  const std::string content(256, ' ');
  for (auto _ : state) {
    auto sealed = from->seal(content, now);
    auto opened = to->open(std::get<proto::ClientCom>(*decode_from_server(*tape.parse(sealed.message))), now);
    if (!opened) std::abort();
    if (!from->take_ack(std::get<proto::PeerAck>(*decode_from_server(*tape.parse(opened->ack)))))
      std::abort();
    if (turns) std::swap(from, to);
  }
}
BENCHMARK_CAPTURE(ratchet, chain, false)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ratchet, turns, true)->Unit(benchmark::kMicrosecond);

// --- letters -------------------------------------------------------------------------------------

// The time of one letter of a session of 10, the public-key work in it, at either end. The reader's session
// goes through its stored form before each letter. `make micro BENCH=--benchmark_filter=letter`
constexpr std::size_t letters_a_session = 10;

std::vector<proto::MailSender::Sealed> write_letters(const crypto::SigningKey& alice, const proto::Id& bob,
                                                     const proto::Prekey& prekey) {
  const auto checked = check_prekey(prekey, bob, bob, crypto::default_suites(), now);
  auto sender = proto::MailSender::open(checked.value(), alice, crypto::fresh_ephemerals(), now).value();
  std::vector<proto::MailSender::Sealed> out;
  for (std::size_t i = 0; i < letters_a_session; ++i)
    out.push_back(sender.seal(std::string(256, ' '), now));
  return out;
}

void read_letters(const std::vector<proto::MailSender::Sealed>& letters, const proto::OwnPrekey& key,
                  const proto::Id& bob) {
  proto::JsonTape tape;
  std::optional<SecretBytes> stored;
  for (const auto& sealed : letters) {
    std::string text = sealed.message;
    const auto letter = std::get<proto::ClientMail>(decode_from_server(tape.parse(text).value()).value());
    if (!stored) {
      auto first = proto::MailSession::open_first(letter, key, bob, crypto::system_rng());
      stored = first.value().session.to_bytes();
      continue;
    }
    auto session = proto::MailSession::from_bytes(stored->view()).value();
    benchmark::DoNotOptimize(session.open(letter).value());
    stored = session.to_bytes();
  }
}

void letter(benchmark::State& state, std::size_t suite, bool reads) {
  const Peers peers;
  const auto bob = proto::Id::of(peers.bob.public_key());
  const auto key = make_prekey(crypto::all_suites()[suite], proto::PrekeyUse::once, now.unix_s() + 86'400,
                               peers.bob, crypto::fresh_ephemerals());
  const auto letters = write_letters(peers.alice, bob, key->record);
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    if (reads)
      read_letters(letters, *key, bob);
    else
      benchmark::DoNotOptimize(write_letters(peers.alice, bob, key->record));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(took.count() / letters_a_session);
  }
}
BENCHMARK_CAPTURE(letter, ecdhe_written, 0, false)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(letter, ecdhe_read, 0, true)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(letter, rsa_written, 1, false)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(letter, rsa_read, 1, true)->UseManualTime()->Unit(benchmark::kMicrosecond);

// --- the server's hop ----------------------------------------------------------------------------

// From the sender's bytes to the receiver's: cut, open, check, route, seal; with N clients online.
// One read and one turn a message.
void server_hop(benchmark::State& state) {
  World world;
  Client alice(1, "alice"), bob(2, "bob");
  alice.login(world, 1);
  bob.login(world, 2);
  std::vector<std::unique_ptr<Client>> others;
  for (std::int64_t i = 2; i < state.range(0); ++i) {
    // Each client has an identity of its own: one identity would replace its own login.
    others.push_back(std::make_unique<Client>(static_cast<std::uint8_t>(i + 1), "other" + std::to_string(i)));
    others.back()->login(world, static_cast<server::ConnId>(i) + 1);
  }
  const std::string message = client_com();
  constexpr int batch = 100;
  std::vector<std::string> frames(batch);
  world.took.reserve(batch);
  for (auto _ : state) {
    for (auto& frame : frames) {
      frame.clear();
      alice.transport.send(message, now, frame);
    }
    world.took.clear();
    world.wire.to_client[2].clear();
    for (const auto& frame : frames)
      world.receive(1, frame);
    if (world.wire.to_client[2].size() < batch * message.size()) std::abort();
    state.SetIterationTime(world.seconds_from(0) / batch);
  }
}
BENCHMARK(server_hop)->Arg(2)->Arg(150)->Iterations(500)->UseManualTime();

}  // namespace

BENCHMARK_MAIN();
