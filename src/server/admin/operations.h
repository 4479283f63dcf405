// The operations that simsctl(8) may request from a running simsd. Implemented by
// daemon/daemon_operations, and by a fake in tests. Call them on the loop's thread; `done` is
// called once, at once or later (after a disk).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/log.h"
#include "server/accounts/accounts.h"
#include "server/mailbox/mailbox.h"
#include "server/policy/budgets.h"
#include "server/policy/stats.h"
#include "server/relay/client_info.h"

namespace sims::server {

struct Status {
  std::string version, id, name, addresses, state_dir;
  std::uint64_t started_unix_s = 0, uptime_s = 0;
  std::size_t connections = 0, online = 0, accounts = 0;
  bool registration_open = false;
  std::size_t invitations = 0;     // open ones
  std::uint64_t memory_bound = 0;  // bytes, from the configuration
  std::uint64_t resident = 0;      // bytes
  log::Level log_level = log::Level::info;
  MailStats mail;
};

// The target of a kick or ban. `value` is in the form that is compared: a canonical address or
// range.
struct Target {
  enum class Kind { id, name, address, conn };
  Kind kind = Kind::name;
  std::string value;
  // "ID", "NAME", "ADDRESS", "ADDRESS/PREFIX", "conn:N"; or with the kind before it
  // ("name:10.0.0.1").
  static Result<Target> parse(std::string_view text);
  std::optional<Ban::Kind> ban_kind() const;  // nullopt: a connection, which cannot be banned
  bool operator==(const Target&) const = default;
};

class Operations {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  virtual ~Operations() = default;
  virtual const Stats& stats() = 0;  // with the gauges as they are now
  virtual Status status() = 0;
  virtual std::vector<ClientInfo> clients(ConnId after, std::size_t limit) = 0;  // by number
  virtual Result<std::size_t> kick(const Target& who) = 0;                       // how many were disconnected
  // Durable when done, and so is the end of its mailbox. Kicks the clients that it hits.
  virtual void ban(Ban ban, Done<void> done) = 0;
  virtual void unban(Ban::Kind kind, std::string value, Done<bool> done) = 0;  // false: there was none
  virtual std::vector<Ban> bans() = 0;
  virtual void invite(std::uint64_t valid_s, Done<std::string> done) = 0;  // the code
  virtual std::vector<AccountStore::Account> names(std::string_view after, std::size_t limit) = 0;  // by name
  // Removes the owner's mailbox, then frees the name and kicks its owner; false: there is no such name.
  virtual void release(std::string name, Done<bool> done) = 0;
  virtual void set_log_level(log::Level level) = 0;  // until the next reload
  virtual Result<void> reload() = 0;
  virtual void backup(std::string path, Done<void> done) = 0;  // the mailboxes beside it: path + ".mail"
  // Of an id or a name.
  virtual void mail(const Target& whose, Done<BoxSummary> done) = 0;
  virtual void purge_mail(const Target& whose, Done<std::uint64_t> done) = 0;  // how many items were removed
  virtual void drop_prekeys(Done<std::uint64_t> done) = 0;                     // of all owners; how many
};

}  // namespace sims::server
