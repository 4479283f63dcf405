// simsbench: a load generator for simsd. It logs in clients, lets the first 2 * PAIRS of them send
// texts to each other (client 2p to client 2p + 1), lets others write letters to owners who are
// offline (letter_load.h), and prints the cost: see bench/README.md. It
// compares every message with the one sent, byte for byte and in order; a lost, changed or swapped
// one ends the run with an error, so every figure is of a correct run.
//
//   1. log_in():  log in the clients, 32 at a time
//   2. warm up, then measure():
//        closed loop: WINDOW messages in flight in each pair
//        open loop: RATE messages a second; the latency of a message counts from when it should
//        have been sent, so a server that stalls can't hide it
//   3. LoginLoad: meanwhile LOGINS clients a second log in and out, on a thread with idle time only
//   4. drain(), let the owners collect their letters if that is asked for, report()
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <atomic>

#include "crypto/fernet.h"
#include "histogram.h"
#include "letter_load.h"
#include "load_client.h"
#include "login_load.h"
#include "os/process.h"
#include "proto/wire/content.h"
#include "proto/wire/encode.h"

namespace {

using namespace sims;
using namespace sims::bench;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::size_t logins_at_once = 32;
constexpr std::int64_t drain_limit = 10 * second;
constexpr std::uint64_t max_outstanding = 4'096;  // open loop, a pair: a server that far behind is overloaded

struct Options {
  std::string server = "127.0.0.1:7467", suite = "ecdhe", allocations;
  std::size_t connections = 0, pairs = 1, size = 100;
  std::uint64_t window = 1, messages = 0;
  double rate = 0, seconds = 2, warmup = 0.5, logins = 0, ping = 0;
  int server_pid = 0;
  bool json = false, collect = false;
  LetterOptions letters;
};

// --- resources of the server ---------------------------------------------------------------------

// All its threads, by the process's own clock.
double cpu_seconds(int pid) {
  clockid_t clock{};
  timespec t{};
  if (pid == 0) return 0;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) die("no such server process");
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double resident_kib(int pid) {
  std::FILE* file = pid == 0 ? nullptr : std::fopen(fmt::format("/proc/{}/statm", pid).c_str(), "r");
  unsigned long pages = 0;
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%*u %lu", &pages) != 1) pages = 0;
  std::fclose(file);
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1'024;
}

// The counter of count_allocations.so in the server, through the file that both map.
class Allocations {
 public:
  explicit Allocations(const std::string& path) {
    if (path.empty()) return;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    void* at = fd < 0 ? MAP_FAILED : mmap(nullptr, sizeof(std::uint64_t), PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) die(path + ": " + std::strerror(errno));
    ::close(fd);
    count_ = static_cast<const std::atomic<std::uint64_t>*>(at);
  }
  std::uint64_t count() const { return count_ == nullptr ? 0 : count_->load(); }
  bool known() const { return count_ != nullptr; }

 private:
  const std::atomic<std::uint64_t>* count_ = nullptr;
};

// --- identities ----------------------------------------------------------------------------------

const crypto::Suite& suite_of(const Options& options) {
  const crypto::Suite* suite = crypto::find_suite_by_label(options.suite);
  if (suite == nullptr) die("no suite " + options.suite);
  return *suite;
}

// --- messages ------------------------------------------------------------------------------------

// A client-com as a real client makes it, except that its token is not valid: only clients open
// tokens, and the relay does not look at them. Its number is in `id` and at the start of the token,
// with a fixed width, so that making and checking a message is a copy and a comparison.
class Message {
 public:
  Message(const proto::Id& src, const proto::Id& dst, std::size_t text_size) {
    proto::TextContent text;
    text.uid = std::string(22, 'u');
    text.body = std::string(text_size, 'x');
    text.sent = 1'767'225'600'000;
    const auto content = proto::encode_content(text);
    if (!content) die(content.error().detail);
    proto::ClientCom com;
    com.src = src;
    com.dst = dst;
    com.id = first;
    com.ratchet.key.emplace();
    com.data = std::string(crypto::Fernet::token_size(content->size()), 'A');
    text_ = encode(com);
    id_at_ = text_.find(std::to_string(first));
    data_at_ = text_.find("AAAA\"}") - (com.data.size() - 4);
  }
  std::string_view at(std::uint64_t number) {
    const auto digits = fmt::format_int(first + number);
    std::memcpy(text_.data() + id_at_, digits.data(), digits.size());
    std::memcpy(text_.data() + data_at_, digits.data(), digits.size());
    return text_;
  }
  std::size_t size() const { return text_.size(); }

 private:
  static constexpr std::uint64_t first = 1'000'000'000;
  std::string text_;
  std::size_t id_at_ = 0, data_at_ = 0;
};

struct Pair {
  Client* from;
  Client* to;
  Message message;
  std::uint64_t sent = 0, received = 0;
  std::deque<std::int64_t> began;  // of messages in flight: when they should have been sent
  std::deque<std::int64_t> left;   // and when they were sent, by wall_ns()
};

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        to_(parse_address(options.server)),
        logins_(options.server, suite_of(options), options.logins),
        letters_(loop_, to_, suite_of(options), ephemerals_, options.letters),
        allocations_(options.allocations) {
    handlers_.connected = [this](Client&) { ++connected_; };
    handlers_.message = [this](Client& c, std::string_view plaintext) { received(c, plaintext); };
    handlers_.leaving = [this](Client& c) {
      const auto known = pair_of_.find(&c);
      if (known == pair_of_.end()) return;
      Pair& pair = pairs_[known->second];
      if (pair.from == &c && pair.left.size() < pair.began.size())
        pair.left.resize(pair.began.size(), wall_ns());
    };
  }

  void run() {
    const double empty_kib = resident_kib(options_.server_pid);
    log_in();
    make_pairs();
    loop_for(0.3);  // the last of the lists
    const double full_kib = resident_kib(options_.server_pid);
    logins_.start();
    sending_ = true;
    began_ = now_ns();
    top_up_all();
    letters_.start();
    loop_for(options_.warmup);
    logins_.measure();
    measure();
    sending_ = false;
    logins_.stop();
    letters_.stop();
    drain();
    if (options_.collect) letters_.collect();
    report(empty_kib, full_kib);
  }

 private:
  void log_in() {
    const std::size_t count = std::max(options_.connections, 2 * options_.pairs);
    const std::int64_t limit = now_ns() + 30 * second + static_cast<std::int64_t>(count) * second / 20;
    const auto began = now_ns();
    keys_.reserve(count);
    while (connected_ < count) {
      while (clients_.size() < count && clients_.size() < connected_ + logins_at_once) {
        const std::size_t n = clients_.size();
        keys_.push_back(bench_identity("client", n));
        clients_.push_back(std::make_unique<Client>(
            loop_, handlers_, keys_.back(), fmt::format("bench-{}", n), suite_of(options_), ephemerals_));
        if (n >= 2 * options_.pairs) clients_.back()->stop_reading();
        clients_.back()->connect(to_);
      }
      loop_.pass(now_ns() + second);
      if (now_ns() > limit) die("logging in takes too long");
    }
    login_seconds_ = static_cast<double>(now_ns() - began) / 1e9;
    if (options_.letters.senders > 0) letters_.log_in();
  }

  void make_pairs() {
    pairs_.reserve(options_.pairs);
    for (std::size_t p = 0; p < options_.pairs; ++p) {
      Client &from = *clients_[2 * p], &to = *clients_[2 * p + 1];
      pairs_.push_back({&from, &to, Message(from.id(), to.id(), options_.size), 0, 0, {}, {}});
      pair_of_[&from] = pair_of_[&to] = p;
    }
  }

  void send(Pair& pair, std::int64_t due) {
    pair.began.push_back(due);
    pair.from->send(pair.message.at(pair.sent++));
    ++sent_;
  }
  bool more() const { return sending_ && (options_.messages == 0 || sent_ < options_.messages); }
  void top_up(Pair& pair) {
    while (options_.rate <= 0 && more() && pair.sent - pair.received < options_.window)
      send(pair, now_ns());
  }
  void top_up_all() {
    for (auto& pair : pairs_)
      top_up(pair);
  }
  void received(Client& client, std::string_view plaintext) {
    const auto known = pair_of_.find(&client);
    if (known == pair_of_.end()) die("a message for somebody who gets none");
    Pair& pair = pairs_[known->second];
    if (pair.to != &client || pair.left.empty() || plaintext != pair.message.at(pair.received))
      die(fmt::format("{}: not message {} of its pair: {}", client.name(), pair.received, plaintext));
    if (measuring_) {
      latency_.add(now_ns() - pair.began.front());
      hop_.add(std::max<std::int64_t>(client.arrived_ns() - pair.left.front(), 0));
    }
    pair.began.pop_front();
    pair.left.pop_front();
    ++pair.received;
    ++delivered_;
    top_up(pair);
  }

  // Sends the messages that are due, in turn through the pairs; returns when the next one is due.
  std::int64_t send_due() {
    const auto due = [this](std::uint64_t n) {
      return began_ + static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / options_.rate);
    };
    for (; more() && due(sent_) <= now_ns();) {
      Pair& pair = pairs_[sent_ % pairs_.size()];
      if (pair.sent - pair.received > max_outstanding) die("the server does not keep up with the rate");
      send(pair, due(sent_));
    }
    return more() ? due(sent_) : INT64_MAX;
  }
  std::int64_t ping_due() {
    const std::size_t first = 2 * options_.pairs, idle = clients_.size() - first;
    if (options_.ping <= 0 || idle == 0) return INT64_MAX;
    const auto every = static_cast<std::int64_t>(options_.ping * 1e9 / static_cast<double>(idle));
    for (; next_ping_ <= now_ns(); next_ping_ += every)
      clients_[first + pings_++ % idle]->send(R"({"type":"ping"})");
    return next_ping_;
  }
  bool complete() const {
    return (options_.messages > 0 && delivered_ >= options_.messages) || letters_.complete();
  }
  void loop_for(double seconds) {
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    next_ping_ = now_ns();
    while (now_ns() < end && !(measuring_ && complete())) {
      std::int64_t next = std::min({end, ping_due(), letters_.send_due()});
      if (options_.rate > 0 && sending_) next = std::min(next, send_due());
      loop_.pass(next);
    }
  }

  void measure() {
    measuring_ = true;
    letters_.measure(true);
    const auto cpu = cpu_seconds(options_.server_pid);
    warm_kib_ = resident_kib(options_.server_pid);
    const auto allocations = allocations_.count();
    const auto own = cpu_seconds(::getpid());
    const auto delivered = delivered_;
    const auto stored = letters_.stored();
    const auto began = now_ns();
    loop_for(options_.seconds);
    took_ = static_cast<double>(now_ns() - began) / 1e9;
    cpu_ = cpu_seconds(options_.server_pid) - cpu;
    own_cpu_ = cpu_seconds(::getpid()) - own;
    allocated_ = allocations_.count() - allocations;
    measured_ = delivered_ - delivered;
    stored_ = letters_.stored() - stored;
    end_kib_ = resident_kib(options_.server_pid);
    measuring_ = false;
    letters_.measure(false);
  }

  void drain() {
    const std::int64_t limit = now_ns() + drain_limit;
    while (delivered_ < sent_ || letters_.waiting() > 0) {
      loop_.pass(now_ns() + second / 10);
      if (now_ns() > limit)
        die(fmt::format("{} of {} messages never arrived, {} letters were not acked", sent_ - delivered_,
                        sent_, letters_.waiting()));
    }
  }

  void report(double empty_kib, double full_kib) const {
    const auto& o = options_;
    const double n = static_cast<double>(measured_), clients = static_cast<double>(clients_.size());
    const auto& logins = logins_.times();
    std::vector<std::pair<const char*, double>> rows = {
        {"connections", clients},
        {"pairs", static_cast<double>(o.pairs)},
        {"messages", n},
        {"messages_s", n / took_},
        {"plaintext_bytes", pairs_.empty() ? 0 : static_cast<double>(pairs_[0].message.size())},
        {"p50_us", latency_.us(0.5)},
        {"p99_us", latency_.us(0.99)},
        {"p999_us", latency_.us(0.999)},
        {"hop_p50_us", hop_.us(0.5)},
        {"hop_p99_us", hop_.us(0.99)},
        {"hop_p999_us", hop_.us(0.999)},
        {"generator_cores", own_cpu_ / took_},
        {"setup_logins_s", clients / login_seconds_},
    };
    if (o.server_pid != 0) {
      rows.insert(rows.end(), {{"server_us", n > 0 ? cpu_ * 1e6 / n : 0},
                               {"server_cores", cpu_ / took_},
                               {"rss_empty_kib", empty_kib},
                               {"rss_connected_kib", full_kib},
                               {"rss_warm_kib", warm_kib_},
                               {"rss_end_kib", end_kib_},
                               {"connection_kib", clients > 0 ? (full_kib - empty_kib) / clients : 0}});
    }
    if (o.letters.senders > 0) {
      const double stored = static_cast<double>(stored_);
      rows.insert(rows.end(), {{"letters", stored},
                               {"letters_s", stored / took_},
                               {"letters_in_all", static_cast<double>(letters_.stored())},
                               {"letter_bytes", static_cast<double>(letters_.letter_size())},
                               {"letter_p50_us", letters_.times().us(0.5)},
                               {"letter_p99_us", letters_.times().us(0.99)},
                               {"server_us_a_letter", stored > 0 ? cpu_ * 1e6 / stored : 0}});
    }
    if (o.collect)
      rows.insert(rows.end(),
                  {{"collect_ms", letters_.collected_ms()}, {"collect_cpu_ms", letters_.collect_cpu_ms()}});
    if (allocations_.known())
      rows.emplace_back("allocations_a_message", n > 0 ? static_cast<double>(allocated_) / n : 0);
    if (o.logins > 0) {
      rows.insert(rows.end(), {{"logins_s", static_cast<double>(logins.count()) / took_},
                               {"logins_missed", static_cast<double>(logins_.missed())},
                               {"login_p50_us", logins.us(0.5)},
                               {"login_p99_us", logins.us(0.99)}});
    }
    std::string text;
    for (const auto& [name, value] : rows)
      text += o.json ? fmt::format("{}\"{}\":{:.6g}", text.empty() ? "{" : ",", name, value)
                     : fmt::format("{:<22} {:.6g}\n", name, value);
    std::fputs((text + (o.json ? "}\n" : "")).c_str(), stdout);
  }

  const Options& options_;
  Loop loop_;
  OneKey ephemerals_;
  sockaddr_in to_;
  Client::Handlers handlers_;
  std::vector<crypto::SigningKey> keys_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unordered_map<const Client*, std::size_t> pair_of_;
  std::vector<Pair> pairs_;
  LoginLoad logins_;
  LetterLoad letters_;
  Allocations allocations_;
  Histogram latency_, hop_;
  std::size_t connected_ = 0, pings_ = 0;
  std::uint64_t sent_ = 0, delivered_ = 0, measured_ = 0, stored_ = 0, allocated_ = 0;
  std::int64_t began_ = 0, next_ping_ = 0;
  double login_seconds_ = 0, took_ = 0, cpu_ = 0, own_cpu_ = 0, warm_kib_ = 0, end_kib_ = 0;
  bool sending_ = false, measuring_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  Options o;
  CLI::App app(
      "Load for a simsd: texts between pairs of clients, letters, idle clients, logins. See bench/README.md.",
      "simsbench");
  app.add_option("--server", o.server, "HOST:PORT, a numeric IPv4 address")->capture_default_str();
  app.add_option("--connections", o.connections,
                 "clients in all, those beyond the pairs are idle (default: the pairs)")
      ->check(CLI::Range(0, 200'000));
  app.add_option("--pairs", o.pairs, "pairs that talk, one to the other")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  app.add_option("--window", o.window, "messages in flight in a pair")
      ->check(CLI::Range(1, 4'096))
      ->capture_default_str();
  app.add_option("--size", o.size, "bytes of a text")->check(CLI::Range(1, 16'384))->capture_default_str();
  app.add_option("--rate", o.rate, "messages a second over all pairs (default: as fast as the window allows)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--seconds", o.seconds, "how long to measure")
      ->check(CLI::Range(0.0, 86'400.0))
      ->capture_default_str();
  app.add_option("--messages", o.messages, "stop after so many messages (default: no limit)");
  app.add_option("--warmup", o.warmup, "seconds before")
      ->check(CLI::Range(0.0, 3'600.0))
      ->capture_default_str();
  app.add_option("--suite", o.suite, "ecdhe or rsa")->capture_default_str();
  app.add_option("--logins-per-second", o.logins, "clients that log in and out meanwhile")
      ->check(CLI::Range(0.0, 10'000.0));
  auto& letters = o.letters;
  app.add_option("--letter-senders", letters.senders, "clients that write letters (default: none)")
      ->check(CLI::Range(0, 10'000));
  app.add_option("--owners", letters.owners, "whom they write to, by turns; they are offline")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--letter-window", letters.window, "letters of a sender that are not acked")
      ->check(CLI::Range(1, 4'096))
      ->capture_default_str();
  app.add_option("--session-letters", letters.session, "letters of a session")
      ->check(CLI::Range(1, 90))
      ->capture_default_str();
  app.add_option("--letters-per-second", letters.rate,
                 "over all senders (default: as fast as the window allows)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--letters", letters.letters, "stop after so many (default: no limit)");
  app.add_flag("--collect", o.collect,
               "in the end each owner logs in, one after the other, and takes its letters");
  app.add_option("--ping", o.ping, "seconds between the pings of an idle client (default: none)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--server-pid", o.server_pid, "the server's process, for its CPU time and memory");
  app.add_option("--allocations", o.allocations, "the counter's file of count_allocations.so in the server");
  app.add_flag("--json", o.json, "print one JSON object");
  CLI11_PARSE(app, argc, argv);
  letters.text_size = o.size;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Bench(o).run();
  return 0;
}
