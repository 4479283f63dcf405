// The relay without I/O: connections' events and the time in, Actions out. Owned by server/daemon, by tests
// and by the simulation (tests/sim), which drive it from one thread:
//
//   Relay relay(options, accounts, ephemerals, actions);
//   relay.opened(7, "192.0.2.1", now);  // a connection that the driver numbered; no number is used again
//   relay.received(7, bytes, now);      // one call per read of the socket
//   relay.turn_end(now);                // after the events of one loop turn, or of a part of it: one write
//   per peer if (now.steady_ms >= relay.next_tick()) relay.tick(now), relay.turn_end(now);
//
// The numbered list of house.md, "The way of one message", step 4, is received() -> router -> turn_end().
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/suite.h"
#include "os/log.h"
#include "proto/channel/transport.h"
#include "server/accounts/accounts.h"
#include "server/policy/ban_list.h"
#include "server/policy/budgets.h"
#include "server/policy/stats.h"
#include "server/relay/client_info.h"

namespace sims::server {

// Whether a login may register its name. rationed: its source has registered too many lately; banned: it may
// not come in at all, which it is told when it has proved that it is the one.
enum class Registration : std::uint8_t { open, closed, rationed, banned };

// A handshake step and, when it was the last, the account's binding, for a worker thread: run() touches
// nothing but itself, the ephemeral source and the account store. Then give it back with Relay::work_done().
// Once its connection is gone it costs nothing: who calls, asks for a handshake and hangs up, again and
// again, would make the others wait for it.
class LoginWork {
 public:
  // With an invitation, after the handshake.
  LoginWork(std::string name, const proto::Id& id, std::string code, AccountStore& accounts,
            std::uint64_t unix_s, std::shared_ptr<const std::atomic<bool>> gone)
      : accounts_(accounts),
        unix_s_(unix_s),
        gone_(std::move(gone)),
        name_(std::move(name)),
        id_(id),
        code_(std::move(code)),
        writes_(true) {}
  LoginWork(std::unique_ptr<proto::HandshakeWork> handshake, AccountStore& accounts,
            Registration registration, std::uint64_t unix_s, std::shared_ptr<const std::atomic<bool>> gone)
      : handshake_(std::move(handshake)),
        accounts_(accounts),
        registration_(registration),
        unix_s_(unix_s),
        gone_(std::move(gone)) {}
  ~LoginWork() { wipe(code_); }
  void run();
  // After run(): a new name is to be written down, which may wait for the disk. Then work_done().
  bool writes() const { return writes_; }
  void write();

 private:
  friend class Relay;
  std::unique_ptr<proto::HandshakeWork> handshake_;  // nullptr: an invitation
  AccountStore& accounts_;
  Registration registration_ = Registration::closed;
  std::uint64_t unix_s_;
  std::shared_ptr<const std::atomic<bool>> gone_;
  std::string name_;
  proto::Id id_;
  std::string code_;  // empty: a step of the handshake
  bool writes_ = false, written_ = false;
  Result<Binding, Refusal> binding_ = Binding::known;
};

// What the core wants done. Called from inside the core's own functions: implementations must not call back
// into it synchronously.
class Actions {
 public:
  virtual ~Actions() = default;
  // The bytes are the caller's: an implementation copies what it cannot send at once. Returns queued(id).
  virtual std::size_t write(ConnId id, std::string_view bytes) = 0;
  // Bytes given to write() that the network has not taken yet.
  virtual std::size_t queued(ConnId id) const = 0;
  // Ends the connection; flush: after what was written went out (within a few seconds). The core has
  // forgotten it: no closed() follows, and what still comes from it is ignored.
  virtual void close(ConnId id, bool flush) = 0;
  // From a connection that sends fast read little at a time, so that the others do not wait for it.
  virtual void read_little(ConnId id, bool on) = 0;
  virtual void start_work(ConnId id, std::unique_ptr<LoginWork> work) = 0;
  virtual void log(log::Level level, std::string line) = 0;
};

// The part of the configuration that may change while the core runs; suites and registration hold for new
// logins.
struct Policy {
  Limits limits;
  crypto::SuiteList suites = crypto::default_suites();
  bool registration_open = true;
};

struct RelayOptions {
  const crypto::SigningKey* identity = nullptr;  // not owned
  std::string name;                              // the server's
  Policy policy;
  std::vector<Ban> bans{};
};

class Relay {
 public:
  // accounts, ephemerals and actions are not owned and outlive the core and all its work.
  Relay(RelayOptions options, AccountStore& accounts, crypto::EphemeralSource& ephemerals, Actions& actions);
  ~Relay();

  // A new connection from a numeric address (without the port). May be closed at once: over a limit, shut
  // out, going away.
  void opened(ConnId id, std::string_view address, Now now);
  // Bytes of one read. Ignored for a connection that the core has closed.
  void received(ConnId id, ByteView bytes, Now now);
  void closed(ConnId id, Now now);  // the other side ended it
  void work_done(ConnId id, std::unique_ptr<LoginWork> work, Now now);
  void tick(Now now);              // at or after next_tick()
  std::int64_t next_tick() const;  // steady ms; INT64_MAX: nothing waits for time; 0: after the next I/O
  void turn_end(Now now);          // writes what was collected since the last call

  void reload(Policy policy);
  // In force at once, for those who are here too. What lasts is the account store's.
  void ban(const Ban& ban, Now now);
  void unban(Ban::Kind kind, const std::string& value);
  // Cuts off whom such bans would hit, who may come back; how many.
  std::size_t kick(const BanList& whom, Now now);
  bool kick(ConnId conn, Now now);  // false: there is none
  // Those with a larger number than `after`, by number.
  std::vector<ClientInfo> clients(ConnId after, std::size_t limit) const;
  // Tells everyone `going-away` and closes every connection, flushing; opened() refuses from now on.
  void shutdown(Now now);

  std::size_t connections() const;  // that the core has not closed
  std::size_t online() const;       // logged in
  Stats& stats();                   // the driver adds its own
  void refresh_gauges();            // of stats(); the most that was queued begins anew

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::server
