// Store: how it is opened, 1. with a key, 2. with a passphrase, 3. with a key file, and 4. changes
// of that.
#include <cassert>

#include "base/clock.h"
#include "client/store/store_parts.h"
#include "crypto/key_file.h"

namespace sims::client {

namespace {

constexpr std::int64_t derivation_ms = 500;  // also the cost of a guess; a person hardly notices
constexpr std::string_view key_file_header = "sims store key 1";
constexpr std::string_view key_file_advice = "not a key file of a store; restore it from a backup";

ByteArray<16> fresh_salt() {
  ByteArray<16> salt;
  crypto::system_rng().fill(salt);
  return salt;
}

}  // namespace

// --- 1. with a key -------------------------------------------------------------------------------

Result<void> Store::open_with(Secret<32> key) {
  Parts& p = *parts_;
  TRY(p.vault.unlock(std::move(key)));
  auto read = p.transaction.unlocked();
  if (!read) lock_parts();
  return read;
}

void Store::lock_parts() {
  Parts& p = *parts_;
  p.vault.lock();
  p.pins.clear();
  p.names.forget_cache();
}

void Store::lock() {
  Parts& p = *parts_;
  if (p.vault.head().lock == Lock::none) return;
  // Pins that changed since the last commit need their sum while the key for it is there.
  if (p.pins.changed()) static_cast<void>(p.transaction.write([&] { return p.pins.put_sum(); }));
  p.transaction.raise_if_written();
  p.transaction.wipe_traces();
  lock_parts();
}

const crypto::SigningKey& Store::identity() const {
  assert(parts_->vault.identity());
  return *parts_->vault.identity();
}

// --- 2. with a passphrase ------------------------------------------------------------------------

void Derivation::run() {
  if (passphrase_.size() == 0) {
    problem_ = "the passphrase must not be empty";
    return;
  }
  if (!cost_) cost_ = crypto::scrypt_cost_for(derivation_ms, [] { return read_clocks().steady_ms; });
  const bool done = crypto::scrypt(passphrase_.view(), salt_, *cost_, key_.writable());
  problem_ = done ? "" : "not enough memory to work on the passphrase";
  passphrase_.clear();
}

std::unique_ptr<Derivation> Store::derivation(SecretBytes passphrase) const {
  return std::make_unique<Derivation>(std::move(passphrase), parts_->vault.head().salt,
                                      parts_->vault.head().cost);
}

std::unique_ptr<Derivation> Store::new_derivation(SecretBytes passphrase) const {
  return std::make_unique<Derivation>(std::move(passphrase), fresh_salt(), std::nullopt);
}

Result<void> Store::unlock(const Derivation& done) {
  Parts& p = *parts_;
  if (p.vault.head().lock != Lock::passphrase)
    return fail(p.file.in_file("it opens with a key file, not a passphrase"));
  if (!done.problem_.empty()) return fail(done.problem_);
  auto key = unwrap_master(text_of(p.vault.head().master.view()), done.key_.view(), p.vault.head().id.text());
  if (!key) return fail("wrong passphrase");
  return unlocked() ? Result<void>() : open_with(std::move(*key));
}

// --- 3. with a key file --------------------------------------------------------------------------

Result<void> Store::unlock_with_file(const std::string& path) {
  Parts& p = *parts_;
  if (unlocked()) return {};
  if (p.vault.head().lock != Lock::key_file)
    return fail(p.file.in_file("it opens with a passphrase, not a key file"));
  TRY_LET(bytes, crypto::read_secret_file(path, key_file_header, key_file_advice));
  auto key = unwrap_master(text_of(p.vault.head().master.view()),
                           key_of_file(bytes.view(), p.vault.head().salt).view(), p.vault.head().id.text());
  if (!key) return fail(path + ": this is not the key file of " + p.file.path());
  return open_with(std::move(*key));
}

// --- 4. the ways changed -------------------------------------------------------------------------

Result<void> Store::change_lock(Lock lock, const ByteArray<16>& salt, const crypto::ScryptCost& cost,
                                std::string_view wrapped) {
  Parts& p = *parts_;
  auto written = p.transaction.write([&] { return p.vault.wrap(lock, salt, cost, wrapped); });
  p.transaction.scrub();  // leaves no copy of the old wrapped key
  if (auto done = save(); !written || !done) return written ? done : written;
  return p.vault.read_head();
}

Result<void> Store::set_passphrase(const Derivation& done) {
  Parts& p = *parts_;
  if (!p.vault.master()) return fail("the store is locked");
  if (!done.problem_.empty()) return fail(done.problem_);
  const auto token =
      wrap_master(p.vault.master()->view(), done.key_.view(), p.vault.head().id.text(), crypto::system_rng());
  return change_lock(Lock::passphrase, done.salt_, *done.cost_, token);
}

Result<void> Store::set_key_file(const std::string& path) {
  Parts& p = *parts_;
  if (!p.vault.master()) return fail("the store is locked");
  TRY(hold());
  TRY_LET(bytes, file_exists(path) ? crypto::read_secret_file(path, key_file_header, key_file_advice)
                                   : crypto::make_secret_file(path, key_file_header));
  const auto salt = fresh_salt();
  const auto token = wrap_master(p.vault.master()->view(), key_of_file(bytes.view(), salt).view(),
                                 p.vault.head().id.text(), crypto::system_rng());
  return change_lock(Lock::key_file, salt, {}, token);
}

Result<void> Store::remove_passphrase() {
  const Parts& p = *parts_;
  if (!p.vault.master()) return fail("the store is locked");
  return change_lock(Lock::none, fresh_salt(), {}, text_of(p.vault.master()->view()));
}

}  // namespace sims::client
