// P-384 Diffie-Hellman against Wycheproof, NIST and points made by hand.
#include "crypto/ecdh.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "support/fixed_rng.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::crypto;

namespace {

const char* const field =
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff";
const char* const order =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";

// A private key of any length as 48 bytes: Wycheproof's keys have extra leading zeros or lack them.
Bytes scalar(Bytes bytes) {
  while (bytes.size() > 48) {
    REQUIRE(bytes.front() == 0);
    bytes.erase(bytes.begin());
  }
  bytes.insert(bytes.begin(), 48 - bytes.size(), 0);
  return bytes;
}

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes out;
  for (ByteView part : parts)
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

std::string agreed(ByteView private_key, const P384Point& peer) {
  auto z = P384Key::from_scalar(private_key).agree(peer);
  return z ? test::hex(z->view()) : "none";
}

P384Key some_key() {
  return P384Key::from_scalar(scalar({1, 2, 3}));
}

}  // namespace

TEST_CASE("attack 14: ECDH, Wycheproof's SubjectPublicKeyInfo file") {
  auto path = test::third_party("wycheproof/ecdh_secp384r1_test.json");
  if (!path) return;
  auto doc = test::read_json(*path);
  int agreements = 0, refused = 0;
  for (const auto& group : doc["testGroups"].GetArray()) {
    for (const auto& t : group["tests"].GetArray()) {
      CAPTURE(t["tcId"].GetInt());
      auto peer = p384_from_spki(test::unhex(t, "public"));
      // "acceptable" keys are refused, too: other encodings, explicit parameters, compressed points.
      REQUIRE(peer.has_value() == (test::text(t, "result") == "valid"));
      if (!peer) {
        ++refused;
        continue;
      }
      ++agreements;
      CHECK(ByteView(p384_to_spki(*peer)).size() == p384_spki_size);
      CHECK(agreed(scalar(test::unhex(t, "private")), *peer) == test::text(t, "shared"));
    }
  }
  CHECK(agreements == 771);
  CHECK(refused == 276);
}

TEST_CASE("attack 14: ECDH, Wycheproof's point file, decoded as uncompressed and as compressed points") {
  auto path = test::third_party("wycheproof/ecdh_secp384r1_ecpoint_test.json");
  if (!path) return;
  auto doc = test::read_json(*path);
  int compressed = 0;
  for (const auto& group : doc["testGroups"].GetArray()) {
    for (const auto& t : group["tests"].GetArray()) {
      CAPTURE(t["tcId"].GetInt());
      Bytes encoded = test::unhex(t, "public");
      bool is_compressed = encoded.size() == 49;
      auto peer = is_compressed ? p384_decompress(encoded) : p384_point(encoded);
      CHECK_FALSE((is_compressed ? p384_point(encoded) : p384_decompress(encoded)).has_value());
      REQUIRE(peer.has_value() == (test::text(t, "result") != "invalid"));
      if (!peer) continue;
      CHECK(p384_decompress(p384_compress(*peer)) == peer);
      // A sample: the other file has the same agreements.
      if (t["tcId"].GetInt() % 8 && !is_compressed) continue;
      compressed += is_compressed;
      CHECK(agreed(scalar(test::unhex(t, "private")), *peer) == test::text(t, "shared"));
    }
  }
  CHECK(compressed >= 1);
}

TEST_CASE("ECDH: NIST's agreements (Debian)") {
  for (const char* role : {"init", "resp"}) {
    auto path = test::debian(std::string("asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_") +
                             role + ".fax");
    if (!path) continue;
    int checked = 0;
    for (auto& r : test::read_records(*path, "COUNT", "ED - SHA384")) {
      CAPTURE(r["COUNT"]);
      Bytes peer = joined({Bytes{4}, test::unhex(r["QsCAVSx"]), test::unhex(r["QsCAVSy"])});
      Bytes own = joined({Bytes{4}, test::unhex(r["QsIUTx"]), test::unhex(r["QsIUTy"])});
      auto key = P384Key::from_scalar(test::unhex(r["dsIUT"]));
      auto point = p384_point(peer);
      if (r["Result"].starts_with("P")) {
        ++checked;
        REQUIRE(point.has_value());
        CHECK(test::hex(key.public_point()) == test::hex(own));
        CHECK(agreed(test::unhex(r["dsIUT"]), *point) == r["Z"]);
      } else if (r["Result"].find("CAVS's Static public key") != std::string::npos) {
        CHECK_FALSE(point.has_value());
      }
    }
    CHECK(checked > 5);
  }
}

TEST_CASE("ECDH: NIST's public keys (Debian): on the curve or not") {
  for (const char* name : {"asymmetric/ECDSA/FIPS_186-2/PKV.rsp", "asymmetric/ECDSA/FIPS_186-3/PKV.rsp"}) {
    auto path = test::debian(name);
    if (!path) continue;
    for (auto& r : test::read_records(*path, "Qx", "P-384")) {
      CAPTURE(r["Qx"]);
      // A coordinate out of range may be too long or have an odd number of digits.
      bool fits = r["Qx"].size() <= 96 && r["Qy"].size() <= 96;
      auto padded = [](const std::string& digits) { return std::string(96 - digits.size(), '0') + digits; };
      bool accepted = fits && p384_point(test::unhex("04" + padded(r["Qx"]) + padded(r["Qy"]))).has_value();
      CHECK(accepted == r["Result"].starts_with("P"));
    }
  }
}

TEST_CASE("P-384 keys: both sides agree; a leading zero of Z is kept") {
  test::FixedRng rng(9);
  bool seen_zero = false;
  auto fixed = some_key();
  for (int i = 0; i < 4; ++i) {
    auto a = P384Key::generate(rng), b = P384Key::generate(rng);
    CHECK(test::hex(a.agree(b.public_point())->view()) == test::hex(b.agree(a.public_point())->view()));
    CHECK(test::hex(a.clone().agree(b.public_point())->view()) ==
          test::hex(a.agree(b.public_point())->view()));
  }
  for (std::uint8_t low = 1; low && !seen_zero; ++low) {
    auto z = fixed.agree(P384Key::from_scalar(scalar({low, 1})).public_point());
    seen_zero = z->view()[0] == 0;
  }
  CHECK(seen_zero);
}

TEST_CASE("P-384 keys: a thread that makes many gets the right public keys") {
  Bytes last = test::unhex(order);
  last.back() -= 1;
  std::vector<Bytes> scalars{scalar({1}), scalar({2}), last, Bytes(48, 0x5a), scalar(Bytes(24, 0xff))};
  for (std::size_t bit = 0; bit < 48; ++bit) {  // a power of 2 in each byte
    scalars.emplace_back(48, 0);
    scalars.back()[bit] = static_cast<std::uint8_t>(1 << bit % 8);
  }
  scalars.emplace_back(48, 0x80);
  for (int i = 0; i < 10; ++i)
    some_key();
  for (const Bytes& k : scalars) {
    CAPTURE(test::hex(k));
    P384Point first{};
    std::thread([&] { first = P384Key::from_scalar(k).public_point(); }).join();
    CHECK(P384Key::from_scalar(k).public_point() == first);
  }
}

TEST_CASE("P-384 keys: generate draws again after 0, n and larger values") {
  test::FixedRng rng;
  rng.push(Bytes(48, 0));
  rng.push(test::unhex(order));
  rng.push(Bytes(48, 0xff));
  rng.push(scalar({1}));
  auto key = P384Key::generate(rng);
  CHECK(rng.queued() == 0);
  CHECK(key.public_point() == P384Key::from_scalar(scalar({1})).public_point());
}

TEST_CASE("attack 14: hand-made P-384 points") {
  P384Point good = some_key().public_point();
  REQUIRE(p384_point(good).has_value());
  auto refused = [](ByteView bytes) {
    CAPTURE(test::hex(bytes));
    CHECK_FALSE(p384_point(bytes).has_value());
  };
  Bytes zeros(48, 0), x(good.begin() + 1, good.begin() + 49), y(good.begin() + 49, good.end());
  refused({});
  refused(Bytes{0});  // the point at infinity
  refused(joined({Bytes{4}, zeros, zeros}));
  refused(joined({Bytes{4}, x, zeros}));
  refused(joined({Bytes{4}, y, x}));
  refused(joined({Bytes{4}, test::unhex(field), y}));
  refused(joined({Bytes{4}, x, Bytes(48, 0xff)}));
  for (std::uint8_t first : {0, 2, 3, 5, 6, 7, 0x44})
    refused(joined({Bytes{first}, x, y}));
  refused(ByteView(good).first(96));
  refused(joined({good, Bytes{0}}));
  for (std::size_t i = 1; i < 97; ++i) {
    P384Point bad = good;
    bad[i] ^= 1;
    refused(bad);
  }
}

TEST_CASE("attack 14: x >= p and x without a y, compressed") {
  P384Compressed good = p384_compress(some_key().public_point());
  CHECK(p384_decompress(good) == some_key().public_point());
  P384Compressed other = good;
  other[0] ^= 1;  // the mirrored point: also valid
  REQUIRE(p384_decompress(other).has_value());
  CHECK(*p384_decompress(other) != some_key().public_point());
  for (std::uint8_t first : {0, 1, 4, 5, 6, 7, 0x82})
    CHECK_FALSE(p384_decompress(joined({Bytes{first}, ByteView(good).subspan(1)})).has_value());
  CHECK_FALSE(p384_decompress(ByteView(good).first(48)).has_value());
  CHECK_FALSE(p384_decompress(joined({good, Bytes{0}})).has_value());
  CHECK_FALSE(p384_decompress({}).has_value());
  CHECK_FALSE(p384_decompress(some_key().public_point()).has_value());

  // x = p + k for small k is refused, even where k is the x of a point.
  int without_y = 0;
  for (int k = 0; k < 40; ++k) {
    Bytes small = scalar({static_cast<std::uint8_t>(k)});
    without_y += !p384_decompress(joined({Bytes{2}, small})).has_value();
    Bytes large = test::unhex(field);
    unsigned carry = static_cast<unsigned>(k);
    for (std::size_t i = 48; i-- && carry; carry >>= 8) {
      carry += large[i];
      large[i] = static_cast<std::uint8_t>(carry);
    }
    CHECK_FALSE(p384_decompress(joined({Bytes{2}, large})).has_value());
    CHECK_FALSE(p384_decompress(joined({Bytes{3}, large})).has_value());
  }
  CHECK(without_y > 5);
  CHECK(without_y < 35);
}

TEST_CASE("attack 14: only the one SubjectPublicKeyInfo encoding") {
  auto spki = p384_to_spki(some_key().public_point());
  CHECK(p384_from_spki(spki) == some_key().public_point());
  for (std::size_t i = 0; i < 24; ++i) {
    auto bad = spki;
    bad[i] ^= 1;
    CHECK_FALSE(p384_from_spki(bad).has_value());
  }
  for (std::size_t size = 0; size < spki.size(); ++size)
    CHECK_FALSE(p384_from_spki(ByteView(spki).first(size)).has_value());
  CHECK_FALSE(p384_from_spki(joined({spki, Bytes{0}})).has_value());
}

TEST_CASE("ecdh: a blinded agreement gives the same Z under fresh randomness each time") {
  test::FixedRng rng(5);
  const P384Key own = P384Key::generate(rng), peer = P384Key::generate(rng);
  const auto expected = own.agree(peer.public_point());
  REQUIRE(expected);
  Bytes largest(48, 0xff), zeros(48, 0), r(8, 0xff);
  for (const Bytes& blinding : {Bytes(8, 0), r, Bytes(8, 0x5a)}) {
    rng.push(blinding);
    const auto z = p384_agree_blinded(own.scalar().view(), peer.public_point(), rng);
    CHECK(rng.queued() == 0);
    REQUIRE(z);
    CHECK(test::hex(z->view()) == test::hex(expected->view()));
  }
  CHECK_FALSE(p384_agree_blinded(zeros, peer.public_point(), rng));
  CHECK_FALSE(p384_agree_blinded(largest, peer.public_point(), rng));
  CHECK_FALSE(p384_agree_blinded(ByteView(zeros).first(47), peer.public_point(), rng));
}
