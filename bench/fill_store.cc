// fill_store FOLDER HOST:PORT SERVER-ID MESSAGES PEERS: makes a client's store in a new FOLDER with
// MESSAGES messages of the peers p0, p1 ... at this server, by turns. The oldest message contains
// "needle", the newest is p0's "the last word". Then it reopens the store, measures, and prints one
// figure a line, its name last.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "client/store/store.h"
#include "os/files.h"
#include "os/process.h"

namespace {

using namespace sims;
using client::Store;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t batch = 1'000;  // messages a commit
constexpr std::int64_t first_ms = 1'600'000'000'000, apart_ms = 60'000;
constexpr const char* words[] = {"and",   "are",  "build", "can",     "done",  "for",     "have",  "it",
                                 "later", "look", "meet",  "message", "night", "of",      "on",    "please",
                                 "read",  "see",  "so",    "test",    "the",   "thought", "today", "tomorrow",
                                 "we",    "what", "when",  "window",  "with",  "would",   "yes",   "you"};

template <class T>
T sure(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "fill_store: %s\n", result.error().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double ms_since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

double max_rss_mib() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_maxrss) / 1'024;
}

void print(double value, const char* name) {
  fmt::print("{:10.2f} {}\n", value, name);
  std::fflush(stdout);
}

struct Plan {
  std::string folder, server;
  proto::Id id;
  std::uint64_t messages, peers;
  client::PeerKey peer(std::uint64_t number) const { return {id, fmt::format("p{}", number)}; }
};

client::HistoryEntry message(const Plan& plan, std::uint64_t number, std::mt19937& rng) {
  client::HistoryEntry out;
  out.mine = rng() % 2 == 0;
  out.uid = fmt::format("uid-of-message-{:07}", number);
  out.at_unix_ms = first_ms + static_cast<std::int64_t>(number) * apart_ms;
  out.body = number == 0 ? "needle" : number + 1 == plan.messages ? "the last word" : "";
  if (!out.body.empty()) return out;
  for (std::size_t left = 2 + rng() % 14; left > 0; --left)
    out.body.append(out.body.empty() ? "" : " ").append(words[rng() % std::size(words)]);
  return out;
}

void fill(const Plan& plan) {
  auto store = sure(Store::open(plan.folder));
  std::mt19937 rng(1);
  sure(store->pin_server(plan.server, {plan.id, first_ms}));
  sure(store->save_settings({plan.server, "alice", ""}));
  for (std::uint64_t i = 0; i < plan.peers; ++i) {
    const auto id = proto::Id::of(crypto::SigningKey::generate(crypto::system_rng()).public_key());
    // The search reads all messages.
    sure(store->pin_peer(plan.id, plan.peer(i).name,
                         {id, false, first_ms, client::Standing::contact, plan.messages}));
  }
  for (std::uint64_t i = 0; i < plan.messages; ++i) {
    const auto peer = plan.peer((plan.messages - 1 - i) % plan.peers);
    sure(store->add(peer, message(plan, i, rng)));
    if (i % batch == 0) sure(store->commit());
  }
  sure(store->commit());
}

void measure(const Plan& plan) {
  auto began = Clock::now();
  auto store = sure(Store::open(plan.folder));
  print(ms_since(began), "open ms");
  began = Clock::now();
  const auto page = sure(store->before(plan.peer(0), 0, 100));
  print(ms_since(began), "last page ms");
  if (page.empty() || page.back().body != "the last word") sure<void>(fail("the last word is missing"));

  auto search = store->search(std::nullopt, "NEEDLE", 100);
  began = Clock::now();
  search->run();
  print(ms_since(began), "search ms");
  if (search->hits.size() != 1) sure<void>(fail("not found: " + search->problem));
  print(max_rss_mib(), "peak RSS MiB");

  auto cancelled = store->search(std::nullopt, "no such text", 100);
  std::thread other([&] { cancelled->run(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  began = Clock::now();
  cancelled->cancel();
  other.join();
  print(ms_since(began), "cancel ms");
}

}  // namespace

int main(int argc, char** argv) {
  sims::harden_process();
  const auto id = argc == 6 ? proto::Id::parse(argv[3]) : std::nullopt;
  if (!id) {
    std::fprintf(stderr, "usage: fill_store FOLDER HOST:PORT SERVER-ID MESSAGES PEERS\n");
    return 2;
  }
  const Plan plan{argv[1], argv[2], *id, std::strtoull(argv[4], nullptr, 10),
                  std::strtoull(argv[5], nullptr, 10)};
  if (plan.messages == 0 || plan.peers == 0 || file_exists(plan.folder)) {
    std::fprintf(stderr, "fill_store: nothing to fill, or the folder is there already\n");
    return 2;
  }
  const auto began = Clock::now();
  fill(plan);
  print(ms_since(began), "fill ms");
  measure(plan);
  return 0;
}
