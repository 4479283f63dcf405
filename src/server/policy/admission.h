// Who may connect, shake hands and register: counts, budgets and penalties for each source (an IPv4 address
// or an IPv6 /64), cheapest check first. Pure, owned by the core. Remembers every source that has
// connections, and at most `max_idle` others, the latest.
//
//   enter()          a connection: counts, then the penalty. No byte was read yet.
//   may_handshake()   before its first public-key work: the budgets of its source and of all
//   may_register()   before a name is bound
//   may_log_in()     before everybody is told
//   penalise()       it failed: each failure adds seconds, which pass by themselves. Over
//                    `penalty_threshold_ms` the source is shut out (sshd's PerSourcePenalties)
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

// Not logged in, in the order in which they came this far: the first one makes room for a new one, of those
// who have not begun to shake hands, else of those who have.
struct NotLoggedIn {
  std::list<ConnId> silent, handshaking;
  std::optional<ConnId> first() const {
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
  LogBudget log;        // of lines about it
  LogBudget login_log;  // of those that it came or went
  NotLoggedIn not_logged_in;
  std::list<Source*>::iterator idle;  // valid without connections
};

// One connection's place in the counts. Kept by its session, given back with leave().
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
    std::optional<ConnId> evicted;  // too many have not logged in: this one is to be closed
  };
  Result<Admitted, Refused> admit(ConnId conn, const Address& from, const Limits& limits,
                                  std::int64_t steady_ms);
  // nullopt: go on. `costly`: with the suite whose keys take long to make. `draw` is for random early drop:
  // when half of the budget for all is spent, the rest is for those who are lucky, fewer the less is left.
  std::optional<Refused> may_handshake(AdmissionSlot& slot, bool costly, const Limits& limits,
                                       std::int64_t steady_ms, crypto::Rng& draw);
  bool may_register(const AdmissionSlot& slot, const Limits& limits, std::int64_t steady_ms);
  // Proved to be `id`. Each login is told to everybody.
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
  // Valid until the next call of remember() or enter(), longer while it has connections.
  Source& remember(const Address& address);

 private:
  void rest(Source& source);
  void begin_handshake(AdmissionSlot& slot);

  const Rate log_rate_;
  std::map<Address, Source> sources_;  // ordered: strangers choose the keys
  std::list<Source*> idle_;            // without connections, the latest in front
  NotLoggedIn not_logged_in_;
  Budget handshakes_;
  std::map<proto::Id, Budget> logins_;  // of ids that logged in lately
  std::size_t logins_kept_ = 0;         // at the last look for those that are full again
  std::size_t connections_ = 0, unauthenticated_ = 0;
};

}  // namespace sims::server
