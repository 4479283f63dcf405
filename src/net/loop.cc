// The event loop. A turn runs timers, before_poll, I/O, after_poll, and close callbacks, in this
// order. Functions given to at_turn_end() run in before_poll or after_poll, whichever comes next,
// so they run before the loop can wait again.
#include "net/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "net/loop_state.h"
#include "os/log.h"

namespace sims::net {

namespace {

// Some jobs are handshakes, for which more threads than processors are useless. Others wait for
// disks and must not delay the rest, so there are at least this many threads.
constexpr unsigned min_workers = 4;

// Functions for the turn's end may add others: so many times, before timers and I/O get a turn.
constexpr int max_rounds = 10;

// Exits on failures that mean no memory or no descriptors at the start.
void must(int status, const char* what) {
  if (status == 0) return;
  log::error("{}: {}", what, uv_strerror(status));
  ::_exit(1);
}

}  // namespace

// Resets the time before and after: after before_poll the loop may wait for minutes. While functions
// are left, `not_idle` makes the loop poll without waiting.
void Loop::State::run_turn_end() noexcept {
  now.reset();
  for (int round = 0; round < max_rounds && !turn_end.empty(); ++round) {
    turn_end_now.swap(turn_end);
    for (auto& f : turn_end_now)
      f();
    turn_end_now.clear();
  }
  now.reset();
  if (turn_end.empty())
    uv_idle_stop(&not_idle);
  else
    uv_idle_start(&not_idle, [](uv_idle_t*) noexcept {});
}

void Loop::State::run_posted() noexcept {
  std::uint64_t count = 0;
  while (::read(wake_fd, &count, sizeof count) < 0 && errno == EINTR) {
  }  // the count does not matter
  std::vector<std::function<void()>> batch;
  {
    std::lock_guard guard(posted_mutex);
    batch.swap(posted);
  }
  for (auto& f : batch)
    f();
}

void Loop::State::descriptor_free() {
  for (const auto& [pause, resume] : std::exchange(starved, {}))
    uv_timer_start(pause, resume, 0, 0);
}

void Loop::State::post(std::function<void()> f) {
  {
    const std::lock_guard guard(posted_mutex);
    posted.push_back(std::move(f));
  }
  const std::uint64_t one = 1;
  while (::write(wake_fd, &one, sizeof one) < 0 && errno == EINTR) {
  }  // EAGAIN, when the counter is full: the loop wakes anyway
}

Loop::Loop() : state_(std::make_unique<State>()) {
  State* s = state_.get();
  must(uv_loop_init(&s->loop), "event loop");
  s->loop.data = s;
  must(uv_prepare_init(&s->loop, &s->before_poll), "event loop");
  must(uv_check_init(&s->loop, &s->after_poll), "event loop");
  must(uv_idle_init(&s->loop, &s->not_idle), "event loop");
  s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  must(s->wake_fd < 0 ? uv_translate_sys_error(errno) : 0, "event loop");
  must(uv_poll_init(&s->loop, &s->wake, s->wake_fd), "event loop");
  must(uv_poll_start(&s->wake, UV_READABLE,
                     [](uv_poll_t* h, int, int) noexcept { State::of(h).run_posted(); }),
       "event loop");
  s->workers.emplace(std::clamp(std::thread::hardware_concurrency(), min_workers, max_workers));
  s->in_order.emplace(1);
  uv_prepare_start(&s->before_poll, [](uv_prepare_t* h) noexcept { State::of(h).run_turn_end(); });
  uv_check_start(&s->after_poll, [](uv_check_t* h) noexcept {
    ++State::of(h).turn;
    State::of(h).run_turn_end();
  });
  // None of the three keeps the loop running.
  uv_unref(reinterpret_cast<uv_handle_t*>(&s->before_poll));
  uv_unref(reinterpret_cast<uv_handle_t*>(&s->after_poll));
  uv_unref(reinterpret_cast<uv_handle_t*>(&s->wake));
}

Loop::~Loop() {
  State* s = state_.get();
  // Drops functions without running them; the objects that they own may close handles of this loop.
  s->turn_end.clear();
  s->workers.reset();
  s->in_order.reset();
  {
    std::unique_lock guard(s->posted_mutex);
    auto dropped = std::exchange(s->posted, {});
    guard.unlock();
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&s->before_poll), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&s->after_poll), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&s->not_idle), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&s->wake), nullptr);
  uv_walk(
      &s->loop,
      [](uv_handle_t* h, void*) {
        assert(uv_is_closing(h) && "a handle outlives its loop"), static_cast<void>(h);
      },
      nullptr);
  uv_run(&s->loop, UV_RUN_DEFAULT);
  if (uv_loop_alive(&s->loop)) uv_run(&s->loop, UV_RUN_DEFAULT);  // a stop() that no run saw ended the first
  s->turn_end.clear();
  int status = uv_loop_close(&s->loop);
  assert(status == 0);
  static_cast<void>(status);
  ::close(s->wake_fd);
}

void Loop::run() {
  State* s = state_.get();
  do {
    s->now.reset();
    uv_run(&s->loop, UV_RUN_DEFAULT);
    s->run_turn_end();  // functions from the last close callbacks, or of a loop with nothing to wait for
  } while (!s->stopping && uv_loop_alive(&s->loop));
  s->stopping = false;
}

void Loop::stop() {
  state_->stopping = true;
  uv_stop(&state_->loop);
}

Now Loop::now() const {
  if (!state_->now) state_->now = read_clocks();
  return *state_->now;
}

void Loop::post(std::function<void()> f) {
  state_->post(std::move(f));
}

void Loop::work(std::function<void()> job, std::function<void()> done) {
  state_->work(*state_->workers, std::move(job), std::move(done));
}

void Loop::work_in_order(std::function<void()> job, std::function<void()> done) {
  state_->work(*state_->in_order, std::move(job), std::move(done));
}

// The shared Job makes both functions die on the loop's thread, even if they never run.
void Loop::State::work(Workers& by, std::function<void()> job, std::function<void()> done) {
  const auto waker = reinterpret_cast<uv_handle_t*>(&wake);
  struct Job {
    std::function<void()> job, done;
  };
  if (jobs++ == 0) uv_ref(waker);
  by.add([this, waker, both = std::make_shared<Job>(Job{std::move(job), std::move(done)})]() mutable {
    both->job();
    post([this, waker, both = std::move(both)] {
      if (--jobs == 0) uv_unref(waker);
      if (both->done) both->done();
    });
  });
}

void Loop::at_turn_end(std::function<void()> f) {
  state_->turn_end.push_back(std::move(f));
}

uv_loop_s* Loop::uv() const {
  return &state_->loop;
}

// --- Timer, Signal, Readable: a box each, since libuv may use the handle after its owner died ------------

struct Timer::Box {
  uv_timer_t handle;
  std::function<void()> on_fire;
};

Timer::Timer(Loop& loop, std::function<void()> on_fire) : box_(new Box{{}, std::move(on_fire)}) {
  uv_timer_init(loop.uv(), &box_->handle);
  box_->handle.data = box_;
}

Timer::~Timer() {
  abandon(box_);
}

void Timer::start(std::int64_t after_ms, std::int64_t repeat_ms) {
  uv_update_time(box_->handle.loop);  // else the timer fires early after a long turn
  uv_timer_start(
      &box_->handle, [](uv_timer_t* h) noexcept { static_cast<Box*>(h->data)->on_fire(); },
      static_cast<std::uint64_t>(after_ms < 0 ? 0 : after_ms),
      static_cast<std::uint64_t>(repeat_ms < 0 ? 0 : repeat_ms));
}

void Timer::stop() {
  uv_timer_stop(&box_->handle);
}

struct Signal::Box {
  uv_signal_t handle;
  std::function<void()> on_signal;
};

Signal::Signal(Loop& loop, int signum, std::function<void()> on_signal)
    : box_(new Box{{}, std::move(on_signal)}) {
  must(uv_signal_init(loop.uv(), &box_->handle), "signal");
  box_->handle.data = box_;
  must(uv_signal_start(
           &box_->handle, [](uv_signal_t* h, int) noexcept { static_cast<Box*>(h->data)->on_signal(); },
           signum),
       "signal");
  // Signal handlers do not keep a program running.
  uv_unref(reinterpret_cast<uv_handle_t*>(&box_->handle));
}

Signal::~Signal() {
  abandon(box_);
}

struct Readable::Box {
  uv_poll_t handle;
  std::function<void()> on_readable;
};

Readable::Readable(Loop& loop, int fd, std::function<void()> on_readable)
    : box_(new Box{{}, std::move(on_readable)}) {
  must(uv_poll_init(loop.uv(), &box_->handle, fd), "poll");
  box_->handle.data = box_;
  // An error counts as readiness too: the owner's read() returns it.
  must(uv_poll_start(&box_->handle, UV_READABLE,
                     [](uv_poll_t* h, int, int) noexcept { static_cast<Box*>(h->data)->on_readable(); }),
       "poll");
}

Readable::~Readable() {
  abandon(box_);
}

}  // namespace sims::net
