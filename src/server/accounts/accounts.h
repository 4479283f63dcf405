// The accounts: which name belongs to which id (sims-protocol(7) section 2), from the first login
// that proves the id until the name is released; bans; open invitations. Several threads may call
// an AccountStore at once. Functions that change it may block on a disk, and the change is durable
// when they return. const functions do not block. Both implementations, MemoryAccounts (tests,
// simulation, cache) and SqliteAccounts (sqlite_accounts.h), pass the contract tests in
// tests/server/accounts/accounts_test.cc.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/kdf.h"
#include "proto/error.h"
#include "proto/identity.h"
#include "server/policy/ban.h"

namespace sims::server {

// Why a login was refused, told to the client: name_taken, id_taken, not_registered, banned,
// rate_limited or internal.
struct Refusal {
  proto::ErrorCode code;
  std::string text;
};

enum class Binding { known, made };  // made: this login registered the name

class AccountStore {
 public:
  struct Account {
    std::string name;
    proto::Id id;
    std::uint64_t registered;  // unix s
  };

  virtual ~AccountStore() = default;
  // The result that bind() would have now, without waiting for a disk; `made`: it would bind them.
  virtual Result<Binding, Refusal> check(const std::string& name, const proto::Id& id, bool open) const = 0;
  // Checks that name and id belong together, and binds them when both are free and `open`. Of two
  // callers that race for one name exactly one wins.
  virtual Result<Binding, Refusal> bind(const std::string& name, const proto::Id& id, bool open,
                                        std::uint64_t unix_s) = 0;
  // Binds a free name and id and uses up the invitation, atomically. A wrong, used or expired code
  // fails with not_registered. If name and id are bound to each other already, returns `known` and
  // keeps the code open.
  virtual Result<Binding, Refusal> redeem(const std::string& name, const proto::Id& id, std::string_view code,
                                          std::uint64_t unix_s) = 0;
  virtual std::size_t invitations(std::uint64_t unix_s) const = 0;  // open ones
  // Opens an invitation until a time or (0) forever, and forgets expired ones. It stores only the
  // SHA-256 of the code, byte for byte: see parse_invitation().
  virtual Result<void> invite(std::string_view code, std::uint64_t unix_s, std::uint64_t until) = 0;
  // Replaces a ban of the same kind and value, and forgets those that had expired when this one was
  // made.
  virtual Result<void> ban(const Ban& ban) = 0;
  virtual Result<bool> unban(Ban::Kind kind, const std::string& value) = 0;  // false: there was none
  virtual std::vector<Ban> bans() const = 0;                                 // expired ones may be among them
  virtual Result<bool> release(const std::string& name) = 0;  // frees name and id; false: not registered
  virtual bool registered(const proto::Id& id) const = 0;
  virtual std::optional<std::uint64_t> registered_at(const proto::Id& id) const = 0;  // unix s
  virtual std::optional<proto::Id> id_of(const std::string& name) const = 0;
  virtual std::optional<std::string> name_of(const proto::Id& id) const = 0;
  virtual std::vector<Account> names(const std::string& after, std::size_t limit) const = 0;  // sorted
  virtual std::size_t size() const = 0;
};

class MemoryAccounts : public AccountStore {
 public:
  Result<Binding, Refusal> bind(const std::string& name, const proto::Id& id, bool open,
                                std::uint64_t unix_s) override;
  Result<Binding, Refusal> redeem(const std::string& name, const proto::Id& id, std::string_view code,
                                  std::uint64_t unix_s) override;
  std::size_t invitations(std::uint64_t unix_s) const override;
  Result<void> invite(std::string_view code, std::uint64_t unix_s, std::uint64_t until) override;
  Result<void> ban(const Ban& ban) override;
  Result<bool> unban(Ban::Kind kind, const std::string& value) override;
  std::vector<Ban> bans() const override;
  Result<bool> release(const std::string& name) override;
  bool registered(const proto::Id& id) const override;
  std::optional<std::uint64_t> registered_at(const proto::Id& id) const override;
  std::optional<proto::Id> id_of(const std::string& name) const override;
  std::optional<std::string> name_of(const proto::Id& id) const override;
  std::vector<Account> names(const std::string& after, std::size_t limit) const override;
  std::size_t size() const override;
  // The results that bind() (without a code), redeem() and invite() would have.
  Result<Binding, Refusal> check(const std::string& name, const proto::Id& id, bool open) const override;
  Result<Binding, Refusal> check(const std::string& name, const proto::Id& id, std::string_view code,
                                 std::uint64_t unix_s) const;
  Result<void> check_invite(std::string_view code, std::uint64_t unix_s) const;
  bool banned(Ban::Kind kind, const std::string& value) const;  // whether there is such a row, expired or not
  void add_ban(const Ban& ban);                                 // without forgetting expired ones
  void add_invitation(const crypto::Digest& code, std::uint64_t until);

 private:
  Result<Binding, Refusal> check_locked(const std::string& name, const proto::Id& id, bool open) const;
  Result<Binding, Refusal> check_locked(const std::string& name, const proto::Id& id,
                                        const crypto::Digest& code, std::uint64_t unix_s) const;
  Result<void> check_invite_locked(const crypto::Digest& code, std::uint64_t unix_s) const;
  void insert(const std::string& name, const proto::Id& id, std::uint64_t unix_s);
  mutable std::mutex mutex_;  // guards the maps; never held across I/O
  std::unordered_map<proto::Id, std::string> name_of_;
  std::map<std::string, std::pair<proto::Id, std::uint64_t>> id_of_;  // and the time of registration, unix s
  std::map<std::pair<Ban::Kind, std::string>, Ban> bans_;
  // Looked up by hash: the timing of a guess reveals at most a prefix of a hash, which is useless.
  std::map<crypto::Digest, std::uint64_t> invitations_;  // until
};

}  // namespace sims::server
