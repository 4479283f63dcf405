// Link: the core's effects on streams, workers and the timer, and the commit at the end of a turn.
#include "client/link/link.h"

#include <algorithm>
#include <map>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "net/connector.h"
#include "os/process.h"
#include "proto/limits.h"

namespace sims::client {

namespace {

constexpr std::int64_t flush_limit_ms = 2'000;  // for the goodbye, if the caller gave no limit

// Lowers the priority of a thread of its own: a shared worker could not raise it again.
void run(Work& work) {
  if (!work.in_spare_time()) return work.run();
  try {
    std::thread([&work] {
      lower_thread_priority();
      work.run();
    }).join();
  } catch (const std::system_error&) {  // the system has no thread left
    work.run();
  }
}

}  // namespace

struct Link::State final : Effects, std::enable_shared_from_this<Link::State> {
  State(net::Loop& on, CoreOptions options, Memory& memory, crypto::EphemeralSource& ephemerals,
        Callbacks told)
      : loop(on),
        callbacks(std::move(told)),
        core(std::move(options), memory, ephemerals, *this),
        timer(on, [this] {
          if (core.next_tick() <= loop.now().steady_ms) core.tick(loop.now());
          schedule();
        }) {}

  // --- Effects: called from inside the core, so they only note the work ---
  void open_link(const std::string& host_port) override;
  void write(std::string bytes) override;
  void close_link(bool flush) override;
  void start_work(std::unique_ptr<Work> work) override;
  void changed() override;
  void received(const Peer& peer, const Line& line) override;
  void delivery_changed(const Peer& peer, const Line& line) override;

  void schedule();
  void end_turn();
  void arm_timer();
  bool commit(bool at_once = false);
  void tell_owner();
  void send();
  void adopt(std::unique_ptr<net::Stream> opened);
  void ended(std::uint64_t connection, const std::string& reason);
  void tell_end();
  void check_left();
  void die();

  struct Event {
    bool is_received;
    std::string peer;
    Line line;
  };

  net::Loop& loop;
  Callbacks callbacks;
  bool dead = false;
  bool scheduled = false;
  bool model_changed = false;
  std::vector<Event> events;
  std::string out;  // of this turn
  std::unique_ptr<net::Connector> connector;
  std::unique_ptr<net::Stream> stream;
  std::uint64_t connection = 0;  // the number of `stream`
  struct Going {
    std::unique_ptr<net::Stream> stream;
    std::string last_words;  // unwritten: the owner gets earlier events first
    bool finishing = false;
  };
  std::map<std::uint64_t, Going> going;
  std::int64_t going_limit_ms = flush_limit_ms;
  std::function<void()> on_left;
  int working = 0;  // jobs in progress
  // The stream's end waits for jobs: one may hold the server's last message.
  std::optional<std::string> end_due;
  ClientCore core;
  net::Timer timer;
};

void Link::State::open_link(const std::string& host_port) {
  auto at = Endpoint::parse(host_port, proto::default_port);
  if (!at) {
    loop.at_turn_end([weak = weak_from_this(), why = at.error()] {
      auto self = weak.lock();
      if (!self || self->dead) return;
      self->core.link_closed(why, self->loop.now());
      self->schedule();
    });
    return;
  }
  connector =
      std::make_unique<net::Connector>(loop, *at, [this](Result<std::unique_ptr<net::Stream>> opened) {
        connector.reset();
        if (opened) {
          adopt(std::move(*opened));
        } else {
          core.link_closed(opened.error(), loop.now());
        }
        schedule();
      });
}

void Link::State::adopt(std::unique_ptr<net::Stream> opened) {
  stream = std::move(opened);
  std::uint64_t number = ++connection;
  stream->set_callbacks({[this, number](ByteView bytes) {
                           if (!stream || number != connection) return;
                           core.link_read(bytes, loop.now());
                           schedule();
                         },
                         [this, number](const std::string& reason) { ended(number, reason); },
                         {}});
  stream->start();
  core.link_opened(loop.now());
}

void Link::State::ended(std::uint64_t number, const std::string& reason) {
  if (going.erase(number) == 0 && stream && number == connection) {
    end_due = reason.empty() ? "the server closed the connection" : reason;
    tell_end();
  }
  schedule();
}

void Link::State::tell_end() {
  if (!end_due || working > 0) return;
  stream.reset();
  out.clear();
  core.link_closed(*std::exchange(end_due, std::nullopt), loop.now());
}

void Link::State::write(std::string bytes) {
  if (out.empty()) {
    out = std::move(bytes);
  } else {
    out += bytes;
  }
  schedule();
}

void Link::State::send() {
  if (stream && !out.empty()) stream->write(out);
  out.clear();
  for (auto& [number, one] : going) {
    if (std::exchange(one.finishing, true)) continue;
    if (!one.last_words.empty()) one.stream->write(one.last_words);
    one.stream->finish(going_limit_ms);
  }
}

void Link::State::close_link(bool flush) {
  connector.reset();
  if (std::exchange(end_due, std::nullopt)) flush = false;  // the peer closed already
  if (flush && stream) going.emplace(connection, Going{std::move(stream), std::move(out)});
  out.clear();
  stream.reset();
  schedule();
}

void Link::State::start_work(std::unique_ptr<Work> work) {
  ++working;
  auto shared = std::make_shared<std::unique_ptr<Work>>(std::move(work));  // std::function must be copyable
  loop.work([shared] { run(**shared); },
            [shared, weak = weak_from_this()] {
              auto self = weak.lock();
              if (!self || self->dead) return;
              --self->working;
              self->core.work_done(std::move(*shared), self->loop.now());
              self->tell_end();
              self->schedule();
            });
}

void Link::State::changed() {
  model_changed = true;
  schedule();
}

void Link::State::received(const Peer& peer, const Line& line) {
  events.push_back({true, peer.name, line});
  schedule();
}

void Link::State::delivery_changed(const Peer& peer, const Line& line) {
  events.push_back({false, peer.name, line});
  schedule();
}

void Link::State::schedule() {
  if (dead || std::exchange(scheduled, true)) return;
  loop.at_turn_end([weak = weak_from_this()] {
    auto self = weak.lock();
    if (self && !self->dead) self->end_turn();
  });
}

// Commits this turn's writes when the time has come or `at_once`; an end does not wait. False: the
// output must not be sent.
bool Link::State::commit(bool at_once) {
  const Now now = loop.now();
  at_once = at_once || on_left || !going.empty();
  if (core.commit_at() > now.steady_ms && !(at_once && core.commit_at() != INT64_MAX))
    return !core.holds_writes();
  const bool held = core.holds_writes();
  if (core.commit(now) || !held) return true;
  // The output acks texts that are not on disk.
  std::erase_if(going, [](const auto& one) { return !one.second.finishing; });
  return true;
}

void Link::State::tell_owner() {
  for (auto& event : std::exchange(events, {})) {
    const auto& tell = event.is_received ? callbacks.received : callbacks.delivery_changed;
    if (tell) tell(event.peer, event.line);
    if (dead) return;
  }
}

// The caller holds `state`, since any of the owner's callbacks may end the link. The owner gets
// received texts after their commit and before their acks go out. Changes that the owner makes then
// are committed before they go out, too.
void Link::State::end_turn() {
  scheduled = false;
  commit();
  tell_owner();
  if (dead) return;
  if (commit()) send();
  arm_timer();
  if (!core.holds_writes() && std::exchange(model_changed, false) && callbacks.changed) callbacks.changed();
  if (!dead) check_left();
}

void Link::State::arm_timer() {
  const std::int64_t next = std::min(core.next_tick(), core.commit_at());
  if (next == INT64_MAX) return timer.stop();
  timer.start(std::max<std::int64_t>(loop.now().ms_until(next), 1));
}

void Link::State::check_left() {
  if (!on_left || !going.empty() || working > 0) return;
  auto done = std::exchange(on_left, nullptr);
  done();
}

void Link::State::die() {
  dead = true;
  connector.reset();
  stream.reset();
  going.clear();
  timer.stop();
}

Link::Link(net::Loop& loop, CoreOptions options, Memory& memory, crypto::EphemeralSource& ephemerals,
           Callbacks callbacks)
    : loop_(loop),
      state_(std::make_shared<State>(loop, std::move(options), memory, ephemerals, std::move(callbacks))) {
  // Schedules the requests that the core made in its constructor.
  state_->scheduled = false;
  state_->schedule();
}

Link::~Link() {
  state_->die();
}

ClientCore& Link::core() {
  state_->schedule();
  return state_->core;
}

const Model& Link::model() const {
  return state_->core.model();
}

void Link::leave(std::int64_t limit_ms, std::function<void()> done) {
  state_->going_limit_ms = limit_ms;
  state_->on_left = std::move(done);
  state_->core.disconnect(loop_.now());
  state_->close_link(true);  // whatever state the core was in
  state_->schedule();
}

void Link::commit() {
  if (!state_->core.holds_writes()) return;
  state_->commit(true);
  state_->schedule();
}

void Link::drop() {
  state_->die();
}

}  // namespace sims::client
