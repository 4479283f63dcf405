// Micro-benchmarks of the whole client for letters: two client cores with stores on a disk and a relay in memory.
// Alice types texts for Bob, who is away; then he comes and takes them. A part of bench/micro: make micro
// BENCH=--benchmark_filter=client. TMPDIR chooses the disk.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <algorithm>
#include <ctime>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/core/core.h"
#include "client/store/store.h"
#include "server/mailbox/memory_mailbox.h"
#include "server/relay/relay.h"

namespace {

using namespace sims;
using client::LinkState;

constexpr int sessions = 5, letters_a_session = 10;
constexpr std::int64_t hour_ms = 3'600'000, settled_ms = 5'000;

double thread_cpu_s() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

template <class T>
T sure(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "micro: %s\n", result.error().c_str());
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct Folder {
  explicit Folder(const std::filesystem::path& in) : path((in / "sims-bench-XXXXXX").string()) {
    if (mkdtemp(path.data()) == nullptr) std::abort();
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

// A client between two logins, and the processor time that it took. Kept off the clock: everything but the
// core, its store, and the work that it gives to other threads.
struct User final : client::Effects {
  User(const std::string& folder, std::string called)
      : name(std::move(called)), store(sure(client::Store::open(folder + "/" + name))) {}

  void start() {
    client::CoreOptions options;
    options.identity = &store->identity();
    options.name = name;
    options.suites = {&crypto::all_suites()[0]};
    core = std::make_unique<client::ClientCore>(options, *store, crypto::fresh_ephemerals(), *this);
  }
  template <class F>
  auto timed(F f) {
    const double began = thread_cpu_s();
    struct Stop {
      double& sum;
      double began;
      ~Stop() { sum += thread_cpu_s() - began; }
    } stop{cpu_s, began};
    return f();
  }
  void run_work(Now now) {
    for (auto& work : std::exchange(works, {})) {
      const double began = thread_cpu_s();
      work->run();
      (work->in_spare_time() ? spare_s : cpu_s) += thread_cpu_s() - began;
      timed([&] { core->work_done(std::move(work), now); });
    }
  }
  // As Link's.
  void end_turn(Now now) {
    if (core->commit_at() <= now.steady_ms) timed([&] { sure(core->commit(now)); });
    if (!core->holds_writes()) up += std::exchange(out, {});
  }

  void open_link(const std::string&) override { opening = true; }
  void write(std::string bytes) override { out += bytes; }
  void close_link(bool) override { closed = true; }
  void start_work(std::unique_ptr<client::Work> work) override { works.push_back(std::move(work)); }
  void changed() override {}
  void received(const client::Peer&, const client::Line&) override { ++heard; }
  void delivery_changed(const client::Peer&, const client::Line& line) override {
    if (line.delivery == client::Delivery::mailed) ++mailed;
    if (line.delivery == client::Delivery::delivered) ++delivered;
  }

  std::string name;
  std::unique_ptr<client::Store> store;
  std::unique_ptr<client::ClientCore> core;
  bool opening = false, closed = false;
  server::ConnId conn = 0;  // 0: none
  std::string out, up;      // what waits for the commit, and what has left
  std::deque<std::unique_ptr<client::Work>> works;
  int heard = 0, mailed = 0, delivered = 0;
  double cpu_s = 0, spare_s = 0;
};

// The relay, its clock, and two users. What is not a timer takes no time on this clock.
class World final : public server::Actions {
 public:
  explicit World(const std::filesystem::path& in)
      : folder_(in), alice(folder_.path, "alice"), bob(folder_.path, "bob") {
    const auto id = proto::Id::of(key_.public_key());
    for (auto [one, other] : {std::pair(&alice, &bob), std::pair(&bob, &alice)}) {
      sure(one->store->pin_server(address, {id, now_.unix_ms}));
      sure(one->store->pin_peer(id, other->name,
                                {other->store->id(), true, now_.unix_ms, client::Standing::contact, 0}));
      sure(one->store->save());
    }
  }

  void come(User& user) {
    user.start();
    user.core->connect(address, now_);
    run_until([&] { return user.core->model().mail_known; });
  }
  void leave(User& user) {
    user.core->disconnect(now_);
    sure(user.core->commit(now_));
    relay_.closed(std::exchange(user.conn, 0), now_);
    relay_.turn_end(now_);
    user.core.reset();
    user.works.clear();
    user.out.clear(), user.up.clear();
    user.opening = user.closed = false;
  }
  void wait(std::int64_t ms) { now_.steady_ms += ms, now_.unix_ms += ms; }
  void run_for(std::int64_t ms) {
    const auto until = now_.steady_ms + ms;
    while (pass(until)) {
    }
  }
  template <class F>
  void run_until(F done) {
    const auto limit = now_.steady_ms + hour_ms;
    while (!done())
      if (!pass(limit)) std::abort();
  }
  Now now() const { return now_; }

 private:
  static constexpr const char* address = "server:7467";

  // What can happen now, or else the next timer's time; false: that is after `limit`.
  bool pass(std::int64_t limit) {
    bool moved = false;
    for (User* user : {&alice, &bob})
      if (user->core) moved |= move(*user);
    for (auto& [conn, work] : std::exchange(work_, {})) {
      moved = true;
      work->run();
      if (work->writes()) work->write();
      relay_.work_done(conn, std::move(work), now_);
    }
    if (std::exchange(answers_, false)) moved = true, relay_.mail_answers(now_);
    if (relay_.next_tick() <= now_.steady_ms) moved = true, relay_.tick(now_);
    relay_.turn_end(now_);
    if (moved) return true;
    auto next = relay_.next_tick();
    for (const User* user : {&alice, &bob})
      if (user->core) next = std::min({next, user->core->next_tick(), user->core->commit_at()});
    if (next > limit) {
      wait(limit - now_.steady_ms);
      return false;
    }
    wait(std::max<std::int64_t>(next - now_.steady_ms, 0));
    return true;
  }
  bool move(User& user) {
    bool moved = !user.works.empty();
    user.run_work(now_);
    if (std::exchange(user.opening, false)) {
      moved = true;
      user.conn = ++connections_;
      relay_.opened(user.conn, "192.0.2.1", now_);
      user.timed([&] { user.core->link_opened(now_); });
    }
    if (const std::string bytes = std::exchange(down_[user.conn], {}); !bytes.empty()) {
      moved = true;
      user.timed([&] { user.core->link_read(bytes_of(bytes), now_); });
    }
    if (user.core->next_tick() <= now_.steady_ms) {
      moved = true;
      user.timed([&] { user.core->tick(now_); });
    }
    user.end_turn(now_);
    if (user.closed) std::abort();
    if (!user.up.empty())
      moved = true, relay_.received(user.conn, bytes_of(std::exchange(user.up, {})), now_);
    return moved;
  }

  std::size_t write(server::ConnId id, std::string_view bytes) override {
    down_[id] += bytes;
    return 0;
  }
  std::size_t queued(server::ConnId) const override { return 0; }
  void close(server::ConnId, bool) override {}
  void read_little(server::ConnId, bool) override {}
  void start_work(server::ConnId id, std::unique_ptr<server::LoginWork> work) override {
    work_.emplace_back(id, std::move(work));
  }
  void log(log::Level, std::string) override {}

  static server::Policy patient() {
    server::Policy policy;
    policy.limits.ping_ms = 100 * hour_ms;
    return policy;
  }

  Folder folder_;
  Now now_{1'000'000, 1'767'225'600'000};
  crypto::SigningKey key_ = crypto::SigningKey::generate(crypto::system_rng());
  server::MemoryAccounts accounts_;
  bool answers_ = false;
  server::MemoryMailbox mailbox_{{}, [this] { answers_ = true; }};
  server::Relay relay_{{&key_, "bench", patient()}, accounts_, mailbox_, mailbox_,
                       crypto::fresh_ephemerals(),  *this};
  server::ConnId connections_ = 0;
  std::map<server::ConnId, std::string> down_;
  std::vector<std::pair<server::ConnId, std::unique_ptr<server::LoginWork>>> work_;

 public:
  User alice, bob;
};

struct Cost {
  double sent_s = 0, read_s = 0, prekey_s = 0;  // of one letter
};

// A stranger could leave only 20 letters.
void meet(World& world) {
  auto &alice = world.alice, &bob = world.bob;
  world.come(alice);
  sure(alice.core->send_text("bob", "here I am", false, world.now()));
  world.run_until([&] { return alice.delivered == 1; });
  world.leave(alice);
  alice.delivered = bob.heard = 0;
}

// Alice's sessions live in her memory, so she starts again for each: her logins are not counted. Nor are Bob's.
Cost letters(const std::filesystem::path& folder) {
  World world(folder);
  auto &alice = world.alice, &bob = world.bob;
  world.come(bob);
  world.run_for(settled_ms);  // the prekeys are published
  meet(world);
  world.leave(bob);
  constexpr int all = sessions * letters_a_session;
  Cost cost;
  for (int n = 0; n < sessions; ++n) {
    world.wait(2 * hour_ms);  // the relay gives few `once` prekeys an hour
    world.come(alice);
    world.run_for(settled_ms);
    alice.cpu_s = 0;
    for (int i = 0; i < letters_a_session; ++i) {
      const int before = alice.mailed;
      alice.timed([&] { sure(alice.core->send_text("bob", std::string(100, 'x'), false, world.now())); });
      world.run_until([&] { return alice.mailed > before; });
    }
    world.run_for(settled_ms);
    cost.sent_s += alice.cpu_s / all;
    world.leave(alice);
  }
  world.come(bob);
  bob.cpu_s = bob.spare_s = 0;
  world.run_until([&] { return bob.heard == all; });
  world.run_for(settled_ms);
  cost.read_s = bob.cpu_s / all;
  cost.prekey_s = bob.spare_s / all;
  world.leave(bob);
  world.come(alice);
  world.run_until([&] { return alice.delivered == all; });
  world.leave(alice);
  return cost;
}

// On a disk, where the kernel's work for each fsync() is most of it on some machines; and in memory, where it is
// none.
void client_letter(benchmark::State& state, bool on_disk, double Cost::*part) {
  const auto folder = on_disk ? std::filesystem::temp_directory_path() : std::filesystem::path("/dev/shm");
  for (auto _ : state)
    state.SetIterationTime(letters(folder).*part);
}
void three_times(benchmark::internal::Benchmark* b) {
  b->Iterations(3)->UseManualTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK_CAPTURE(client_letter, sent, true, &Cost::sent_s)->Apply(three_times);
BENCHMARK_CAPTURE(client_letter, sent_in_memory, false, &Cost::sent_s)->Apply(three_times);
BENCHMARK_CAPTURE(client_letter, read, true, &Cost::read_s)->Apply(three_times);
BENCHMARK_CAPTURE(client_letter, read_in_memory, false, &Cost::read_s)->Apply(three_times);
// One prekey for each session.
BENCHMARK_CAPTURE(client_letter, prekey_in_spare_time, true, &Cost::prekey_s)->Apply(three_times);

}  // namespace
