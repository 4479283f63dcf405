// What opens the store: 1. with a key  2. with a passphrase  3. with a key file  4. the ways changed
#include <cassert>

#include "base/clock.h"
#include "client/store/store_state.h"
#include "crypto/key_file.h"

namespace sims::client {

namespace {

constexpr std::int64_t derivation_ms = 500;  // what a guess costs too, and a person hardly minds
constexpr std::string_view key_file_header = "sims store key 1";
constexpr std::string_view key_file_advice = "not a key file of a store; restore it from a backup";

ByteArray<16> fresh_salt() {
  ByteArray<16> salt;
  crypto::system_rng().fill(salt);
  return salt;
}

}  // namespace

// --- 1. with a key -------------------------------------------------------------------------------

Result<void> Store::State::open_with(Secret<32> key) {
  sealer.emplace(key.view(), crypto::system_rng());
  const auto seed = sealer->open("identity", head.identity);
  if (!seed || seed->size() != Secret<32>::size()) {
    sealer.reset();
    return fail(damaged("the identity does not open"));
  }
  auto own = crypto::SigningKey::from_seed(bytes_of(*seed));
  auto read = Id::of(own.public_key()) == head.id ? load_pins() : fail(damaged("the identity is another"));
  if (read && held && !raised) read = raise();
  if (!read) {
    sealer.reset();
    pins = {};
    return read;
  }
  identity.emplace(std::move(own));
  master.emplace(std::move(key));
  return {};
}

void Store::lock() {
  State& s = *state_;
  if (s.head.lock == Lock::none) return;
  // What was pinned since the last commit needs its sum while there is a key for it.
  if (s.committed) static_cast<void>(s.write([&] { return s.put_sum(); }));
  s.raise_if_written();
  s.sealer.reset();
  s.master.reset();
  s.identity.reset();
  s.pins = {};
  s.server_ids.clear();
  s.committed.reset();
}

const crypto::SigningKey& Store::identity() const {
  assert(state_->identity);
  return *state_->identity;
}

// --- 2. with a passphrase ------------------------------------------------------------------------

void Derivation::run() {
  if (passphrase_.size() == 0) {
    problem_ = "an empty passphrase is none";
    return;
  }
  if (!cost_) cost_ = crypto::scrypt_cost_for(derivation_ms, [] { return read_clocks().steady_ms; });
  const bool done = crypto::scrypt(passphrase_.view(), salt_, *cost_, key_.writable());
  problem_ = done ? "" : "not enough memory to work on the passphrase";
  passphrase_.clear();
}

std::unique_ptr<Derivation> Store::derivation(SecretBytes passphrase) const {
  return std::make_unique<Derivation>(std::move(passphrase), state_->head.salt, state_->head.cost);
}

std::unique_ptr<Derivation> Store::new_derivation(SecretBytes passphrase) const {
  return std::make_unique<Derivation>(std::move(passphrase), fresh_salt(), std::nullopt);
}

Result<void> Store::unlock(const Derivation& done) {
  State& s = *state_;
  if (s.head.lock != Lock::passphrase)
    return fail(s.in_file("it is not a passphrase that opens it, but a key file"));
  if (!done.problem_.empty()) return fail(done.problem_);
  auto key = unwrap_master(text_of(s.head.master.view()), done.key_.view(), s.head.id.text());
  if (!key) return fail("wrong passphrase");
  return s.sealer ? Result<void>() : s.open_with(std::move(*key));
}

// --- 3. with a key file --------------------------------------------------------------------------

Result<void> Store::unlock_with_file(const std::string& path) {
  State& s = *state_;
  if (s.sealer) return {};
  if (s.head.lock != Lock::key_file)
    return fail(s.in_file("it is not a key file that opens it, but a passphrase"));
  auto bytes = crypto::read_secret_file(path, key_file_header, key_file_advice);
  if (!bytes) return fail(bytes.error());
  auto key = unwrap_master(text_of(s.head.master.view()), key_of_file(bytes->view(), s.head.salt).view(),
                           s.head.id.text());
  if (!key) return fail(path + ": this is not the key file of " + s.path());
  return s.open_with(std::move(*key));
}

// --- 4. the ways changed -------------------------------------------------------------------------

Result<void> Store::State::wrap(Store::Lock lock, const ByteArray<16>& salt, const crypto::ScryptCost& cost,
                                std::string_view wrapped) {
  auto written = write([&] {
    return sqlite::Statement(db, "UPDATE store SET lock = ?, salt = ?, n = ?, r = ?, p = ?, master = ?",
                             static_cast<int>(lock), salt, cost.n, static_cast<std::uint64_t>(cost.r),
                             static_cast<std::uint64_t>(cost.p), bytes_of(wrapped))
        .run();
  });
  scrub = true;  // of the key as it was before
  if (auto done = save(); !written || !done) return written ? done : written;
  return read_head();
}

Result<void> Store::set_passphrase(const Derivation& done) {
  State& s = *state_;
  if (!s.master) return fail("the store is locked");
  if (!done.problem_.empty()) return fail(done.problem_);
  const auto token = wrap_master(s.master->view(), done.key_.view(), s.head.id.text(), crypto::system_rng());
  return s.wrap(Lock::passphrase, done.salt_, *done.cost_, token);
}

Result<void> Store::set_key_file(const std::string& path) {
  State& s = *state_;
  if (!s.master) return fail("the store is locked");
  if (auto have = s.hold(); !have) return have;
  auto bytes = file_exists(path) ? crypto::read_secret_file(path, key_file_header, key_file_advice)
                                 : crypto::make_secret_file(path, key_file_header);
  if (!bytes) return fail(bytes.error());
  const auto salt = fresh_salt();
  const auto token = wrap_master(s.master->view(), key_of_file(bytes->view(), salt).view(), s.head.id.text(),
                                 crypto::system_rng());
  return s.wrap(Lock::key_file, salt, {}, token);
}

Result<void> Store::remove_passphrase() {
  State& s = *state_;
  if (!s.master) return fail("the store is locked");
  return s.wrap(Lock::none, fresh_salt(), {}, text_of(s.master->view()));
}

}  // namespace sims::client
