// RSA-OAEP against known answers, and the making and checking of RSA-4096 keys.
#include "crypto/rsa.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "crypto/rsa_oaep.h"
#include "support/fixed_rng.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::crypto;

namespace {

RsaKey test_key() {
  return std::move(RsaKey::from_pkcs8(test::rsa_test_key()).value());
}

std::optional<std::string> decrypted(ByteView pkcs8, ByteView ciphertext) {
  test::FixedRng rng;
  auto key = RsaKey::from_pkcs8(pkcs8);
  REQUIRE(key.has_value());
  auto message = key->decrypt_once(ciphertext, rng);
  if (!message) return std::nullopt;
  return test::hex(message->view());
}

// DER by hand: tag, length, content.
Bytes der(std::uint8_t tag, ByteView content) {
  Bytes out{tag};
  std::size_t size = content.size();
  if (size >= 0x100)
    out.insert(out.end(), {0x82, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
  else if (size >= 0x80)
    out.insert(out.end(), {0x81, static_cast<std::uint8_t>(size)});
  else
    out.push_back(static_cast<std::uint8_t>(size));
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

Bytes plus(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes der_number(Bytes big_endian) {
  if (big_endian.front() & 0x80) big_endian.insert(big_endian.begin(), 0);
  return der(2, big_endian);
}

Bytes spki_of(const Bytes& n, const Bytes& e) {
  const Bytes algorithm = test::unhex("300d06092a864886f70d0101010500");
  return der(0x30, plus(algorithm, der(3, plus({0}, der(0x30, plus(der_number(n), der_number(e)))))));
}

Bytes modulus(std::size_t bits) {
  Bytes n((bits + 7) / 8, 0xa5);
  n.front() = static_cast<std::uint8_t>(1 << (bits - 1) % 8);
  return n;
}

const Bytes f4{1, 0, 1};

}  // namespace

TEST_CASE("RSA-OAEP: Wycheproof, 4096 bits, SHA-256") {
  auto path = test::third_party("wycheproof/rsa_oaep_4096_sha256_mgf1sha256_test.json");
  if (!path) return;
  auto doc = test::read_json(*path);
  int accepted = 0, refused = 0;
  for (const auto& group : doc["testGroups"].GetArray()) {
    Bytes key = test::unhex(group, "privateKeyPkcs8");
    for (const auto& t : group["tests"].GetArray()) {
      CAPTURE(t["tcId"].GetInt());
      auto message = decrypted(key, test::unhex(t, "ct"));
      // SIMS uses no label: a ciphertext with one does not decrypt.
      bool expected = test::text(t, "result") == "valid" && test::text(t, "label").empty();
      REQUIRE(message.has_value() == expected);
      if (message) CHECK(*message == test::text(t, "msg"));
      ++(message ? accepted : refused);
    }
  }
  CHECK(accepted >= 10);
  CHECK(refused >= 19);
}

TEST_CASE("RSA-OAEP: SHA-256 vectors for other key sizes (Debian)") {
  auto path = test::debian("asymmetric/RSA/oaep-custom/oaep-sha256-sha256.txt");
  if (!path) return;
  std::istringstream in(test::read_text(*path));
  std::map<std::string, Bytes> field;
  std::string name;
  int count = 0;
  test::FixedRng rng;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) {
      name = line.size() > 2 ? line.substr(2) : "";
      continue;
    }
    field[name] = test::unhex(line.size() % 2 ? "0" + line : line);
    if (name != "Encryption:") continue;
    RsaNumbers key{field["Modulus:"], field["Public exponent:"], field["Exponent:"], field["Prime 1:"],
                   field["Prime 2:"]};
    auto message = rsa_oaep_decrypt(key, field["Encryption:"], rng);
    CAPTURE(count);
    REQUIRE(message.has_value());
    CHECK(test::hex(message->view()) == test::hex(field["Message:"]));
    ++count;
  }
  CHECK(count >= 40);
}

TEST_CASE("RSA: a fresh key has the one accepted encoding and decrypts messages for it") {
  auto key = RsaKey::generate(system_rng());
  CHECK(rsa_valid_spki(key.spki()));
  auto ciphertext = rsa_encrypt(key.spki(), bytes_of("thirty-two bytes of shared secre"), system_rng());
  REQUIRE(ciphertext.has_value());
  CHECK(ciphertext->size() == rsa_ciphertext_size);
  RsaKey moved = std::move(key);
  auto message = moved.decrypt_once(*ciphertext, system_rng());
  REQUIRE(message.has_value());
  CHECK(text_of(message->view()) == "thirty-two bytes of shared secre");
}

TEST_CASE("RSA: a key is made in small steps and can be abandoned at each") {
  int steps = 0;
  const auto key = RsaKey::generate(system_rng(), [&] { return ++steps > 0; });
  REQUIRE(key);
  CHECK(rsa_valid_spki(key->spki()));
  CHECK(steps > 10);  // about one in a hundred 2,048-bit numbers without small factors is prime
  for (const int last : {1, 5}) {
    steps = 0;
    CHECK_FALSE(RsaKey::generate(system_rng(), [&] { return ++steps < last; }));
    CHECK(steps <= last);
  }
}

TEST_CASE("RSA: empty and longest messages decrypt; encryption is randomised") {
  test::FixedRng rng;
  for (std::size_t size : {0, 1, 446}) {
    auto key = test_key();
    Bytes message(size, 'm');
    auto a = rsa_encrypt(key.spki(), message, rng), b = rsa_encrypt(key.spki(), message, rng);
    REQUIRE(a.has_value());
    CHECK(*a != *b);
    CHECK(test::hex(key.decrypt_once(*a, rng)->view()) == test::hex(message));
  }
}

TEST_CASE("RSA: from_pkcs8 takes RSA-4096 only") {
  CHECK_FALSE(RsaKey::from_pkcs8({}).has_value());
  CHECK_FALSE(RsaKey::from_pkcs8(bytes_of("junk")).has_value());
  Bytes cut = test::rsa_test_key();
  cut.resize(cut.size() / 2);
  CHECK_FALSE(RsaKey::from_pkcs8(cut).has_value());
  if (auto path = test::debian("asymmetric/DER_Serialization/unenc-rsa-pkcs8.der")) {
    std::string der = test::read_text(*path);  // 1024 bits
    CHECK_FALSE(RsaKey::from_pkcs8(bytes_of(der)).has_value());
  }
}

TEST_CASE("attack 15: every wrong ciphertext gives the same empty result") {
  test::FixedRng rng;
  auto spki = test_key().spki();
  Bytes good = *rsa_encrypt(spki, Bytes(32, 1), rng);
  Bytes n(spki.begin() + 33, spki.begin() + 33 + 512);
  Bytes above = n;
  above.back() = static_cast<std::uint8_t>(above.back() + 1);
  std::vector<Bytes> bad = {{},
                            {0},
                            Bytes(good.begin(), good.end() - 1),
                            plus(good, {0}),
                            plus({0}, good),
                            Bytes(512, 0),
                            Bytes(512, 0xff),
                            n,
                            above};
  bad.push_back(Bytes(512, 0));
  bad.back().back() = 1;  // c = 1 decrypts to 1
  for (std::size_t i = 0; i < 512; i += 37) {
    bad.push_back(good);
    bad.back()[i] ^= 0x10;
  }
  for (const auto& ciphertext : bad)
    CHECK_FALSE(decrypted(test::rsa_test_key(), ciphertext).has_value());
  CHECK(decrypted(test::rsa_test_key(), good).has_value());
}

TEST_CASE("attack 15: a key decrypts once, even if that failed") {
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);  // doctest's own handler would report a crash
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    test::FixedRng rng;
    auto key = test_key();
    if (key.decrypt_once({}, rng)) _exit(1);
    key.decrypt_once({}, rng);
    _exit(2);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
}

TEST_CASE("attack 16: junk RSA keys are refused") {
  REQUIRE(rsa_valid_spki(spki_of(modulus(4096), f4)));
  auto refused = [](const Bytes& spki) {
    CHECK_FALSE(rsa_valid_spki(spki));
    test::FixedRng rng;
    CHECK_FALSE(rsa_encrypt(spki, Bytes(32, 1), rng).has_value());
  };
  SUBCASE("other exponents") {
    for (const Bytes& e : {Bytes{0}, Bytes{1}, Bytes{3}, Bytes{17}, Bytes{1, 0, 0}, Bytes{1, 0, 3},
                           Bytes{0x7f, 0xff, 0xff}, Bytes{1, 0, 0, 0, 1}})
      refused(spki_of(modulus(4096), e));
  }
  SUBCASE("other sizes") {
    for (std::size_t bits : {8, 512, 2048, 4088, 4095, 4097, 8192, 16384})
      refused(spki_of(modulus(bits), f4));
  }
  SUBCASE("even modulus") {
    Bytes n = modulus(4096);
    n.back() = 0xa4;
    refused(spki_of(n, f4));
  }
  SUBCASE("the right length without the top bit") {
    Bytes spki = spki_of(modulus(4096), f4);
    spki[33] = 0x7f;
    refused(spki);
  }
  SUBCASE("trailing and missing bytes, other encodings") {
    Bytes spki = spki_of(modulus(4096), f4);
    refused(plus(spki, {0}));
    refused(Bytes(spki.begin(), spki.end() - 1));
    refused(Bytes(spki.begin() + 24, spki.end()));  // PKCS#1
    refused({});
    for (std::size_t i = 0; i < 33; ++i) {
      Bytes bad = spki;
      bad[i] ^= 1;
      refused(bad);
    }
    for (std::size_t i = spki.size() - 5; i < spki.size(); ++i) {
      Bytes bad = spki;
      bad[i] ^= 2;
      refused(bad);
    }
  }
}

TEST_CASE("rsa: a key comes back from its secret, and only from two primes of its size") {
  test::FixedRng rng(5);
  const Bytes message(32, 7);
  const auto key = RsaKey::from_pkcs8(test::rsa_test_key()).value();
  const SecretBytes secret = key.secret();
  CHECK(secret.size() == RsaKey::secret_size);
  auto again = RsaKey::from_secret(secret.view());
  REQUIRE(again);
  CHECK(again->spki() == key.spki());
  CHECK(test::hex(again->secret().view()) == test::hex(secret.view()));
  const auto z = again->decrypt_once(*rsa_encrypt(key.spki(), message, rng), rng);
  REQUIRE(z);
  CHECK(test::hex(z->view()) == test::hex(message));

  CHECK_FALSE(RsaKey::from_secret(secret.view().first(511)));
  CHECK_FALSE(RsaKey::from_secret(Bytes(512, 0)));
  CHECK_FALSE(RsaKey::from_secret(Bytes(512, 0xff)));  // one number twice
  Bytes even(secret.view().begin(), secret.view().end());
  even.back() &= 0xfe;
  CHECK_FALSE(RsaKey::from_secret(even));
}
