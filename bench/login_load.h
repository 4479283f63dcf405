// Clients that log in and out beside simsbench's messages, on a thread of their own that only gets
// idle time.
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "histogram.h"
#include "load_client.h"

namespace sims::bench {

// The same identities in every run: after the first one they are registered, so that only logins
// are measured.
crypto::SigningKey bench_identity(std::string_view group, std::size_t n);

class LoginLoad {
 public:
  // `rate` logins a second; 0: none.
  LoginLoad(const std::string& server, const crypto::Suite& suite, double rate);
  // Registers the identities, then logs in and out until stop().
  void start();
  void measure() { measuring_ = true; }
  void stop();
  const Histogram& times() const { return times_; }  // after stop()
  std::uint64_t missed() const { return missed_; }

 private:
  struct One {
    std::size_t identity;
    std::int64_t due;
    std::unique_ptr<Client> client;
    bool over = false;
  };
  void run();
  void come_and_go();
  void begin(std::int64_t due);
  One& one_of(Client& client);
  void connected(Client& client);
  void pass(std::int64_t until);

  const sockaddr_in to_;
  const crypto::Suite& suite_;
  const double rate_;
  Loop loop_;
  OneKey ephemerals_;
  const Client::Handlers handlers_;
  std::vector<crypto::SigningKey> keys_;
  std::deque<std::size_t> free_;
  std::vector<One> ones_;
  Histogram times_;
  std::uint64_t missed_ = 0;
  std::atomic<bool> ready_ = false, measuring_ = false, stop_ = false;
  std::thread thread_;
};

}  // namespace sims::bench
