// Daemon: its start, its sockets, the relay's actions, the end of a turn, and signals.
#include "server/daemon/daemon.h"

#include <signal.h>
#include <systemd/sd-daemon.h>
#include <tsl/robin_map.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <limits>

#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"
#include "os/cpu_affinity.h"
#include "os/process.h"
#include "os/program.h"
#include "server/admin/metrics.h"
#include "server/daemon/control_socket.h"
#include "server/daemon/daemon_operations.h"
#include "server/daemon/key_pool.h"
#include "server/daemon/metrics_socket.h"
#include "server/daemon/privileges.h"
#include "server/daemon/service_manager.h"
#include "server/mailbox/expiry_clock.h"
#include "server/mailbox/mailbox_threads.h"

namespace sims::server {

namespace {

constexpr std::int64_t drain_ms = 4'000;  // simsd(8) promises 5 s; an RSA key being made may add one
constexpr std::size_t p384_keys = 64;     // made ahead, for a burst of so many logins
constexpr unsigned reads_a_turn = 16;
constexpr std::size_t max_bytes = 64 * 1024, little_bytes = 4 * 1024;  // of one read
// With more logins at once, per processor beside the loop's, they use the loop's processor as well.
constexpr unsigned logins_a_processor = 3;
constexpr std::chrono::seconds first_key_limit{3};
constexpr std::size_t max_lingering = 1'024;            // closed connections that still flush their output
constexpr std::size_t max_lingering_bytes = 32 * 1024;  // of one; a client that reads gets them
// Beside connections: lingering ones, listeners, databases, loop.
constexpr std::size_t other_descriptors = max_lingering + 96;
constexpr int own_threads = 7;  // key pool, mailbox and a worker
constexpr std::int64_t expire_mail_ms = 60'000;

using Streams = tsl::robin_map<ConnId, std::unique_ptr<net::Stream>>;

// The mailbox's `wake`, which exists before the loop that it wakes.
class MailWake {
 public:
  // Any thread. Calls `then` on the loop's thread, once for all calls that come before that.
  void operator()() {
    if (!woken_.exchange(true))
      post_([this] {
        woken_ = false;
        then_();
      });
  }
  // Before the first question.
  void connect(std::function<void(std::function<void()>)> post, std::function<void()> then) {
    post_ = std::move(post);
    then_ = std::move(then);
  }

 private:
  std::function<void(std::function<void()>)> post_;
  std::function<void()> then_;
  std::atomic<bool> woken_ = false;
};

class Daemon : public Actions {
 public:
  // The mailbox calls `wake`.
  Daemon(const Settings& settings, StateFolder& state, SqliteMailbox& mailbox, MailWake& wake,
         const DaemonHooks& hooks);
  Result<void> listen(const Sockets& sockets);
  Result<void> listen_to_administrators();
  void wait_for_keys();
  std::string addresses() const;
  void run();
  void tell_ready() { manager_.tell("READY=1"); }

 private:
  // Actions
  std::size_t write(ConnId id, std::string_view bytes) override;
  std::size_t queued(ConnId id) const override;
  void close(ConnId id, bool flush) override;
  void read_little(ConnId id, bool on) override;
  void start_work(ConnId id, std::unique_ptr<LoginWork> work) override;
  void log(log::Level level, std::string line) override { log::write(level, line); }

  void expire_mail();
  std::string metrics() { return metrics_text(operations_.stats(), operations_.status()); }
  void accept(std::unique_ptr<net::Stream> stream);
  void turn();  // an event happened: call the relay's turn_end() at the end of the loop's turn
  void end_of_turn();
  void write_all();
  void on_tick();
  Result<void> reload();
  void stop();
  void stop_when_drained();
  void fill_pool();
  void feed_watchdog();

  Settings settings_;
  const StateFolder& state_;
  const DaemonHooks& hooks_;
  const ServiceManager manager_;
  LoopCpu cpu_;   // other threads avoid the loop's processor, so that messages do not wait for logins
  KeyPool pool_;  // outlives the loop, whose workers use it
  SqliteMailbox& mailbox_;
  net::Loop loop_;
  std::optional<MailboxThreads> mailbox_threads_;  // they post to the loop
  std::unique_ptr<Relay> relay_;
  DaemonOperations operations_;
  std::unique_ptr<ControlSocket> control_;
  std::unique_ptr<MetricsSocket> metrics_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  Streams streams_;    // open for the relay, by its connection number
  Streams lingering_;  // closed by the relay, and still flushing
  ConnId last_id_ = 0;
  net::Timer tick_;
  net::Timer drain_;
  net::Timer watchdog_;
  net::Timer expire_mail_;
  ExpiryClock expiry_clock_;
  std::int64_t armed_for_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t due_us_ = 0;             // of the tick, steady; 0: at once, which is never late
  std::int64_t turn_began_us_ = 0;      // steady; the turn's first read; 0: none yet
  std::uint64_t forwarded_before_ = 0;  // messages, in earlier turns
  unsigned reads_ = 0;
  std::size_t logins_ = 0;  // being worked on
  bool turn_pending_ = false;
  bool stopping_ = false;
  net::Signal terminate_, interrupt_, hangup_;
};

bool has_rsa(const crypto::SuiteList& suites) {
  return std::any_of(suites.begin(), suites.end(),
                     [](const auto* s) { return s->rekeying == crypto::Rekeying::fresh_exchange; });
}

Daemon::Daemon(const Settings& settings, StateFolder& state, SqliteMailbox& mailbox, MailWake& wake,
               const DaemonHooks& hooks)
    : settings_(settings),
      state_(state),
      hooks_(hooks),
      pool_({p384_keys, settings.rsa_keys}, cpu_),
      mailbox_(mailbox),
      relay_(std::make_unique<Relay>(
          RelayOptions{&state.identity, settings.name, settings.policy, state.accounts->bans()},
          *state.accounts, mailbox, mailbox, pool_, *this)),
      operations_({*relay_, settings_, state, pool_, mailbox,
                   [this](auto job, auto done) { loop_.work(std::move(job), std::move(done)); },
                   [this] { turn(); }, [this] { return addresses(); },
                   [this] {
                     std::uint64_t all = 0;
                     for (const auto& l : listeners_)
                       all += l->pauses();
                     return all;
                   },
                   [this] { return reload(); }, [this] { return loop_.now(); }}),
      tick_(loop_, [this] { on_tick(); }),
      drain_(loop_, [this] { loop_.stop(); }),
      watchdog_(loop_, [this] { manager_.tell("WATCHDOG=1"); }),
      expire_mail_(loop_, [this] { expire_mail(); }),
      terminate_(loop_, SIGTERM, [this] { stop(); }),
      interrupt_(loop_, SIGINT, [this] { stop(); }),
      hangup_(loop_, SIGHUP, [this] { static_cast<void>(reload()); }) {
  fill_pool();
  wake.connect([this](auto f) { loop_.post(std::move(f)); },
               [this] {
                 relay_->mail_answers(loop_.now());
                 turn();
               });
  relay_->drop_banned_mail(loop_.now());
  expire_mail();  // before the threads, since a rescue that goes on at the start needs the time
  mailbox_threads_.emplace(mailbox, cpu_);
  expire_mail_.start(expire_mail_ms, expire_mail_ms);
}

void Daemon::expire_mail() {
  const bool was_ahead = expiry_clock_.wall_is_ahead();
  const auto now = loop_.now();
  const auto time = expiry_clock_.unix_s(now.unix_s(), now.steady_ms);
  if (expiry_clock_.wall_is_ahead() && !was_ahead)
    log::warning("event=clock-ahead seconds={} note=\"letters expire by it in a day\"", now.unix_s() - time);
  const auto ticket = relay_->mail_ticket([](const MailAnswer& answer) {
    const auto& done = std::get<DoneAnswer>(answer);
    if (done.error.empty() && done.removed > 0) log::info("event=mail-expired items={}", done.removed);
  });
  mailbox_.expire(ticket, time);
}

// --- listening -----------------------------------------------------------------------------------

Result<void> Daemon::listen(const Sockets& sockets) {
  if (sockets.metrics) {
    auto socket = MetricsSocket::adopt(loop_, *sockets.metrics, [this] { return metrics(); });
    TRY(socket);
    metrics_ = std::move(*socket);
  }
  for (const int fd : sockets.clients) {
    auto listener = net::Listener::adopt(loop_, fd, [this](auto stream) { accept(std::move(stream)); });
    if (!listener) return fail("listening socket: " + listener.error());
    listeners_.push_back(std::move(*listener));
  }
  return {};
}

Result<void> Daemon::listen_to_administrators() {
  auto control = ControlSocket::open(loop_, state_.path + "/control", operations_);
  TRY(control);
  control_ = std::move(*control);
  if (!metrics_ && !settings_.metrics_listen.empty()) {
    auto socket = MetricsSocket::listen(loop_, *parse_metrics_address(settings_.metrics_listen),
                                        [this] { return metrics(); });
    if (!socket) return fail(socket.error() + " (under systemd: simsd-metrics.socket, see simsd(8))");
    metrics_ = std::move(*socket);
  }
  if (metrics_) log::notice("event=metrics address={}", metrics_->address());
  return {};
}

std::string Daemon::addresses() const {
  std::string all;
  for (const auto& l : listeners_)
    all += (all.empty() ? "" : ",") + l->bound().str();
  return all;
}

void Daemon::accept(std::unique_ptr<net::Stream> stream) {
  const ConnId id = ++last_id_;
  net::Stream& s = *(streams_[id] = std::move(stream));
  net::Stream::Callbacks on;
  on.on_read = [this, id](ByteView bytes) {
    if (turn_began_us_ == 0) turn_began_us_ = steady_us();
    relay_->received(id, bytes, loop_.now());
    // When many connections are readable, the first answers do not wait for the last read.
    if (++reads_ % reads_a_turn == 0) write_all();
    turn();
  };
  on.on_end = [this, id](const std::string&) {
    if (streams_.erase(id) > 0) {
      relay_->closed(id, loop_.now());
      return turn();
    }
    lingering_.erase(id);
    stop_when_drained();
  };
  s.set_callbacks(std::move(on));
  relay_->opened(id, s.peer_address(), loop_.now());
  turn();
  if (const auto kept = streams_.find(id); kept != streams_.end()) kept->second->start();
}

// --- the relay's actions -------------------------------------------------------------------------

std::size_t Daemon::write(ConnId id, std::string_view bytes) {
  const auto at = streams_.find(id);
  if (at == streams_.end()) return 0;
  at->second->write(bytes);
  return at->second->queued();
}

std::size_t Daemon::queued(ConnId id) const {
  const auto at = streams_.find(id);
  return at == streams_.end() ? 0 : at->second->queued();
}

void Daemon::read_little(ConnId id, bool on) {
  if (const auto at = streams_.find(id); at != streams_.end())
    at->second->set_read_size(on ? little_bytes : max_bytes);
}

void Daemon::close(ConnId id, bool flush) {
  const auto at = streams_.find(id);
  if (at == streams_.end()) return;
  auto stream = std::move(at.value());
  streams_.erase(at);
  const bool too_many = lingering_.size() >= max_lingering || stream->queued() > max_lingering_bytes;
  if (!flush || (too_many && !stopping_)) return;
  net::Stream& kept = *(lingering_[id] = std::move(stream));
  kept.finish(drain_ms);
}

void Daemon::start_work(ConnId id, std::unique_ptr<LoginWork> work) {
  const auto shared = std::make_shared<std::unique_ptr<LoginWork>>(std::move(work));
  cpu_.pin(loop_.now().steady_ms);
  const bool crowded =
      ++logins_ > logins_a_processor * cpu_.others() && cpu_.others() < net::Loop::max_workers;
  loop_.work(
      [this, shared, crowded] {
        thread_local const bool once = (lower_thread_priority(), true);
        static_cast<void>(once);
        if (crowded)
          cpu_.use_any_cpu();
        else
          cpu_.avoid_loop_cpu();
        (*shared)->run();
      },
      [this, id, shared] {
        if (--logins_ == 0) cpu_.unpin(loop_.now().steady_ms);
        const auto done = [this, id, shared] {
          relay_->work_done(id, std::move(*shared), loop_.now());
          turn();
        };
        // New names wait for the disk in a queue of their own, so known names never wait behind
        // them.
        if (!(*shared)->writes()) return done();
        loop_.work_in_order([shared] { (*shared)->write(); }, done);
      });
}

// --- turns ---------------------------------------------------------------------------------------

void Daemon::turn() {
  if (turn_pending_) return;
  turn_pending_ = true;
  loop_.at_turn_end([this] { end_of_turn(); });
}

void Daemon::end_of_turn() {
  turn_pending_ = false;
  const Now now = loop_.now();
  write_all();
  const auto next = relay_->next_tick();
  if (next == armed_for_) return;
  armed_for_ = next;
  if (next == std::numeric_limits<std::int64_t>::max()) return tick_.stop();
  const auto after = now.ms_until(next);  // 0: after the next I/O
  due_us_ = after == 0 ? 0 : next * 1'000;
  tick_.start(after);
}

// The time from the turn's first read to this write is what its messages spent in the relay.
void Daemon::write_all() {
  relay_->turn_end(loop_.now());
  auto& stats = relay_->stats();
  const auto began = std::exchange(turn_began_us_, 0);
  const auto forwarded = stats.messages - std::exchange(forwarded_before_, stats.messages);
  if (forwarded > 0 && began > 0) stats.hop.add(static_cast<std::uint64_t>(steady_us() - began), forwarded);
}

void Daemon::on_tick() {
  // The timer counts in whole milliseconds, and may fire a part of one early.
  if (const auto due = std::exchange(due_us_, 0); due > 0)
    relay_->stats().loop_lag.add(static_cast<std::uint64_t>(std::max<std::int64_t>(steady_us() - due, 0)));
  armed_for_ = std::numeric_limits<std::int64_t>::max();
  relay_->tick(loop_.now());
  turn();
}

void Daemon::run() {
  feed_watchdog();
  ask_for_short_slices();  // so that messages do not wait for handshakes
  loop_.run();
}

// Reports to the service manager at half of its watchdog time; it restarts a server whose loop
// hangs.
void Daemon::feed_watchdog() {
  std::uint64_t us = 0;
  if (sd_watchdog_enabled(0, &us) <= 0) return;
  const auto every_ms = std::max<std::int64_t>(static_cast<std::int64_t>(us / 2'000), 1);
  watchdog_.start(every_ms, every_ms);
}

// --- signals -------------------------------------------------------------------------------------

void Daemon::fill_pool() {
  pool_.fill(has_rsa(settings_.policy.suites));
}

// A server with the RSA suite has a key ready for its first client.
void Daemon::wait_for_keys() {
  if (has_rsa(settings_.policy.suites) && !pool_.wait_for_rsa(first_key_limit))
    log::warning("event=rsa-pool keys=0");
}

Result<void> Daemon::reload() {
  if (stopping_) return fail("the server is stopping");
  manager_.tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", read_clocks().steady_ms * 1'000));
  Result<void> done;
  if (auto fresh = hooks_.reload(); !fresh) {
    log::error("event=reload-failed reason={}", log::remote{fresh.error()});
    done = fail(fresh.error());
  } else {
    const auto restart = [](bool changed, const char* key) {
      if (changed) log::warning("event=reload key={} note=\"needs a restart\"", key);
    };
    restart(fresh->listen != settings_.listen, "listen");
    restart(fresh->state_dir != settings_.state_dir, "state-dir");
    restart(fresh->name != settings_.name, "name");
    restart(fresh->pid_file != settings_.pid_file, "pid-file");
    restart(fresh->daemon != settings_.daemon, "daemon");
    restart(fresh->user != settings_.user, "user");
    restart(fresh->confine != settings_.confine, "confine");
    restart(fresh->rsa_keys != settings_.rsa_keys, "limits.rsa-keys");
    restart(fresh->metrics_listen != settings_.metrics_listen, "metrics-listen");
    restart(fresh->log_sink != settings_.log_sink, "log");
    settings_.policy = fresh->policy;
    fit_descriptors(settings_.policy.limits, other_descriptors);
    settings_.log_level = fresh->log_level;
    log::set_level(settings_.log_level);
    relay_->reload(settings_.policy);
    fill_pool();
    log::notice("event=reloaded");
  }
  tell_ready();
  return done;
}

void Daemon::stop() {
  if (std::exchange(stopping_, true)) return loop_.stop();  // a second signal: at once
  manager_.tell("STOPPING=1");
  log::notice("event=stopping connections={}", relay_->connections());
  listeners_.clear();
  metrics_.reset();
  relay_->shutdown(loop_.now());
  turn();
  drain_.start(drain_ms);
  stop_when_drained();
}

void Daemon::stop_when_drained() {
  if (stopping_ && lingering_.empty()) loop_.stop();
}

}  // namespace

Result<void> serve(const Settings& settings, StateFolder& state, const Sockets& sockets,
                   const DaemonHooks& hooks) {
  Settings fitted = settings;
  fit_descriptors(fitted.policy.limits, other_descriptors);
  if (auto enough = check_descriptors(); !enough) return enough;
  if (auto enough = check_threads(own_threads); !enough) return enough;
  MailWake wake;
  const auto mailbox =
      SqliteMailbox::open(state.path + "/mail.db", fitted.policy.limits.mail, [&] { wake(); });
  if (!mailbox) return fail("mailboxes: " + mailbox.error());
  Daemon daemon(fitted, state, **mailbox, wake, hooks);
  if (auto done = daemon.listen(sockets); !done) return done;
  if (auto done = daemon.listen_to_administrators(); !done) return done;
  daemon.wait_for_keys();
  if (auto done = give_up(settings.confine); !done) return done;
  if (auto done = hooks.ready(daemon.addresses()); !done) return done;
  daemon.tell_ready();
  daemon.run();
  log::notice("event=stopped");
  return {};
}

}  // namespace sims::server
