// storm: many clients of a server that restarts. It logs in CLIENTS clients with real handshakes
// and prints "online". When connections are lost it reconnects as the real client does
// (client/core/connection.cc), with its backoff and deadlines. Each time all clients are online
// again it prints "online" and figures of the loss as JSON. It exits when its standard input ends.
//
//   storm HOST:PORT CLIENTS
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <queue>

#include "client/model/rate.h"
#include "load_client.h"
#include "os/process.h"
#include "proto/limits.h"

namespace {

using namespace sims;
using namespace sims::bench;

constexpr std::int64_t ms = 1'000'000, second = 1'000 * ms;
constexpr std::size_t logins_at_once = 32;  // for the first logins only
constexpr std::int64_t retry_low_ms = 1'000, retry_high_ms = 15'000, settled_ns = 20 * second;

crypto::SigningKey identity(std::size_t n) {
  return crypto::SigningKey::from_seed(
      crypto::sha256({bytes_of("storm"), u32be(static_cast<std::uint32_t>(n))}));
}

class Storm {
 public:
  Storm(const std::string& server, std::size_t count) : to_(parse_address(server)), ones_(count) {
    handlers_.connected = [this](Client& c) { connected(c); };
    handlers_.message = [](Client&, std::string_view) {};
    handlers_.lost = [this](Client& c, std::string_view why) { lost_.emplace_back(&c, why); };
    for (std::size_t i = 0; i < count; ++i)
      ones_[i].key.emplace(identity(i));
  }

  void run() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (::poll(&input, 1, 0) == 0) {
      while (begun_ < ones_.size() && begun_ < online_ + logins_at_once)
        open(begun_++);
      loop_.pass(std::min(now_ns() + second / 10, due_.empty() ? INT64_MAX : due_.top().at_ns));
      for (auto& [client, why] : std::exchange(lost_, {}))
        lost(place_of(*client), std::string(why));
      while (!due_.empty() && due_.top().at_ns <= now_ns())
        come_due();
    }
  }

 private:
  struct One {
    std::optional<crypto::SigningKey> key;
    std::unique_ptr<Client> client;
    int failures = 0;
    std::uint64_t turn = 0;  // grows with each attempt, which makes timers of earlier attempts void
    std::int64_t online_since_ns = 0;
    bool online = false, waits = false;
  };
  struct Due {
    std::int64_t at_ns;
    std::size_t place;
    std::uint64_t turn;
    bool operator<(const Due& o) const { return at_ns > o.at_ns; }
  };

  std::size_t place_of(const Client& client) const {
    return static_cast<std::size_t>(std::atoi(client.name().c_str() + 6));
  }

  void open(std::size_t place) {
    One& one = ones_[place];
    one.waits = false;
    one.client = std::make_unique<Client>(loop_, handlers_, *one.key, fmt::format("storm-{}", place),
                                          *crypto::find_suite_by_label("ecdhe"), ephemerals_);
    one.client->stop_reading();
    one.client->connect(to_);
    due_.push({now_ns() + proto::handshake_deadline_ms * ms, place, ++one.turn});
  }

  void connected(Client& client) {
    One& one = ones_[place_of(client)];
    one.online = true;
    one.online_since_ns = now_ns();
    ++one.turn;
    if (++online_ < ones_.size()) return;
    fmt::print("online {{\"seconds\": {:.2f}, \"attempts_lost\": {}, \"reasons\": {{", since_loss(), losses_);
    const char* comma = "";
    for (const auto& [why, count] : reasons_)
      fmt::print("{}\"{}\": {}", std::exchange(comma, ", "), why, count);
    fmt::print("}}}}\n");
    std::fflush(stdout);
    first_loss_ns_ = 0;
    losses_ = 0;
    reasons_.clear();
  }
  double since_loss() const {
    return first_loss_ns_ == 0 ? 0 : static_cast<double>(now_ns() - first_loss_ns_) / 1e9;
  }

  void lost(std::size_t place, const std::string& why) {
    One& one = ones_[place];
    if (first_loss_ns_ == 0) first_loss_ns_ = now_ns();
    if (one.online) {
      --online_;
      if (now_ns() - one.online_since_ns >= settled_ns) one.failures = 0;
    } else {
      ++losses_;
      ++reasons_[why];
    }
    one.online = false;
    one.waits = true;
    one.client.reset();
    const auto wait = client::backoff_ms(++one.failures, retry_low_ms, retry_high_ms, crypto::system_rng());
    due_.push({now_ns() + wait * ms, place, ++one.turn});
  }

  void come_due() {
    const Due due = due_.top();
    due_.pop();
    if (ones_[due.place].turn != due.turn) return;
    if (ones_[due.place].waits) return open(due.place);
    lost(due.place, "no answer");
  }

  sockaddr_in to_;
  Loop loop_;
  OneKey ephemerals_;
  Client::Handlers handlers_;
  std::vector<One> ones_;
  std::vector<std::pair<Client*, std::string>> lost_;  // in this pass
  std::priority_queue<Due> due_;
  std::size_t begun_ = 0, online_ = 0;
  std::uint64_t losses_ = 0;  // attempts that failed since the first loss
  std::map<std::string, std::uint64_t> reasons_;
  std::int64_t first_loss_ns_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  const auto count = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (count == 0) {
    std::fputs("usage: storm HOST:PORT CLIENTS\n", stderr);
    return 2;
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Storm(argv[1], count).run();
  return 0;
}
