// LoginLoad: the thread that logs clients in and out at its rate.
#include "login_load.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace sims::bench {

namespace {

constexpr std::int64_t second = 1'000'000'000, drain_limit = 10 * second;
constexpr std::size_t identities = 128;

}  // namespace

crypto::SigningKey bench_identity(std::string_view group, std::size_t n) {
  const auto seed =
      crypto::sha256({bytes_of("simsbench"), bytes_of(group), u32be(static_cast<std::uint32_t>(n))});
  return crypto::SigningKey::from_seed(seed);
}

LoginLoad::LoginLoad(const std::string& server, const crypto::Suite& suite, double rate)
    : to_(parse_address(server)),
      suite_(suite),
      rate_(rate),
      handlers_{[this](Client& c) { connected(c); },
                [](Client&, std::string_view) {},
                [this](Client& c) { one_of(c).over = true; },
                {}} {
  for (std::size_t i = 0; i < identities; ++i)
    keys_.push_back(bench_identity("login", i)), free_.push_back(i);
}

void LoginLoad::start() {
  if (rate_ <= 0) return;
  thread_ = std::thread([this] { run(); });
  while (!ready_.load())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void LoginLoad::stop() {
  measuring_ = false;
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void LoginLoad::run() {
  for (std::size_t i = 0; i < identities;) {
    while (ones_.size() < 8 && i < identities)
      begin(now_ns()), ++i;
    pass(now_ns() + second);
  }
  while (!ones_.empty())
    pass(now_ns() + second);
  // From now on messages are measured, which must not wait for this thread: it only gets idle time.
  const sched_param none{};
  pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
  ready_ = true;
  come_and_go();
  const std::int64_t limit = now_ns() + drain_limit;
  while (!ones_.empty() && now_ns() < limit)
    pass(now_ns() + second / 10);
  ones_.clear();
}

void LoginLoad::come_and_go() {
  const auto every = static_cast<std::int64_t>(1e9 / rate_);
  for (std::int64_t due = now_ns(); !stop_;) {
    if (!measuring_) {
      usleep(1'000);
      due = now_ns();
      continue;
    }
    for (; due <= now_ns(); due += every) {
      if (free_.empty())
        ++missed_;
      else
        begin(due);
    }
    pass(due);
  }
}

void LoginLoad::begin(std::int64_t due) {
  const std::size_t i = free_.front();
  free_.pop_front();
  ones_.push_back({i, due,
                   std::make_unique<Client>(loop_, handlers_, keys_[i], fmt::format("bench-login-{}", i),
                                            suite_, ephemerals_)});
  ones_.back().client->connect(to_);
}

LoginLoad::One& LoginLoad::one_of(Client& client) {
  return *std::find_if(ones_.begin(), ones_.end(),
                       [&](const One& one) { return one.client.get() == &client; });
}

void LoginLoad::connected(Client& client) {
  if (measuring_) times_.add(now_ns() - one_of(client).due);
  client.finish();
}

void LoginLoad::pass(std::int64_t until) {
  loop_.pass(until);
  std::erase_if(ones_, [this](One& one) {
    if (one.over) free_.push_back(one.identity);
    return one.over;
  });
}

}  // namespace sims::bench
