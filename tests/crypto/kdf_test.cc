// SHA-2, HMAC, HKDF and the concatenation KDF against known answers.
#include "crypto/kdf.h"

#include <doctest/doctest.h>

#include "support/vectors.h"

using namespace sims;
using namespace sims::crypto;

TEST_CASE("SHA-2: the examples of FIPS 180, in one part and in several") {
  CHECK(test::hex(sha256({bytes_of("abc")})) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256({bytes_of("a"), {}, bytes_of("bc")}) == sha256({bytes_of("abc")}));
  CHECK(test::hex(sha512({bytes_of("ab"), bytes_of("c")})).substr(0, 32) ==
        "ddaf35a193617abacc417349ae204131");
}

TEST_CASE("equal compares content and length") {
  CHECK(equal(bytes_of("abc"), bytes_of("abc")));
  CHECK(equal({}, {}));
  CHECK_FALSE(equal(bytes_of("abc"), bytes_of("abd")));
  CHECK_FALSE(equal(bytes_of("abc"), bytes_of("ab")));
  CHECK_FALSE(equal(bytes_of("abc"), {}));
}

TEST_CASE("HMAC: Wycheproof, full tags") {
  auto path = test::third_party("wycheproof/hmac_sha256_test.json");
  if (!path) return;
  auto doc = test::read_json(*path);
  int count = 0;
  for (const auto& group : doc["testGroups"].GetArray()) {
    if (group["tagSize"].GetInt() != 256) continue;  // SIMS never truncates
    for (const auto& t : group["tests"].GetArray()) {
      CAPTURE(t["tcId"].GetInt());
      HmacKey key(test::unhex(t, "key"));
      Bytes msg = test::unhex(t, "msg"), tag = test::unhex(t, "tag");
      bool valid = test::text(t, "result") == "valid";
      CHECK(key.verify({msg}, tag) == valid);
      CHECK(equal(key.mac({ByteView(msg).first(msg.size() / 2), ByteView(msg).subspan(msg.size() / 2)}),
                  tag) == valid);
      ++count;
    }
  }
  CHECK(count > 80);
}

TEST_CASE("HMAC: a truncated tag is refused") {
  HmacKey key(bytes_of("key"));
  Digest tag = key.mac({bytes_of("text")});
  CHECK(key.verify({bytes_of("text")}, tag));
  for (std::size_t size = 0; size < tag.size(); ++size)
    CHECK_FALSE(key.verify({bytes_of("text")}, ByteView(tag).first(size)));
}

TEST_CASE("HMAC: RFC 4231 (Debian's vectors)") {
  auto path = test::debian("HMAC/rfc-4231-sha256.txt");
  if (!path) return;
  for (auto& r : test::read_records(*path, "Len")) {
    CAPTURE(r["Msg"]);
    CHECK(test::hex(hmac(test::unhex(r["Key"]), {test::unhex(r["Msg"])})) == r["MD"]);
  }
}

TEST_CASE("HKDF: Wycheproof") {
  auto path = test::third_party("wycheproof/hkdf_sha256_test.json");
  if (!path) return;
  auto doc = test::read_json(*path);
  int count = 0;
  for (const auto& group : doc["testGroups"].GetArray()) {
    for (const auto& t : group["tests"].GetArray()) {
      if (t["size"].GetInt() > 255 * 32) continue;  // asserted: asking for more is a bug of the caller
      CAPTURE(t["tcId"].GetInt());
      Bytes out(static_cast<std::size_t>(t["size"].GetInt()));
      hkdf_expand(hkdf_extract(test::unhex(t, "salt"), test::unhex(t, "ikm")).view(), test::unhex(t, "info"),
                  out);
      CHECK(equal(out, test::unhex(t, "okm")) == (test::text(t, "result") == "valid"));
      ++count;
    }
  }
  CHECK(count == 83);
}

TEST_CASE("HKDF: RFC 5869 and a long output (Debian's vectors)") {
  for (const char* name : {"KDF/rfc-5869-HKDF-SHA256.txt", "KDF/hkdf-generated.txt"}) {
    auto path = test::debian(name);
    if (!path) continue;
    for (auto& r : test::read_records(*path, "COUNT")) {
      CAPTURE(r["COUNT"]);
      auto prk = hkdf_extract(test::unhex(r["salt"]), test::unhex(r["IKM"]));
      if (r.contains("PRK")) CHECK(test::hex(prk.view()) == r["PRK"]);
      Bytes out(std::stoul(r["L"]));
      hkdf_expand(prk.view(), test::unhex(r["info"]), out);
      CHECK(test::hex(out) == r["OKM"]);
    }
  }
}

TEST_CASE("concatenation KDF: 100 vectors, leading zeros of Z kept") {
  auto path = test::third_party("concatkdf/concatkdf_sha256.json");
  if (!path) return;
  auto doc = test::read_json(*path);
  CHECK(doc["tests"].Size() == 100);
  for (const auto& t : doc["tests"].GetArray()) {
    CAPTURE(t["tcId"].GetInt());
    Bytes out(static_cast<std::size_t>(t["L"].GetInt()));
    concat_kdf(test::unhex(t, "Z"), test::unhex(t, "otherInfo"), out);
    CHECK(test::hex(out) == test::text(t, "okm"));
  }
}
