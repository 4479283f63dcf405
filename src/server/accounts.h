// Which name belongs to which id (sims-protocol(7) section 2): bound at the first login that proves the id,
// for ever. An AccountStore may be called from several threads at once; bind() may block on a disk,
// registered() does not. Implementations: MemoryAccounts (tests, simulation, cache) and SqliteAccounts
// (store_sqlite.h); both pass the contract tests in tests/server/accounts_test.cc.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proto/error.h"
#include "proto/identity.h"

namespace sims::server {

// Why a login was refused, told to the client: name_taken, id_taken, not_registered or internal.
struct Refusal {
  proto::ErrorCode code;
  std::string text;
};

enum class Binding { known, made };  // made: this login registered the name

class AccountStore {
 public:
  virtual ~AccountStore() = default;
  // Checks that name and id belong together, and binds them when both are free and `open`. A new binding is
  // durable when this returns. Of two callers that race for one name exactly one wins.
  virtual Result<Binding, Refusal> bind(const std::string& name, const proto::Id& id, bool open,
                                        std::uint64_t unix_s) = 0;
  virtual bool registered(const proto::Id& id) const = 0;
  virtual std::size_t size() const = 0;
};

class MemoryAccounts : public AccountStore {
 public:
  Result<Binding, Refusal> bind(const std::string& name, const proto::Id& id, bool open,
                                std::uint64_t unix_s) override;
  bool registered(const proto::Id& id) const override;
  std::size_t size() const override;

  // bind()'s verdict without binding: known, made (could be bound now) or the refusal.
  Result<Binding, Refusal> check(const std::string& name, const proto::Id& id, bool open) const;
  void insert(const std::string& name, const proto::Id& id);  // both free

 private:
  Result<Binding, Refusal> check_locked(const std::string& name, const proto::Id& id, bool open) const;
  mutable std::mutex mutex_;  // guards the maps; never held across I/O
  std::unordered_map<proto::Id, std::string> name_of_;
  std::unordered_map<std::string, proto::Id> id_of_;
};

}  // namespace sims::server
