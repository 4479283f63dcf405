// Admission control for connections, handshakes and registrations: counts, budgets and penalties
// for each source (an IPv4 address or an IPv6 /64), cheapest check first. Pure; owned by the relay.
// It remembers every source that has connections, and the latest `max_idle` sources without.
//
//   admit()          a new connection: counts, then the penalty. No byte was read yet.
//   may_handshake()  before its first public-key work: the budgets of its source and of all
//   may_register()   before a name is bound
//   may_log_in()     before the login is announced to everybody
//   penalise()       after a failure: adds seconds to the penalty of its source, which fade with time. Over
//                    `penalty_threshold_ms` connections from there are refused (sshd's PerSourcePenalties)
#pragma once

#include <list>
#include <map>
#include <optional>

#include "crypto/rng.h"
#include "proto/identity.h"
#include "server/policy/budgets.h"
#include "server/policy/stats.h"

namespace sims::server {

constexpr std::int64_t penalty_threshold_ms = 15'000;

// Connections that have not logged in: `silent` ones have triggered no public-key work. Each list
// is in the order in which its connections got there.
struct NotLoggedIn {
  std::list<ConnId> silent, handshaking;
  std::optional<ConnId> first_to_evict() const {
    const auto& from = silent.empty() ? handshaking : silent;
    return from.empty() ? std::nullopt : std::optional(from.front());
  }
};

struct Source {
  Source(const Address& a, Rate log_rate)
      : address(a), log(log_rate), login_log({log_rate.each, 10 * log_rate.burst}) {}
  const Address address;
  std::size_t connections = 0, unauthenticated = 0;
  bool exempt = false;
  std::int64_t penalty_until = 0;  // steady ms
  Budget handshakes, costly_handshakes, registrations;
  LogBudget log;        // of lines about its events
  LogBudget login_log;  // of lines about its logins and logouts
  NotLoggedIn not_logged_in;
  std::list<Source*>::iterator idle;  // valid while it has no connections
};

// One connection's place in the counts. Its session keeps it, and gives it back with release().
struct AdmissionSlot {
  Source* source = nullptr;  // the admission's
  bool authenticated = false, silent = true;
  std::list<ConnId>::iterator in_source, in_all;  // valid until authenticated
};

class Admission {
 public:
  static constexpr std::size_t max_idle = 65'536;
  explicit Admission(Rate log_rate) : log_rate_(log_rate) {}

  struct Admitted {
    AdmissionSlot slot;
    std::optional<ConnId> evicted;  // the caller closes this one: too many have not logged in
  };
  Result<Admitted, Refused> admit(ConnId conn, const Address& from, const Limits& limits,
                                  std::int64_t steady_ms);
  // nullopt: go on. `costly`: with the suite whose keys take long to make. `draw` is for random
  // early drop: when half of the budget of all sources is spent, handshakes are refused at random,
  // more of them the less is left.
  std::optional<Refused> may_handshake(AdmissionSlot& slot, bool costly, const Limits& limits,
                                       std::int64_t steady_ms, crypto::Rng& draw);
  bool may_register(const AdmissionSlot& slot, const Limits& limits, std::int64_t steady_ms);
  // For a client that has proved its id. Limited, since each login is announced to everybody.
  bool may_log_in(const AdmissionSlot& slot, const proto::Id& id, const Limits& limits,
                  std::int64_t steady_ms);
  void authenticated(AdmissionSlot& slot);
  void release(AdmissionSlot& slot);
  void penalise(Source& source, std::int64_t ms, const Limits& limits, std::int64_t steady_ms);

  std::size_t connections() const { return connections_; }
  std::size_t unauthenticated() const { return unauthenticated_; }
  std::size_t sources() const { return sources_.size(); }
  std::size_t logins() const { return logins_.size(); }
  Source* find(const Address& address);  // nullptr: not remembered
  // Valid until the next call of remember() or admit(); longer while it has connections.
  Source& remember(const Address& address);

 private:
  void rest(Source& source);
  void begin_handshake(AdmissionSlot& slot);

  const Rate log_rate_;
  std::map<Address, Source> sources_;  // not hashed: attackers choose the keys
  std::list<Source*> idle_;            // without connections, the latest in front
  NotLoggedIn not_logged_in_;
  Budget handshakes_;
  std::map<proto::Id, Budget> logins_;  // of ids that logged in lately
  std::size_t logins_kept_ = 0;         // so many were left when full ones were last removed
  std::size_t connections_ = 0, unauthenticated_ = 0;
};

}  // namespace sims::server
