// The operations of simsctl(8), carried out on the parts of a running daemon.
#pragma once

#include "server/admin/operations.h"
#include "server/daemon/key_pool.h"
#include "server/daemon/settings.h"
#include "server/daemon/state_folder.h"
#include "server/mailbox/sqlite_mailbox.h"
#include "server/relay/relay.h"

namespace sims::server {

class DaemonOperations : public Operations {
 public:
  // The daemon owns all of them; they outlive this object.
  struct Parts {
    Relay& relay;
    const Settings& settings;
    const StateFolder& state;
    const KeyPool& pool;
    SqliteMailbox& mailbox;
    // Runs the first function on a worker thread, then the second on the loop's.
    std::function<void(std::function<void()>, std::function<void()>)> work;
    std::function<void()> turn;  // to call after using the relay: its turn_end() follows with the loop's turn
    std::function<std::string()> addresses;
    std::function<std::uint64_t()> accept_pauses;
    std::function<Result<void>()> reload;
    std::function<Now()> now;
  };
  explicit DaemonOperations(Parts parts);

  const Stats& stats() override;
  Status status() override;
  std::vector<ClientInfo> clients(ConnId after, std::size_t limit) override;
  Result<std::size_t> kick(const Target& who) override;
  void ban(Ban ban, Done<void> done) override;
  void unban(Ban::Kind kind, std::string value, Done<bool> done) override;
  std::vector<Ban> bans() override;
  void invite(std::uint64_t valid_s, Done<std::string> done) override;
  std::vector<AccountStore::Account> names(std::string_view after, std::size_t limit) override;
  void release(std::string name, Done<bool> done) override;
  void set_log_level(log::Level level) override;
  Result<void> reload() override;
  void backup(std::string path, Done<void> done) override;
  void mail(const Target& whose, Done<BoxSummary> done) override;
  void purge_mail(const Target& whose, Done<std::uint64_t> done) override;
  void drop_prekeys(Done<std::uint64_t> done) override;

 private:
  template <class T>
  void store(std::function<Result<T>(SqliteAccounts&)> job, std::function<void(const Result<T>&)> then,
             Done<T> done);

  Result<proto::Id> owner(const Target& whose) const;
  Ticket when_removed(std::string event, Done<std::uint64_t> done);

  Parts parts_;
  const Now began_;
};

}  // namespace sims::server
