// attack: clients that misbehave over the real protocol until standard input ends; then prints the
// results as JSON.
//
//   attack HOST:PORT flood RATE        one client sends RATE messages a second to another, and reconnects
//                                      whenever it is disconnected
//   attack HOST:PORT rsa RATE [FROM]   RATE clients a second log in with the RSA suite, from address FROM
//   attack HOST:PORT stopped COUNT     COUNT clients log in and stop reading, and senders write to them as
//                                      fast as the server allows
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>

#include "load_client.h"
#include "os/process.h"
#include "proto/wire/encode.h"

namespace {

using namespace sims;
using namespace sims::bench;

constexpr std::int64_t ms = 1'000'000, second = 1'000 * ms;

crypto::SigningKey identity(const std::string& name) {
  return crypto::SigningKey::from_seed(crypto::sha256({bytes_of("attack"), bytes_of(name)}));
}

// A `client-com` of some size that a relay accepts.
std::string message(const proto::Id& src, const proto::Id& dst, std::size_t size) {
  proto::ClientCom com{src, dst, 0, {}, {}, std::string(size, 'A')};
  com.ratchet.key.emplace();
  return encode(com);
}

// A client that logs in, and again whenever it is disconnected.
class Guest {
 public:
  Guest(Loop& loop, const sockaddr_in& to, std::string name, crypto::EphemeralSource& ephemerals,
        const char* suite = "ecdhe")
      : loop_(loop),
        to_(to),
        name_(std::move(name)),
        key_(identity(name_)),
        ephemerals_(ephemerals),
        suite_(*crypto::find_suite_by_label(suite)) {
    handlers_.connected = [this](Client&) { ++logins; };
    handlers_.message = [](Client&, std::string_view) {};
    handlers_.error = [this](Client&, std::string_view text) {
      ++errors;
      if (text.find(R"("code":"not-connected")") != text.npos) ++undelivered;
    };
    handlers_.lost = [this](Client&, std::string_view) {
      ++(here() ? cut : refused);
      lost_ = true;
      again_ns_ = now_ns() + second;
    };
  }

  void connect() {
    lost_ = false;
    client_ = std::make_unique<Client>(loop_, handlers_, key_, name_, suite_, ephemerals_);
    client_->connect(to_);
  }
  void come_back() {
    if (lost_ && now_ns() >= again_ns_) connect();
  }
  bool lost() const { return lost_; }
  bool here() const { return client_ && !lost_ && client_->connected(); }
  Client& client() { return *client_; }
  proto::Id id() const { return proto::Id::of(key_.public_key()); }

  std::uint64_t logins = 0, errors = 0, undelivered = 0, cut = 0, refused = 0;

 private:
  Loop& loop_;
  const sockaddr_in to_;
  const std::string name_;
  const crypto::SigningKey key_;
  crypto::EphemeralSource& ephemerals_;
  const crypto::Suite& suite_;
  Client::Handlers handlers_;
  std::unique_ptr<Client> client_;
  bool lost_ = false;
  std::int64_t again_ns_ = 0;
};

bool goes_on() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, 0) == 0;
}

void log_in(Loop& loop, Guest& guest) {
  guest.connect();
  for (const auto limit = now_ns() + 30 * second; !guest.here();) {
    if (now_ns() > limit || guest.refused > 0) die("cannot log in");
    loop.pass(now_ns() + 10 * ms);
  }
}

void flood(const sockaddr_in& to, std::uint64_t rate) {
  Loop loop;
  OneKey ephemerals;
  Guest sender(loop, to, "flood-sender", ephemerals), receiver(loop, to, "flood-receiver", ephemerals);
  log_in(loop, receiver);
  receiver.client().stop_reading();
  log_in(loop, sender);
  const auto text = message(sender.id(), receiver.id(), 300);
  fmt::print("begun\n");
  std::fflush(stdout);
  std::uint64_t sent = 0, due = 0;
  for (auto last = now_ns(); goes_on();) {
    const auto now = now_ns();
    due = std::min(due + static_cast<std::uint64_t>(now - last) * rate, std::uint64_t{50 * ms} * rate);
    last = now;
    sender.come_back();
    for (; due >= std::uint64_t{second} && sender.here(); due -= std::uint64_t{second}, ++sent)
      sender.client().send(text);
    loop.pass(now + 5 * ms);
  }
  fmt::print("{{\"sent\": {}, \"refused_messages\": {}, \"cut_off\": {}, \"refused_connections\": {}}}\n",
             sent, sender.errors, sender.cut, sender.refused);
}

void rsa(const sockaddr_in& to, std::uint64_t rate, const char* from) {
  constexpr std::size_t at_once = 1'024;
  Loop loop;
  if (from != nullptr) loop.call_from(parse_address(std::string(from) + ":1"));
  OneKey ephemerals;
  std::vector<std::unique_ptr<Guest>> guests;
  for (std::size_t i = 0; i < at_once; ++i)
    guests.push_back(std::make_unique<Guest>(loop, to, fmt::format("rsa-{}", i), ephemerals, "rsa"));
  fmt::print("begun\n");
  std::fflush(stdout);
  std::uint64_t begun = 0, missed = 0;
  const auto start = now_ns();
  while (goes_on()) {
    const auto wanted = static_cast<std::uint64_t>(now_ns() - start) / 1'000 * rate / 1'000'000;
    for (; begun + missed < wanted;) {
      Guest& next = *guests[(begun + missed) % at_once];
      const bool free = begun < at_once || next.lost() || next.here();
      free ? ++begun : ++missed;
      if (free) next.connect();
    }
    loop.pass(now_ns() + 5 * ms);
  }
  std::uint64_t logins = 0, refused = 0;
  for (const auto& guest : guests)
    logins += guest->logins, refused += guest->refused;
  fmt::print("{{\"begun\": {}, \"missed\": {}, \"logged_in\": {}, \"refused\": {}}}\n", begun, missed, logins,
             refused);
}

void stopped(const sockaddr_in& to, std::size_t count) {
  constexpr std::size_t readers_a_sender = 10, size = 40'000;
  Loop loop;
  OneKey ephemerals;
  std::vector<std::unique_ptr<Guest>> readers, senders;
  for (std::size_t i = 0; i < count; ++i) {
    auto& reader =
        *readers.emplace_back(std::make_unique<Guest>(loop, to, fmt::format("stopped-{}", i), ephemerals));
    log_in(loop, reader);
    reader.client().stall();
  }
  for (std::size_t i = 0; i * readers_a_sender < count; ++i)
    log_in(loop,
           *senders.emplace_back(std::make_unique<Guest>(loop, to, fmt::format("sender-{}", i), ephemerals)));
  fmt::print("begun\n");
  std::fflush(stdout);
  std::uint64_t sent = 0;
  for (std::size_t turn = 0; goes_on(); ++turn) {
    for (std::size_t i = 0; i < senders.size(); ++i) {
      Guest& sender = *senders[i];
      const std::size_t place = i * readers_a_sender + turn % readers_a_sender;
      if (!sender.here() || place >= count) continue;
      sender.client().send(message(sender.id(), readers[place]->id(), size));
      ++sent;
    }
    loop.pass(now_ns() + 5 * ms);
  }
  std::uint64_t undelivered = 0, cut = 0;
  for (const auto& sender : senders)
    undelivered += sender->undelivered, cut += sender->cut;
  fmt::print("{{\"sent\": {}, \"told_undelivered\": {}, \"senders_cut\": {}}}\n", sent, undelivered, cut);
}

int usage() {
  std::fputs("usage: attack HOST:PORT flood RATE | rsa RATE [FROM] | stopped COUNT\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  const std::string_view mode = argc == 4 || argc == 5 ? argv[2] : "";
  if (argc == 5 && mode != "rsa") return usage();
  if (mode != "flood" && mode != "rsa" && mode != "stopped") return usage();
  const auto to = parse_address(argv[1]);
  const auto number = std::strtoull(argv[3], nullptr, 10);
  if (mode == "flood")
    flood(to, number);
  else if (mode == "rsa")
    rsa(to, number, argc == 5 ? argv[4] : nullptr);
  else
    stopped(to, number);
  return 0;
}
