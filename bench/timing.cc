// Looks for timing leaks: `make timing`, by hand. Like dudect it measures two classes of inputs in
// random order, each input alone, and computes Welch's t between their times. For the results see
// bench/README.md, "Timing".
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/base64.h"
#include "crypto/kdf.h"
#include "crypto/rsa.h"
#include "proto/channel/handshake_pair.h"
#include "proto/channel/key_schedule.h"
#include "proto/labels.h"
#include "server/relay/world.h"

namespace {

using namespace sims;
using test::FixedRng;

template <typename F>
double nanoseconds(F&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

// --- Welch's t ------------------------------------------------------------------------------------

constexpr double possible = 4.5, definite = 10;

struct Sample {
  double ns;
  bool second;  // of the two classes
};

struct Welch {
  double t = 0, difference_ns = 0, error_ns = 0;  // the difference's standard error
};

// Welch's test over the measurements that took at most so long.
Welch welch(const std::vector<Sample>& samples, double most) {
  double n[2]{}, mean[2]{}, squares[2]{};
  for (const auto& [ns, second] : samples) {
    if (ns > most) continue;
    const double delta = ns - mean[second];
    mean[second] += delta / ++n[second];
    squares[second] += delta * (ns - mean[second]);
  }
  if (n[0] < 2 || n[1] < 2) return {};
  const double variance = squares[0] / (n[0] - 1) / n[0] + squares[1] / (n[1] - 1) / n[1];
  const double error = std::sqrt(variance), difference = mean[1] - mean[0];
  return {error > 0 ? difference / error : 0, difference, error};
}

// The machine causes most slow measurements, so the test is made over all and below several
// percentiles, and the largest t counts. With so many tests of one sample, 4.5 occurs by chance now
// and then, 10 does not. `min_ns`: the least difference that the best of them could detect.
Welch worst(const std::vector<Sample>& samples, double& min_ns) {
  std::vector<double> times;
  for (const auto& s : samples)
    times.push_back(s.ns);
  std::sort(times.begin(), times.end());
  Welch out;
  for (const double part : {0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0}) {
    const auto at = static_cast<std::size_t>(part * static_cast<double>(times.size() - 1));
    const auto found = welch(samples, times[at]);
    if (std::abs(found.t) > std::abs(out.t)) out = found;
    if (found.error_ns > 0) min_ns = std::min(min_ns, possible * found.error_ns);
  }
  return out;
}

template <typename Measure>
void compare(const char* what, std::size_t n, Measure&& measure) {
  FixedRng order(static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
  std::vector<Sample> samples;
  const std::size_t warm_up = n / 20;
  for (std::size_t i = 0; i < n + warm_up; ++i) {
    const bool second = order.pick(2) == 1;
    const double ns = measure(second);
    if (i >= warm_up) samples.push_back({ns, second});
  }
  double min_ns = 1e9;
  const Welch found = worst(samples, min_ns);
  const double t = found.t, difference = found.difference_ns;
  const char* verdict = std::abs(t) > definite ? "DIFFERS" : std::abs(t) > possible ? "perhaps" : "alike";
  std::printf("%-62s n %6zu  |t| %7.2f  %+9.1f ns (sees %.1f)  %s\n", what, n, std::abs(t), difference,
              min_ns, verdict);
  std::fflush(stdout);
}

// Not chosen by a branch: branch prediction would show in the time of the following code.

// --- crypto::equal --------------------------------------------------------------------------------

// The naive comparison must show a difference, or this program detects nothing.
bool naive_equal(ByteView a, ByteView b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}

template <typename Equal>
double time_equal(Equal&& equal, const Bytes& a, const Bytes& b) {
  bool same = false;
  return nanoseconds([&] {
    for (int i = 0; i < 16; ++i) {  // since reading the clock takes as long as one
      std::atomic_signal_fence(std::memory_order_seq_cst);
      same ^= equal(a, b);
    }
    static volatile bool sink;
    sink = sink ^ same;
  });
}

void equal_tests(std::size_t n) {
  FixedRng rng(7);
  Bytes secret(32), given(32);
  rng.fill(secret);
  // Different: first byte, last byte, none, first byte.
  alignas(256) std::array<ByteArray<32>, 4> ends;
  for (auto& end : ends)
    std::copy(secret.begin(), secret.end(), end.begin());
  ends[0].front() ^= 1;
  ends[3].front() ^= 1;
  ends[1].back() ^= 1;
  // One buffer, completely rewritten before each measurement: no class has memory of its own, or
  // waits for the write of a byte.
  const auto first_or = [&](std::size_t other, auto&& equal) {
    return [&, other](bool second) {
      std::copy_n(ends[other * second].begin(), given.size(), given.begin());
      std::atomic_thread_fence(std::memory_order_seq_cst);
      return time_equal(equal, secret, given);
    };
  };
  const auto same = [](ByteView a, ByteView b) { return crypto::equal(a, b); };
  compare("proof: a naive comparison, first or last byte", n, first_or(1, naive_equal));
  compare("crypto::equal, 32 bytes: first byte in both (control)", n, first_or(3, same));
  compare("crypto::equal, 32 bytes: first or last byte", n, first_or(1, same));
  compare("crypto::equal, 32 bytes: first byte or equal", n, first_or(2, same));
}

// --- the RSA handshake's responder ----------------------------------------------------------------

// Real randomness, and always the same key, since each decrypts once.
class OneKey final : public crypto::EphemeralSource {
 public:
  crypto::Rng& rng() override { return crypto::system_rng(); }
  crypto::P384Key p384() override { return crypto::P384Key::generate(rng()); }
  std::optional<crypto::RsaKey> rsa() override {
    auto key = crypto::RsaKey::from_pkcs8(test::rsa_test_key());
    return std::move(*key);
  }
};

// Phases 1 to 4, then a phase 5 by hand: correctly signed, with a ciphertext that decrypts or one
// that does not, and with a confirm that is wrong in both cases.
class RsaLogin {
 public:
  RsaLogin() {
    responder_.emplace(options(proto::Role::responder), source_);
    initiator_.emplace(options(proto::Role::initiator), source_);
    std::string frame = initiator_->start();
    for (int phase = 1; phase <= 4; ++phase) {
      t_ = proto::transcript_next(t_, frame);
      if (phase == 4) break;
      frame = *(phase % 2 == 1 ? *responder_ : *initiator_).receive(frame);
    }
    spki_ = *base64_decode(test::field_of(frame, "key"), Base64::standard);
  }

  enum class Ciphertext : std::uint8_t { valid, invalid, past_modulus };
  double refuse(Ciphertext kind) {
    Bytes z(32);
    crypto::system_rng().fill(z);
    Bytes key = *crypto::rsa_encrypt(spki_, z, crypto::system_rng());
    Bytes random(key.size());  // below the modulus, whose first bit is set, or past it
    crypto::system_rng().fill(random);
    random[0] = 0x7f;
    if (kind == Ciphertext::invalid) key = random;
    if (kind == Ciphertext::past_modulus) key = Bytes(key.size(), 0xff);
    proto::HandshakeFrame frame;
    frame.phase = 5;
    frame.name = "alice";
    frame.id = proto::Id::of(alice_.public_key()).str();
    frame.ciphers = {std::string(test::rsa().name)};
    frame.key = key;
    frame.signature = proto::sign_key(proto::Role::initiator, alice_, t_, key);
    frame.confirm.emplace();
    crypto::system_rng().fill(*frame.confirm);
    const auto text = encode(frame);
    bool refused = false;
    const double ns = nanoseconds([&] { refused = !responder_->receive(text); });
    if (!refused) std::abort();
    return ns;
  }

 private:
  proto::HandshakeOptions options(proto::Role role) {
    const bool first = role == proto::Role::initiator;
    proto::HandshakeOptions out;
    out.role = role;
    out.identity = first ? &alice_ : &server_;
    out.name = first ? "alice" : "relay";
    out.suites = {&test::rsa()};
    out.accept_unknown = true;
    return out;
  }

  OneKey source_;
  crypto::SigningKey alice_ = crypto::SigningKey::from_seed(Bytes(32, 1));
  crypto::SigningKey server_ = crypto::SigningKey::from_seed(Bytes(32, 2));
  std::optional<proto::Handshake> initiator_, responder_;
  crypto::Digest t_ = proto::transcript_start(proto::HandshakeKind::client_server);
  Bytes spki_;
};

void rsa_tests(std::size_t n) {
  using enum RsaLogin::Ciphertext;
  // Visible to everybody who knows the public key: such a number is not decrypted at all.
  compare("proof: RSA phase 5, number past the modulus or wrong confirm", n / 20,
          [](bool second) { return RsaLogin().refuse(second ? valid : past_modulus); });
  compare("RSA phase 5: wrong confirm in both (control)", n, [](bool) { return RsaLogin().refuse(valid); });
  compare("RSA phase 5: invalid ciphertext or wrong confirm", n,
          [](bool second) { return RsaLogin().refuse(second ? valid : invalid); });
}

// --- the relay ------------------------------------------------------------------------------------

struct Relay {
  explicit Relay(std::size_t registered) : world(test::roomy()), alice(world.login("alice", 1)) {
    FixedRng rng(registered);
    for (std::size_t i = 0; i < registered; ++i) {
      ByteArray<32> key{};
      rng.fill(key);
      const auto id = proto::Id::of(key);
      if (!world.accounts.bind("user" + std::to_string(i), id, true, 1)) std::abort();
      if (ids.size() < 100) ids.push_back(id);
    }
  }

  // Times alice's message to this id, from its bytes to those of the answer.
  double ask(const proto::Id& id) {
    world.now.steady_ms += 100;
    world.now.unix_ms += 100;
    const auto src = alice.id().str();
    alice.send(R"({"type":"client-disconnect","src":")" + src + R"(","dst":")" + id.str() +
                   R"(","data":{"reason":"x"},"verification":")" + std::string(43, 'A') + "=\"}",
               world.now);
    const std::string bytes = std::exchange(alice.to_server, {});
    auto& line = world.wire.lines[alice.conn];
    line.to_client.clear();
    const double ns = nanoseconds([&] {
      world.relay->received(alice.conn, bytes_of(bytes), world.now);
      world.relay->turn_end(world.now);
    });
    if (line.to_client.empty() || line.closed) std::abort();
    return ns;
  }

  test::World world;
  test::Client alice;
  std::vector<proto::Id> ids;  // registered and offline
};

proto::Id unknown_id(FixedRng& rng) {
  ByteArray<32> key{};
  rng.fill(key);
  return proto::Id::of(key);
}

void relay_tests(std::size_t n) {
  FixedRng rng(99);
  Relay few(100), as_few(100), many(100'000);
  compare("relay: unknown or offline dst (told apart by their codes)", n, [&](bool second) {
    const auto unknown = unknown_id(rng);
    const auto known = few.ids[rng.pick(few.ids.size())];
    return few.ask(std::array{unknown, known}[second]);
  });
  compare("relay: unknown dst, one of 100 or of 100 registered (control)", n, [&](bool second) {
    return std::array{&few, &as_few}[second]->ask(unknown_id(rng));
  });
  compare("relay: unknown dst, one of 100 or of 100,000 registered", n, [&](bool second) {
    return std::array{&few, &many}[second]->ask(unknown_id(rng));
  });
}

}  // namespace

// timing [FACTOR]: FACTOR multiplies the number of measurements.
int main(int argc, char** argv) {
  doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& a) {
    if (!a.m_failed) return;
    std::fprintf(stderr, "%s:%d: %s\n", a.m_file, a.m_line, a.m_expr);
    std::abort();
  });
  const double times = argc > 1 ? std::atof(argv[1]) : 1;
  const auto n = [&](double usual) { return static_cast<std::size_t>(std::max(100.0, usual * times)); };
  std::printf(
      "|t| > %.1f: perhaps a difference; > %.0f: a difference. ns: the second class less the first.\n",
      possible, definite);
  equal_tests(n(500'000));
  relay_tests(n(100'000));
  rsa_tests(n(3'000));
}
