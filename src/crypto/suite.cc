// The key exchange of each suite, and the table with a row for each.
#include "crypto/suite.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sims::crypto {
namespace {

constexpr std::size_t rsa_z_size = 32;

class FreshEphemerals final : public EphemeralSource {
 public:
  Rng& rng() override { return system_rng(); }
  P384Key p384() override { return P384Key::generate(system_rng()); }
  std::optional<RsaKey> rsa() override { return RsaKey::generate(system_rng()); }
};

// A mirrored point has the x of our own point, with either y.
bool mirrors(const P384Point& a, const P384Point& b) {
  return std::equal(a.begin() + 1, a.begin() + 49, b.begin() + 1);
}

std::optional<SecretBytes> ecdhe_z(const P384Key& own, const P384Point& peer) {
  if (mirrors(own.public_point(), peer)) return std::nullopt;
  auto z = own.agree(peer);
  if (!z) return std::nullopt;
  return SecretBytes(z->view());
}

class EcdheResponder final : public ResponderKey {
 public:
  explicit EcdheResponder(P384Key key) : key_(std::move(key)), spki_(p384_to_spki(key_->public_point())) {}

  ByteView spki() const override { return spki_; }
  std::optional<SecretBytes> agree(ByteView initiator_key, Rng&) override {
    assert(!used_);
    used_ = true;
    auto peer = p384_from_spki(initiator_key);
    auto z = peer ? ecdhe_z(*key_, *peer) : std::nullopt;
    if (!z) key_.reset();
    return z;
  }
  std::optional<P384Key> take_ratchet_key() override {
    assert(used_);
    return std::exchange(key_, std::nullopt);
  }

 private:
  std::optional<P384Key> key_;
  ByteArray<p384_spki_size> spki_;
  bool used_ = false;
};

std::unique_ptr<ResponderKey> ecdhe_responder(EphemeralSource& source) {
  return std::make_unique<EcdheResponder>(source.p384());
}

std::optional<InitiatorShare> ecdhe_initiator(ByteView responder_spki, EphemeralSource& source) {
  auto peer = p384_from_spki(responder_spki);
  if (!peer) return std::nullopt;
  P384Key own = source.p384();
  auto z = ecdhe_z(own, *peer);
  if (!z) return std::nullopt;
  auto spki = p384_to_spki(own.public_point());
  return InitiatorShare{Bytes(spki.begin(), spki.end()), std::move(*z), std::move(own)};
}

bool ecdhe_acceptable(ByteView spki) {
  return p384_from_spki(spki).has_value();
}

std::optional<StoredKey> ecdhe_stored(EphemeralSource& source) {
  const P384Key key = source.p384();
  const auto spki = p384_to_spki(key.public_point());
  return StoredKey{Bytes(spki.begin(), spki.end()), SecretBytes(key.scalar().view())};
}

std::optional<SecretBytes> ecdhe_agree_stored(ByteView spki, const SecretBytes& secret,
                                              ByteView initiator_key, Rng& rng) {
  const auto own = p384_from_spki(spki), peer = p384_from_spki(initiator_key);
  if (!own || !peer || mirrors(*own, *peer)) return std::nullopt;
  const auto z = p384_agree_blinded(secret.view(), *peer, rng);
  if (!z) return std::nullopt;
  return SecretBytes(z->view());
}

// Z of a ciphertext; a random one when it does not decrypt.
SecretBytes rsa_z(RsaKey& key, ByteView ciphertext, Rng& rng) {
  // Drawn before we know whether it is needed, so that both outcomes do the same work.
  SecretBytes random_z(rsa_z_size);
  rng.fill(random_z.writable());
  auto z = key.decrypt_once(ciphertext, rng);
  if (z && z->size() == rsa_z_size) return std::move(*z);
  return random_z;
}

class RsaResponder final : public ResponderKey {
 public:
  explicit RsaResponder(RsaKey key) : key_(std::move(key)) {}

  ByteView spki() const override { return key_.spki(); }
  std::optional<SecretBytes> agree(ByteView initiator_key, Rng& rng) override {
    return rsa_z(key_, initiator_key, rng);
  }

 private:
  RsaKey key_;
};

std::unique_ptr<ResponderKey> rsa_responder(EphemeralSource& source) {
  auto key = source.rsa();
  if (!key) return nullptr;
  return std::make_unique<RsaResponder>(std::move(*key));
}

std::optional<InitiatorShare> rsa_initiator(ByteView responder_spki, EphemeralSource& source) {
  if (!rsa_valid_spki(responder_spki)) return std::nullopt;
  SecretBytes z(rsa_z_size);
  source.rng().fill(z.writable());
  auto ciphertext = rsa_encrypt(responder_spki, z.view(), source.rng());
  if (!ciphertext) return std::nullopt;
  return InitiatorShare{std::move(*ciphertext), std::move(z), std::nullopt};
}

std::optional<StoredKey> rsa_stored(EphemeralSource& source) {
  const auto key = source.rsa();
  if (!key) return std::nullopt;
  return StoredKey{Bytes(key->spki().begin(), key->spki().end()), key->secret()};
}

std::optional<SecretBytes> rsa_agree_stored(ByteView, const SecretBytes& secret, ByteView initiator_key,
                                            Rng& rng) {
  auto key = RsaKey::from_secret(secret.view());
  if (!key) return std::nullopt;
  return rsa_z(*key, initiator_key, rng);
}

constexpr Suite suites[] = {
    {"ECDHE_WITH_AES_128_CBC_SHA256", "ecdhe", Rekeying::double_ratchet, 100, true, ecdhe_responder,
     ecdhe_initiator, ecdhe_acceptable, sizeof(Secret<48>), ecdhe_stored, ecdhe_agree_stored},
    {"RSA_WITH_AES_128_CBC_SHA256", "rsa", Rekeying::fresh_exchange, 10, false, rsa_responder, rsa_initiator,
     rsa_valid_spki, RsaKey::secret_size, rsa_stored, rsa_agree_stored},
};

const Suite* find(std::string_view wanted, std::string_view Suite::*member) {
  auto it =
      std::find_if(std::begin(suites), std::end(suites), [&](const Suite& s) { return s.*member == wanted; });
  return it == std::end(suites) ? nullptr : it;
}

}  // namespace

EphemeralSource& fresh_ephemerals() {
  static FreshEphemerals source;
  return source;
}

std::span<const Suite> all_suites() {
  return suites;
}
const Suite* find_suite(std::string_view name) {
  return find(name, &Suite::name);
}
const Suite* find_suite_by_label(std::string_view label) {
  return find(label, &Suite::label);
}

SuiteList default_suites() {
  SuiteList list;
  for (const Suite& suite : suites)
    list.push_back(&suite);
  return list;
}

}  // namespace sims::crypto
