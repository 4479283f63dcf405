// The store under kills of its program and full disks.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "client/store/store_fixture.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;
using client::Store;

namespace {

const client::PeerKey bob = peer(1, "bob");

// A child process that runs `f` and reports numbers over a pipe. doctest's macros must not be used
// in it.
class Child {
 public:
  template <class F>
  explicit Child(F f) {
    REQUIRE(::pipe(pipe_) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(pipe_[0]);
      ::_exit(f([this](int number) { return ::write(pipe_[1], &number, sizeof number) == sizeof number; }));
    }
    ::close(pipe_[1]);
  }
  ~Child() {
    ::close(pipe_[0]);
    if (pid_ > 0) kill();
  }
  // The last number reported, when the child ends or has reported `until`.
  int told(int until = INT32_MAX) {
    for (int next; last_ < until && ::read(pipe_[0], &next, sizeof next) == sizeof next;)
      last_ = next;
    return last_;
  }
  int kill() {
    ::kill(pid_, SIGKILL);
    return wait();
  }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return status;
  }

 private:
  int pipe_[2];
  pid_t pid_;
  int last_ = 0;
};

// Adds pairs of messages with texts of several pages, each pair in one commit; reports each
// committed pair.
int add_pairs(const std::string& folder, const std::function<bool(int)>& tell,
              const std::function<void()>& step) {
  auto opened = Store::open(folder);
  if (!opened) return 1;
  Store& store = **opened;
  for (int pair = 1;; ++pair) {
    for (const char* half : {"a", "b"}) {
      auto said = entry(std::to_string(pair) + half, true, Delivery::queued);
      said.body.resize(9'000, '.');
      auto row = store.add(bob, said);
      if (!row) return 2;
      step();
      if (pair % 3 == 0 && !store.set_delivery(*row, Delivery::delivered, "", true)) return 3;
      step();
    }
    if (!store.commit()) return 4;
    if (!tell(pair)) return 5;
    step();
  }
}

// Checks that all confirmed commits are there, and that the next one is there as a whole or not at
// all.
void check_pairs(const std::string& folder, int confirmed) {
  auto store = open_store(folder);
  const auto rows = store->before(bob, 0, 100'000).value();
  REQUIRE(rows.size() % 2 == 0);
  const int pairs = static_cast<int>(rows.size() / 2);
  CHECK(pairs >= confirmed);
  CHECK(pairs <= confirmed + 1);
  std::size_t pending = 0;
  for (int pair = 1; pair <= pairs; ++pair)
    for (int half : {0, 1}) {
      const auto& row = rows[static_cast<std::size_t>(2 * (pair - 1) + half)];
      REQUIRE(row.body.size() == 9'000);
      CHECK(row.body.starts_with(std::to_string(pair) + (half ? "b." : "a.")));
      CHECK((row.delivery == Delivery::delivered) == (pair % 3 == 0));
      pending += row.delivery == Delivery::queued;
    }
  const auto out = store->outbox(bob.server).value();
  CHECK((out.empty() ? 0 : out.at("bob").size()) == pending);
  CHECK(raw(folder).number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1);
}

}  // namespace

TEST_CASE("store: killed at any step, it has all that commit() confirmed, and nothing half-written") {
  for (int kill_at = 0; kill_at < 40; ++kill_at) {
    CAPTURE(kill_at);
    TempFolder temp;
    open_store(temp.path());
    Child child([&](auto tell) {
      int step = 0;
      return add_pairs(temp.path(), tell, [&] {
        if (step++ == kill_at) ::kill(::getpid(), SIGKILL);
      });
    });
    const int confirmed = child.told();
    CHECK(WIFSIGNALED(child.wait()));
    check_pairs(temp.path(), confirmed);
  }
}

// A text waits for the one before it and is shown after it, each in a commit; reports each commit.
int add_waiting(const std::string& folder, const std::function<bool(int)>& tell,
                const std::function<void()>& step) {
  auto opened = Store::open(folder);
  if (!opened) return 1;
  Store& store = **opened;
  for (int i = 0;; ++i) {
    auto late = entry("late " + std::to_string(i)), early = entry("early " + std::to_string(i));
    late.after = early.uid;
    late.waits = true;
    const auto row = store.add(bob, late);
    if (!row) return 2;
    step();
    if (!store.commit() || !tell(2 * i + 1)) return 3;
    step();
    if (!store.add(bob, early)) return 4;
    step();
    late.row = *row;
    late.waits = false;
    if (!store.put_last(bob, late)) return 5;
    step();
    if (!store.commit() || !tell(2 * i + 2)) return 6;
    step();
  }
}

TEST_CASE("attack 7: store: killed at any step, a text that waits is there once, waiting or shown") {
  for (int kill_at = 0; kill_at < 24; ++kill_at) {
    CAPTURE(kill_at);
    TempFolder temp;
    open_store(temp.path());
    Child child([&](auto tell) {
      int step = 0;
      return add_waiting(temp.path(), tell, [&] {
        if (step++ == kill_at) ::kill(::getpid(), SIGKILL);
      });
    });
    const int confirmed = child.told();
    CHECK(WIFSIGNALED(child.wait()));
    auto store = open_store(temp.path());
    const auto shown = store->before(bob, 0, 100).value();
    auto all = store->waiting(bob.server).value();
    const auto& waiting = all["bob"];
    // A commit whose report was lost may have been made, and nothing else.
    const int made = static_cast<int>(shown.size() + waiting.size());
    CHECK(made >= confirmed);
    CHECK(made <= confirmed + 1);
    REQUIRE(shown.size() % 2 == 0);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const std::string number = std::to_string(i / 2);
      CHECK(shown[i].body == (i % 2 == 0 ? "early " : "late ") + number);
    }
    REQUIRE(waiting.size() <= 1);
    const std::string next = std::to_string(shown.size() / 2);
    if (!waiting.empty()) CHECK(waiting[0].body == "late " + next);
    CHECK(store->seen(bob, some_id(9), "uid of late " + next) == !waiting.empty());
    CHECK_FALSE(store->seen(bob, some_id(9), "uid of early " + next));
  }
}

TEST_CASE("store: killed at any moment, again and again, on one file") {
  TempFolder temp;
  open_store(temp.path());
  FixedRng rng(7);
  for (int round = 0; round < 25; ++round) {
    CAPTURE(round);
    TempFolder fresh;
    open_store(fresh.path());
    Child child([&](auto tell) { return add_pairs(fresh.path(), tell, [] {}); });
    child.told(1 + static_cast<int>(rng.pick(4)));
    // Killed somewhere within the next pairs, as the kernel decides.
    std::this_thread::sleep_for(std::chrono::microseconds(rng.pick(3'000)));
    CHECK(WIFSIGNALED(child.kill()));
    check_pairs(fresh.path(), child.told());
  }
}

TEST_CASE("store: killed while it is made, it is made at the next start") {
  for (int after_us = 0; after_us < 20'000; after_us += 1'000) {
    TempFolder temp;
    Child child([&](auto tell) {
      tell(1);
      return Store::open(temp.path()) ? 0 : 1;
    });
    child.told(1);
    std::this_thread::sleep_for(std::chrono::microseconds(after_us));
    child.kill();
    auto store = open_store(temp.path());
    CHECK(store->pin_server("a:1", {some_id(1), 1}));
    CHECK(store->commit());
    CHECK_FALSE(file_exists(temp / "store.db.unfinished"));
  }
}

TEST_CASE("store: on a full disk a commit fails, earlier data stays, and later commits work") {
  TempFolder temp;
  {
    auto store = open_store(temp.path());
    REQUIRE(store->add(bob, entry("before")));
    REQUIRE(store->commit());
  }
  Child child([&](auto tell) {
    auto store = Store::open(temp.path());
    if (!store || !(*store)->hold()) return 1;
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const auto was = limit.rlim_cur;
    limit.rlim_cur = 200'000;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto large = entry("too much");
    large.body.resize(16'000, '.');
    int failures = 0;
    for (int i = 0; i < 40 && failures == 0; ++i) {
      const bool added = (*store)->add(bob, large).has_value();
      const auto done = (*store)->commit();
      if (!added && done) return 2;
      if (!done) ++failures;
      large.uid += '.';
    }
    if (failures == 0) return 3;
    const auto kept = (*store)->before(bob, 0, 100);
    if (!kept || kept->front().body != "before") return 4;
    limit.rlim_cur = was;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (!(*store)->add(bob, entry("after")) || !(*store)->commit()) return 5;
    tell(static_cast<int>(kept->size()));
    return 0;
  });
  const int kept = child.told();
  CHECK(child.wait() == 0);
  CHECK(kept > 1);
  const auto rows = open_store(temp.path())->before(bob, 0, 100).value();
  CHECK(static_cast<int>(rows.size()) == kept + 1);
  CHECK(rows.back().body == "after");
}
