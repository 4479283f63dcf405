// The part of a login that runs on a worker thread: public-key work and the account store.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/secret.h"
#include "proto/channel/transport.h"
#include "server/accounts/accounts.h"

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

}  // namespace sims::server
