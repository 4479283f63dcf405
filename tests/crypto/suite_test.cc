// The table of cipher suites, and each suite's key exchange between two sides.
#include "crypto/suite.h"

#include <doctest/doctest.h>

#include <set>

#include "base/base64.h"
#include "crypto/kdf.h"
#include "support/fixed_rng.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::crypto;

namespace {

std::string hex(const std::optional<SecretBytes>& z) {
  return z ? test::hex(z->view()) : "none";
}

Bytes key_in(const rapidjson::Value& frame) {
  rapidjson::Document doc;
  doc.Parse(frame.GetString(), frame.GetStringLength());
  return base64_decode(test::text(doc["data"], "key"), Base64::standard).value();
}

}  // namespace

TEST_CASE("suites: the table") {
  std::set<std::string_view> names, labels;
  for (const Suite& suite : all_suites()) {
    names.insert(suite.name);
    labels.insert(suite.label);
    CHECK(find_suite(suite.name) == &suite);
    CHECK(find_suite_by_label(suite.label) == &suite);
  }
  CHECK(names == std::set<std::string_view>{"ECDHE_WITH_AES_128_CBC_SHA256", "RSA_WITH_AES_128_CBC_SHA256"});
  CHECK(labels == std::set<std::string_view>{"ecdhe", "rsa"});
  CHECK(default_suites().front() == find_suite_by_label("ecdhe"));
  CHECK(default_suites().size() == all_suites().size());
}

TEST_CASE("attack 10: NONE and unknown suites are not found") {
  for (std::string_view name :
       {"NONE", "none", "", "ECDHE", "ecdhe_with_aes_128_cbc_sha256", "RSA_WITH_AES_128_CBC_SHA256 "}) {
    CHECK(find_suite(name) == nullptr);
    CHECK(find_suite_by_label(name) == nullptr);
  }
}

TEST_CASE("suites: both sides of every suite get the same Z") {
  for (const Suite& suite : all_suites()) {
    CAPTURE(std::string(suite.name));
    auto responder = suite.make_responder_key(fresh_ephemerals());
    REQUIRE(responder);
    auto share = suite.make_initiator_share(responder->spki(), fresh_ephemerals());
    REQUIRE(share.has_value());
    auto z = responder->agree(share->key, system_rng());
    CHECK(hex(z) == test::hex(share->z.view()));
    bool ratchet = suite.rekeying == Rekeying::double_ratchet;
    CHECK(share->ratchet_key.has_value() == ratchet);
    auto key = responder->take_ratchet_key();
    REQUIRE(key.has_value() == ratchet);
    if (!key) continue;
    CHECK(ByteView(p384_to_spki(key->public_point())).size() == p384_spki_size);
    CHECK(equal(p384_to_spki(key->public_point()), responder->spki()));
    CHECK(equal(p384_to_spki(share->ratchet_key->public_point()), share->key));
    CHECK_FALSE(responder->take_ratchet_key().has_value());  // only once
  }
}

TEST_CASE("suites: Z of the recorded handshakes") {
  SUBCASE("ecdhe") {
    auto doc = test::read_json(test::own("connect-ecdhe.json"));
    test::FixedEphemerals i, r;
    i.push_p384(test::unhex(doc["initiator"], "p384_private"));
    r.push_p384(test::unhex(doc["responder"], "p384_private"));
    const Suite& suite = *find_suite(test::text(doc, "suite"));
    auto responder = suite.make_responder_key(r);
    CHECK(equal(responder->spki(), key_in(doc["frames"][3])));
    auto share = suite.make_initiator_share(responder->spki(), i);
    REQUIRE(share.has_value());
    CHECK(equal(share->key, key_in(doc["frames"][4])));
    CHECK(test::hex(share->z.view()) == test::text(doc, "Z"));
    CHECK(hex(responder->agree(share->key, r.rng())) == test::text(doc, "Z"));
  }
  SUBCASE("rsa") {
    auto doc = test::read_json(test::own("connect-rsa.json"));
    test::FixedEphemerals r;
    r.push_rsa(test::unpem(test::text(doc["responder"], "rsa_private_pem")));
    auto responder = find_suite(test::text(doc, "suite"))->make_responder_key(r);
    CHECK(equal(responder->spki(), key_in(doc["frames"][3])));
    CHECK(hex(responder->agree(key_in(doc["frames"][4]), r.rng())) == test::text(doc, "Z"));
  }
}

TEST_CASE("suites: rsa without a ready key is busy") {
  test::FixedEphemerals source;
  source.no_rsa = true;
  CHECK(find_suite_by_label("rsa")->make_responder_key(source) == nullptr);
}

TEST_CASE("attack 12: a mirrored ephemeral key is refused by both sides, with either y") {
  const Suite& suite = *find_suite_by_label("ecdhe");
  test::FixedEphemerals source;
  Bytes scalar(48, 3);
  auto own = P384Key::from_scalar(scalar).public_point();
  auto compressed = p384_compress(own);
  compressed[0] ^= 1;
  for (const P384Point& mirrored : {own, *p384_decompress(compressed)}) {
    source.push_p384(scalar);
    auto responder = suite.make_responder_key(source);
    CHECK_FALSE(responder->agree(p384_to_spki(mirrored), source.rng()).has_value());
    CHECK_FALSE(responder->take_ratchet_key().has_value());
    source.push_p384(scalar);
    CHECK_FALSE(suite.make_initiator_share(p384_to_spki(mirrored), source).has_value());
  }
}

TEST_CASE("attack 14: junk instead of a P-384 key is refused") {
  const Suite& suite = *find_suite_by_label("ecdhe");
  test::FixedEphemerals source;
  auto spki = p384_to_spki(P384Key::generate(source.rng()).public_point());
  std::vector<Bytes> junk = {
      {}, Bytes(120, 0), Bytes(spki.begin(), spki.end() - 1), Bytes(spki.begin() + 23, spki.end())};
  junk.emplace_back(spki.begin(), spki.end());
  junk.back().back() ^= 1;
  for (const Bytes& key : junk) {
    CHECK_FALSE(suite.make_initiator_share(key, source).has_value());
    CHECK_FALSE(suite.make_responder_key(source)->agree(key, source.rng()).has_value());
  }
}

TEST_CASE("attack 15: a bad ciphertext gives a random Z of the right size, like a good one") {
  const Suite& suite = *find_suite_by_label("rsa");
  test::FixedEphemerals source;
  auto responder = suite.make_responder_key(source);
  ByteView spki = responder->spki();
  auto good = suite.make_initiator_share(spki, source);
  std::set<std::string> seen{test::hex(good->z.view())};
  // The same for a genuine OAEP message that is not as long as Z.
  std::vector<Bytes> bad = {{},
                            Bytes(512, 0),
                            Bytes(512, 0xff),
                            Bytes(511, 1),
                            Bytes(513, 1),
                            *rsa_encrypt(spki, Bytes(31, 9), source.rng()),
                            *rsa_encrypt(spki, {}, source.rng())};
  bad.push_back(good->key);
  bad.back()[100] ^= 1;
  for (const Bytes& ciphertext : bad) {
    auto z = suite.make_responder_key(source)->agree(ciphertext, source.rng());
    REQUIRE(z.has_value());
    CHECK(z->size() == 32);
    CHECK(seen.insert(hex(z)).second);
  }
}

TEST_CASE("attack 16: a junk RSA key gets no share") {
  const Suite& suite = *find_suite_by_label("rsa");
  test::FixedEphemerals source;
  CHECK_FALSE(suite.make_initiator_share({}, source).has_value());
  auto responder = suite.make_responder_key(source);
  Bytes even(responder->spki().begin(), responder->spki().end());
  even[33 + 511] ^= 1;
  CHECK_FALSE(suite.make_initiator_share(even, source).has_value());
  CHECK_FALSE(suite.make_initiator_share(p384_to_spki(source.p384().public_point()), source).has_value());
}

TEST_CASE("suites: a stored key agrees with its initiator, again and again where it may") {
  for (const Suite& suite : all_suites()) {
    CAPTURE(std::string(suite.name));
    test::FixedEphemerals source;
    const auto key = suite.make_stored_key(source);
    REQUIRE(key);
    CHECK(key->secret.size() == suite.stored_size);
    CHECK(suite.acceptable_key(key->spki));
    for (int i = 0; i < 2; ++i) {
      const auto share = suite.make_initiator_share(key->spki, source);
      REQUIRE(share);
      CHECK(hex(suite.agree_stored(key->spki, key->secret, share->key, source.rng())) ==
            test::hex(share->z.view()));
    }
    const SecretBytes shorter(key->secret.view().first(suite.stored_size - 1)), zeros(suite.stored_size);
    const auto share = suite.make_initiator_share(key->spki, source);
    CHECK_FALSE(suite.agree_stored(key->spki, shorter, share->key, source.rng()));
    CHECK_FALSE(suite.agree_stored(key->spki, zeros, share->key, source.rng()));
  }
  test::FixedEphemerals empty;
  empty.no_rsa = true;
  CHECK_FALSE(find_suite_by_label("rsa")->make_stored_key(empty));
}

TEST_CASE(
    "suites: a stored key refuses a mirrored point and what is no point; a wrong ciphertext gives a random "
    "Z") {
  const Suite& ecdhe = *find_suite_by_label("ecdhe");
  test::FixedEphemerals source;
  const auto key = ecdhe.make_stored_key(source);
  CHECK_FALSE(ecdhe.agree_stored(key->spki, key->secret, key->spki, source.rng()));
  CHECK_FALSE(ecdhe.agree_stored(key->spki, key->secret, Bytes(120, 7), source.rng()));
  CHECK_FALSE(ecdhe.acceptable_key(Bytes(120, 7)));

  const Suite& rsa = *find_suite_by_label("rsa");
  const auto rsa_key = rsa.make_stored_key(source);
  const auto share = rsa.make_initiator_share(rsa_key->spki, source);
  Bytes wrong = share->key;
  wrong[100] ^= 1;
  const auto z = rsa.agree_stored(rsa_key->spki, rsa_key->secret, wrong, source.rng());
  REQUIRE(z);
  CHECK(z->size() == share->z.size());
  CHECK(hex(z) != test::hex(share->z.view()));
  CHECK(hex(z) != hex(rsa.agree_stored(rsa_key->spki, rsa_key->secret, wrong, source.rng())));
  CHECK_FALSE(rsa.acceptable_key(Bytes(rsa_spki_size, 7)));
}

TEST_CASE("suites: the prekeys that a client keeps at its server") {
  const Suite &ecdhe = *find_suite_by_label("ecdhe"), &rsa = *find_suite_by_label("rsa");
  CHECK((ecdhe.once_prekeys == 100 && ecdhe.many_prekey));
  CHECK((rsa.once_prekeys == 10 && !rsa.many_prekey));
}
