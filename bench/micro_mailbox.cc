// Micro-benchmarks of mail.db: letters a second on a real disk, with fsync, spread over boxes and senders. A part of
// bench/micro: make micro BENCH=--benchmark_filter=mail. TMPDIR chooses the disk.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/base64.h"
#include "os/semaphore.h"
#include "server/mailbox/mailbox_threads.h"
#include "server/mailbox/sqlite_mailbox.h"

namespace {

using namespace sims;
using server::SqliteMailbox;
using server::Ticket;

constexpr std::uint64_t unix_s = 1'767'225'600;
constexpr std::size_t letter_size = 1'150;  // of a text of 100 bytes
constexpr std::uint32_t senders = 8;
constexpr std::size_t batch = 64;

proto::Id id(std::uint32_t n) {
  Bytes key(32, 7);
  std::memcpy(key.data(), &n, sizeof n);
  return *proto::Id::shaped(base64_encode(key, Base64::url_unpadded));
}

struct Folder {
  Folder() : path((std::filesystem::temp_directory_path() / "sims-bench-XXXXXX").string()) {
    if (mkdtemp(path.data()) == nullptr) abort();
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

// Puts one letter after the other, each for the next owner, and strikes off what came `waiting` letters before.
class Load {
 public:
  Load(SqliteMailbox& box, std::uint32_t owners, std::size_t waiting) : box_(box), waiting_(waiting) {
    for (std::uint32_t n = 0; n < owners; ++n)
      owners_.push_back(id(n));
    for (std::uint32_t n = 0; n < senders; ++n)
      senders_.push_back(id(1'000'000 + n));
  }
  void put() {
    const auto& owner = owners_[next_ % owners_.size()];
    box_.put(++ticket_, {owner, senders_[next_ % senders], server::MailKind::letter, text(next_), false},
             unix_s);
    ++next_;
  }
  // As many of the oldest as are too many, by owner.
  std::size_t strike(std::size_t most) {
    std::size_t asked = 0;
    for (; asked < most && next_ - struck_ > waiting_; ++asked, ++struck_)
      box_.strike(++ticket_, owners_[struck_ % owners_.size()],
                  {{crypto::sha256({bytes_of(text(struck_))}), INT64_MAX}});
    return asked;
  }

 private:
  static std::string text(std::uint64_t n) {
    auto out = std::to_string(n);
    out.resize(letter_size, 'x');
    return out;
  }
  SqliteMailbox& box_;
  std::size_t waiting_;
  std::vector<proto::Id> owners_, senders_;
  std::uint64_t next_ = 0, struck_ = 0;
  Ticket ticket_ = 0;
};

std::unique_ptr<SqliteMailbox> opened(const Folder& folder, std::function<void()> wake) {
  server::MailLimits limits;
  limits.sender_letters = limits.owner_letters = 1'000'000;
  auto box = SqliteMailbox::open(folder.path + "/mail.db", limits, std::move(wake));
  if (!box) abort();
  return std::move(*box);
}

// One transaction of 64 letters; with strikes, which owners ask for as they ack, in the same one.
void mail_commit(benchmark::State& state, bool strikes) {
  const Folder folder;
  const auto box = opened(folder, [] {});
  Load load(*box, static_cast<std::uint32_t>(state.range(0)), strikes ? 1'000 : SIZE_MAX);
  for (auto _ : state) {
    for (std::size_t n = 0; n < batch; ++n)
      load.put();
    load.strike(batch);
    while (box->change()) {
    }
    benchmark::DoNotOptimize(box->take_answers());
  }
  if (box->stats().stored != static_cast<std::uint64_t>(state.iterations()) * batch) abort();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}
BENCHMARK_CAPTURE(mail_commit, puts, false)
    ->Arg(100)
    ->Arg(10'000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(mail_commit, puts_and_strikes, true)
    ->Arg(100)
    ->Arg(10'000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

// Through the threads, with so many letters unanswered at a time: an item is a letter put and, later, struck off.
void mail_threads(benchmark::State& state) {
  const Folder folder;
  LoopCpu cpu;
  Semaphore woken;
  const auto box = opened(folder, [&] { woken.post(); });
  server::MailboxThreads threads(*box, cpu);
  Load load(*box, 1'000, 2'000);
  std::int64_t unanswered = 0;
  const auto hear = [&] {
    woken.wait();
    for (const auto& answer : box->take_answers())
      unanswered -= std::holds_alternative<server::PutAnswer>(answer);
  };
  for (auto _ : state) {
    load.put();
    ++unanswered;
    load.strike(1);
    while (unanswered >= state.range(0))
      hear();
  }
  while (unanswered > 0)
    hear();
  state.SetItemsProcessed(state.iterations());
  state.counters["letters_a_commit"] =
      static_cast<double>(box->stats().stored) / static_cast<double>(box->stats().commits);
}
BENCHMARK(mail_threads)->Arg(8)->Arg(64)->Arg(400)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
