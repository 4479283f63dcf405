// RSA-4096 over Crypto++: fixed DER around the modulus, keys made in steps that can be stopped, and OAEP.
#include "crypto/rsa.h"

#include <cryptopp/filters.h>
#include <cryptopp/nbtheory.h>
#include <cryptopp/oaep.h>
#include <cryptopp/rsa.h>
#include <cryptopp/sha.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "crypto/rsa_oaep.h"

namespace sims::crypto {
namespace {

using CryptoPP::Integer;

constexpr std::size_t modulus_size = 512;
constexpr std::size_t prime_size = modulus_size / 2;
constexpr std::uint8_t spki_prefix[] = {0x30, 0x82, 0x02, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                        0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x02,
                                        0x0f, 0x00, 0x30, 0x82, 0x02, 0x0a, 0x02, 0x82, 0x02, 0x01, 0x00};
constexpr std::uint8_t spki_suffix[] = {0x02, 0x03, 0x01, 0x00, 0x01};
static_assert(sizeof spki_prefix + modulus_size + sizeof spki_suffix == rsa_spki_size);

using Scheme = CryptoPP::RSAES<CryptoPP::OAEP<CryptoPP::SHA256>>;  // its MGF1 uses the same hash

// Adapts our Rng to the interface of Crypto++.
class Adapter final : public CryptoPP::RandomNumberGenerator {
 public:
  explicit Adapter(Rng& rng) : rng_(rng) {}
  void GenerateBlock(CryptoPP::byte* out, std::size_t size) override { rng_.fill({out, size}); }

 private:
  Rng& rng_;
};

constexpr long public_exponent = 65537;

struct Stopped {};

// Crypto++ calls it for each prime candidate, before the costly tests.
class Steps final : public CryptoPP::PrimeSelector {
 public:
  explicit Steps(const std::function<bool()>& go_on) : go_on_(go_on) {}
  bool IsAcceptable(const Integer& candidate) const override {
    if (!go_on_()) throw Stopped{};
    return CryptoPP::RelativelyPrime(public_exponent, candidate - 1);
  }

 private:
  const std::function<bool()>& go_on_;
};

Integer integer(ByteView big_endian) {
  return {big_endian.data(), big_endian.size()};
}

bool valid_modulus(const Integer& n) {
  return n.BitCount() == 8 * modulus_size && n.IsOdd();
}

ByteArray<rsa_spki_size> encode_spki(const Integer& n) {
  ByteArray<rsa_spki_size> out;
  std::copy(std::begin(spki_prefix), std::end(spki_prefix), out.begin());
  n.Encode(out.data() + sizeof spki_prefix, modulus_size);
  std::copy(std::begin(spki_suffix), std::end(spki_suffix), out.end() - sizeof spki_suffix);
  return out;
}

std::optional<SecretBytes> decrypt(const CryptoPP::InvertibleRSAFunction& key, ByteView ciphertext,
                                   Rng& rng) {
  if (ciphertext.size() != key.GetModulus().ByteCount() || integer(ciphertext) >= key.GetModulus())
    return std::nullopt;
  try {
    Adapter adapter(rng);  // blinds the private operation
    Scheme::Decryptor decryptor(key);
    SecretBytes room(decryptor.FixedMaxPlaintextLength());
    auto result = decryptor.Decrypt(adapter, ciphertext.data(), ciphertext.size(), room.writable().data());
    if (!result.isValidCoding) return std::nullopt;
    return SecretBytes(room.view().first(result.messageLength));
  } catch (const CryptoPP::Exception&) {
    return std::nullopt;
  }
}

}  // namespace

bool rsa_valid_spki(ByteView der) {
  if (der.size() != rsa_spki_size) return false;
  ByteView n = der.subspan(sizeof spki_prefix, modulus_size);
  return std::equal(std::begin(spki_prefix), std::end(spki_prefix), der.begin()) &&
         std::equal(std::begin(spki_suffix), std::end(spki_suffix), der.end() - sizeof spki_suffix) &&
         (n.front() & 0x80) && (n.back() & 1);
}

std::optional<Bytes> rsa_encrypt(ByteView spki, ByteView message, Rng& rng) {
  if (!rsa_valid_spki(spki)) return std::nullopt;
  try {
    Adapter adapter(rng);
    CryptoPP::RSAFunction key;
    key.Initialize(integer(spki.subspan(sizeof spki_prefix, modulus_size)), public_exponent);
    Scheme::Encryptor encryptor(key);
    assert(message.size() <= encryptor.FixedMaxPlaintextLength());
    Bytes out(rsa_ciphertext_size);
    encryptor.Encrypt(adapter, message.data(), message.size(), out.data());
    return out;
  } catch (const CryptoPP::Exception&) {
    return std::nullopt;
  }
}

struct RsaKey::State {
  State() = default;
  State(const Integer& p, const Integer& q) {
    const Integer e = public_exponent, d = e.InverseMod(CryptoPP::LCM(p - 1, q - 1));
    key.Initialize(p * q, e, d, p, q, d % (p - 1), d % (q - 1), q.InverseMod(p));
    assert(valid_modulus(key.GetModulus()));
  }

  CryptoPP::InvertibleRSAFunction key;  // its Integers wipe themselves
};

RsaKey::RsaKey(std::unique_ptr<State> state)
    : state_(std::move(state)), spki_(encode_spki(state_->key.GetModulus())) {}
RsaKey::RsaKey(RsaKey&&) noexcept = default;
RsaKey& RsaKey::operator=(RsaKey&&) noexcept = default;
RsaKey::~RsaKey() = default;

RsaKey RsaKey::generate(Rng& rng) {
  return std::move(*generate(rng, [] { return true; }));
}

// As InvertibleRSAFunction::GenerateRandom(), but with our own selector of primes.
std::optional<RsaKey> RsaKey::generate(Rng& rng, const std::function<bool()>& go_on) {
  Adapter adapter(rng);
  const Steps steps(go_on);
  const auto primes = CryptoPP::MakeParametersForTwoPrimesOfEqualSize(8 * modulus_size)(
      CryptoPP::Name::PointerToPrimeSelector(), static_cast<const CryptoPP::PrimeSelector*>(&steps));
  Integer p, q;
  try {
    p.GenerateRandom(adapter, primes);
    q.GenerateRandom(adapter, primes);
  } catch (const Stopped&) {
    return std::nullopt;
  }
  return RsaKey(std::make_unique<State>(p, q));
}

SecretBytes RsaKey::secret() const {
  assert(state_);
  const Integer &p = state_->key.GetPrime1(), &q = state_->key.GetPrime2();
  assert(p.ByteCount() <= prime_size && q.ByteCount() <= prime_size);
  SecretBytes out(secret_size);
  p.Encode(out.writable().data(), prime_size);
  q.Encode(out.writable().data() + prime_size, prime_size);
  return out;
}

std::optional<RsaKey> RsaKey::from_secret(ByteView primes) {
  if (primes.size() != secret_size) return std::nullopt;
  const Integer p = integer(primes.first(prime_size)), q = integer(primes.last(prime_size));
  if (!p.IsOdd() || !q.IsOdd() || p == q || !valid_modulus(p * q)) return std::nullopt;
  return RsaKey(std::make_unique<State>(p, q));
}

Result<RsaKey> RsaKey::from_pkcs8(ByteView der) {
  try {
    auto state = std::make_unique<State>();
    CryptoPP::ArraySource source(der.data(), der.size(), true);
    state->key.Load(source);
    if (!valid_modulus(state->key.GetModulus())) return fail("not an RSA-4096 key");
    if (state->key.GetPublicExponent() != public_exponent) return fail("the public exponent is not 65537");
    return RsaKey(std::move(state));
  } catch (const CryptoPP::Exception& e) {
    return fail(std::string("not PKCS#8: ") + e.what());
  }
}

std::optional<SecretBytes> RsaKey::decrypt_once(ByteView ciphertext, Rng& rng) {
  assert(state_);
  auto key = std::exchange(state_, nullptr);
  return decrypt(key->key, ciphertext, rng);
}

std::optional<SecretBytes> rsa_oaep_decrypt(const RsaNumbers& k, ByteView ciphertext, Rng& rng) {
  Integer p = integer(k.p), q = integer(k.q), d = integer(k.d);
  CryptoPP::InvertibleRSAFunction key;
  key.Initialize(integer(k.n), integer(k.e), d, p, q, d % (p - 1), d % (q - 1), q.InverseMod(p));
  return decrypt(key, ciphertext, rng);
}

}  // namespace sims::crypto
