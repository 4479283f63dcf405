// The relay without I/O: connection events and the time in, Actions out. Its owners (server/daemon,
// tests and the simulation in tests/sim) drive it from one thread:
//
//   Relay relay(options, accounts, ephemerals, actions);
//   relay.opened(7, "192.0.2.1", now);  // the driver numbers connections and never uses a number again
//   relay.received(7, bytes, now);      // one call per read of the socket
//   relay.turn_end(now);                // after the events of a loop turn, or of a part of it
//   if (now.steady_ms >= relay.next_tick()) relay.tick(now), relay.turn_end(now);
//
// A message passes through received() -> on_message() -> router -> push() -> turn_end().
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

// Whether a login may register its name. rationed: its source has registered too many lately.
// banned: the login is refused, once the client has proved that it owns the banned id or name.
enum class Registration : std::uint8_t { open, closed, rationed, banned };

// A handshake step and, when it was the last, the account's binding, for a worker thread. run()
// touches nothing but itself, the ephemeral source and the account store. Give it back with
// Relay::work_done(). run() does nothing once its connection is gone: else an attacker who starts
// handshakes and hangs up would make the others wait.
class LoginWork {
 public:
  // Redeems an invitation after the handshake.
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
  // After run(): whether write() must store a new name, which may wait for the disk. Then call
  // work_done().
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

// The relay's effects, carried out by its driver. The relay calls these from inside its own
// functions: implementations must not call back into it synchronously.
class Actions {
 public:
  virtual ~Actions() = default;
  // The bytes are the caller's: an implementation copies what it cannot send at once. Returns
  // queued(id).
  virtual std::size_t write(ConnId id, std::string_view bytes) = 0;
  // Bytes given to write() that the network has not taken yet.
  virtual std::size_t queued(ConnId id) const = 0;
  // Ends the connection; flush: after the written bytes went out (within a few seconds). The relay
  // has forgotten it: do not call closed(); the relay ignores bytes that still arrive.
  virtual void close(ConnId id, bool flush) = 0;
  // Whether to read little at a time from this connection: it sends fast, and the others must not
  // wait.
  virtual void read_little(ConnId id, bool on) = 0;
  virtual void start_work(ConnId id, std::unique_ptr<LoginWork> work) = 0;
  virtual void log(log::Level level, std::string line) = 0;
};

// The part of the configuration that may change while the relay runs. Suites and registration apply
// to new logins.
struct Policy {
  Limits limits;
  crypto::SuiteList suites = crypto::default_suites();
  bool registration_open = true;
};

struct RelayOptions {
  const crypto::SigningKey* identity = nullptr;  // not owned; outlives the relay
  std::string name;                              // the server's own
  Policy policy;
  std::vector<Ban> bans{};
};

class Relay {
 public:
  // accounts, ephemerals and actions are not owned and outlive the relay and all its work.
  Relay(RelayOptions options, AccountStore& accounts, crypto::EphemeralSource& ephemerals, Actions& actions);
  ~Relay();

  // A new connection from a numeric address (without the port). The relay may close it at once:
  // over a limit, a penalty or ban of its address, shutting down.
  void opened(ConnId id, std::string_view address, Now now);
  // Bytes of one read. Ignored for a connection that the relay has closed.
  void received(ConnId id, ByteView bytes, Now now);
  void closed(ConnId id, Now now);  // the client ended it
  void work_done(ConnId id, std::unique_ptr<LoginWork> work, Now now);
  void tick(Now now);              // at or after next_tick()
  std::int64_t next_tick() const;  // steady ms; INT64_MAX: no timer is needed; 0: after the next I/O
  void turn_end(Now now);          // writes the output collected since the last call

  void reload(Policy policy);
  // In force at once, also for clients that are connected. The account store keeps bans beyond a
  // restart.
  void ban(const Ban& ban, Now now);
  void unban(Ban::Kind kind, const std::string& value);
  // Disconnects the clients that such bans would hit; they may connect again. Returns how many.
  std::size_t kick(const BanList& whom, Now now);
  bool kick(ConnId conn, Now now);  // false: there is no such connection
  // At most `limit` clients with a number above `after`, sorted by number.
  std::vector<ClientInfo> clients(ConnId after, std::size_t limit) const;
  // Sends `going-away` to every client, flushes and closes all connections. opened() refuses from
  // now on.
  void shutdown(Now now);

  std::size_t connections() const;  // that the relay has not closed
  std::size_t online() const;       // logged in
  Stats& stats();                   // the driver adds its own numbers
  void refresh_gauges();            // of stats(); restarts most_queued_bytes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::server
