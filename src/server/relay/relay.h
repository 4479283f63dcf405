// The relay without I/O: connection events and the time in, Actions out. Its owners (server/daemon,
// tests and the simulation in tests/sim) drive it from one thread:
//
//   Relay relay(options, accounts, ephemerals, actions);
//   relay.opened(7, "192.0.2.1", now);  // the driver numbers connections and never uses a number again
//   relay.received(7, bytes, now);      // one call per read of the socket
//   relay.mail_answers(now);            // after the mailbox's `wake`
//   relay.turn_end(now);                // after the events of a loop turn, or of a part of it
//   if (now.steady_ms >= relay.next_tick()) relay.tick(now), relay.turn_end(now);
//
// A message passes through received() -> on_message() -> router -> push() -> turn_end().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/suite.h"
#include "server/accounts/accounts.h"
#include "server/mailbox/mailbox.h"
#include "server/policy/ban_list.h"
#include "server/policy/budgets.h"
#include "server/policy/stats.h"
#include "server/relay/actions.h"
#include "server/relay/client_info.h"
#include "server/relay/login_work.h"

namespace sims::server {

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
  // The references are not owned and outlive the relay and all its work. `mailbox` gives the answers of
  // `prekeys`, too.
  Relay(RelayOptions options, AccountStore& accounts, Mailbox& mailbox, Prekeys& prekeys,
        crypto::EphemeralSource& ephemerals, Actions& actions);
  ~Relay();

  // A new connection from a numeric address (without the port). The relay may close it at once:
  // over a limit, a penalty or ban of its address, shutting down.
  void opened(ConnId id, std::string_view address, Now now);
  // Bytes of one read. Ignored for a connection that the relay has closed.
  void received(ConnId id, ByteView bytes, Now now);
  void closed(ConnId id, Now now);  // the client ended it
  void work_done(ConnId id, std::unique_ptr<LoginWork> work, Now now);
  void mail_answers(Now now);      // the mailbox has answers
  void tick(Now now);              // at or after next_tick()
  std::int64_t next_tick() const;  // steady ms; INT64_MAX: no timer is needed; 0: after the next I/O
  void turn_end(Now now);          // writes the output collected since the last call

  void reload(Policy policy);
  // How dropping a mailbox went: empty, or why it failed. Called on the relay's thread, perhaps at once; it must not
  // call the relay, but for open_mail().
  using MailDropped = std::function<void(const std::string& error)>;
  // In force at once, also for clients that are connected. The account store keeps bans beyond a
  // restart. Drops mailbox and prekeys of a banned id, or of the owner of a banned name; `dropped` is called once
  // they are gone from the disk. Failed: the relay tries again until it succeeds or ends.
  void ban(
      const Ban& ban, Now now, MailDropped dropped = [](const std::string&) {});
  void unban(Ban::Kind kind, const std::string& value);
  // A question of the driver to the mailbox, under the number that this returns. `done` is called within
  // mail_answers() and must not call the relay.
  Ticket mail_ticket(std::function<void(const MailAnswer&)> done);
  // At the start: drops the mailboxes that ban() would have dropped, had the last process not died before.
  void drop_banned_mail(Now now);
  // Drops mailbox and prekeys of an id whose name is to be released. Between close_mail() and open_mail() nothing
  // comes into it: letters, receipts, requests for its prekeys and its owner's uploads are answered `busy`. Closed
  // already: close_mail() returns false.
  bool close_mail(const proto::Id& owner);
  void drop_mail(const proto::Id& owner, MailDropped dropped);
  void open_mail(const proto::Id& owner);
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
  void refresh_gauges();            // of stats(); restarts max_queued_bytes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sims::server
