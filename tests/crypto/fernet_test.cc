// Fernet tokens and AES-128 against known answers, and tokens altered by hand.
#include "crypto/fernet.h"

#include <doctest/doctest.h>

#include <thread>

#include "base/base64.h"
#include "crypto/aes.h"
#include "crypto/kdf.h"
#include "support/fixed_rng.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::crypto;

namespace {

using Opened = Result<std::string, FernetError>;

Opened open(Fernet& fernet, std::string_view token, const ByteArray<16>* iv = nullptr) {
  Bytes room(Fernet::plaintext_max(token.size()));
  auto size = fernet.open(token, iv, room.data());
  if (!size) return fail(size.error());
  REQUIRE(*size <= room.size());
  return std::string(text_of(ByteView(room).first(*size)));
}

Bytes secret(const rapidjson::Value& t) {
  return base64_decode(test::text(t, "secret"), Base64::url).value();
}

ByteArray<16> iv_of(ByteView bytes) {
  ByteArray<16> iv;
  REQUIRE(bytes.size() == 16);
  std::copy(bytes.begin(), bytes.end(), iv.begin());
  return iv;
}

// A token with these parts and a valid MAC.
std::string forge(ByteView key, ByteView iv, ByteView ciphertext, std::uint64_t time = 0,
                  std::uint8_t version = 0x80) {
  Bytes raw{version};
  auto stamp = u64be(time);
  raw.insert(raw.end(), stamp.begin(), stamp.end());
  raw.insert(raw.end(), iv.begin(), iv.end());
  raw.insert(raw.end(), ciphertext.begin(), ciphertext.end());
  Digest tag = hmac(key.first(16), {raw});
  raw.insert(raw.end(), tag.begin(), tag.end());
  return base64_encode(raw, Base64::url);
}

Bytes key_with(ByteView encryption_key) {
  Bytes key(16, 0x5a);
  key.insert(key.end(), encryption_key.begin(), encryption_key.end());
  return key;
}

const Bytes some_key(32, 7);
const ByteArray<16> some_iv{1, 2, 3};

void check_generate(const std::string& path) {
  auto doc = test::read_json(path);
  for (const auto& t : doc.GetArray()) {
    Bytes iv;
    for (const auto& byte : t["iv"].GetArray())
      iv.push_back(static_cast<std::uint8_t>(byte.GetInt()));
    Fernet fernet(secret(t));
    CHECK(fernet.seal(bytes_of(test::text(t, "src")), 499162800, iv_of(iv)) == test::text(t, "token"));
  }
}

void check_verify(const std::string& path) {
  auto doc = test::read_json(path);
  for (const auto& t : doc.GetArray()) {
    Fernet fernet(secret(t));
    CHECK(open(fernet, test::text(t, "token")) == Opened(std::string(test::text(t, "src"))));
  }
}

// The cases about ttl and clock skew open: SIMS does not check the time (sims-protocol(7), section 4).
void check_invalid(const std::string& path) {
  auto doc = test::read_json(path);
  int refused = 0, opened = 0;
  for (const auto& t : doc.GetArray()) {
    std::string_view desc = test::text(t, "desc");
    CAPTURE(desc);
    Fernet fernet(secret(t));
    bool about_time = desc.find("TTL") != desc.npos || desc.find("TS") != desc.npos;
    CHECK(open(fernet, test::text(t, "token")).has_value() == about_time);
    ++(about_time ? opened : refused);
  }
  CHECK(refused == 6);
  CHECK(opened == 2);
}

}  // namespace

TEST_CASE("Fernet: the specification's vectors") {
  if (auto path = test::third_party("fernet-spec/generate.json")) check_generate(*path);
  if (auto path = test::third_party("fernet-spec/verify.json")) check_verify(*path);
  if (auto path = test::third_party("fernet-spec/invalid.json")) check_invalid(*path);
}

TEST_CASE("Fernet: Debian's copy of the vectors") {
  if (auto path = test::debian("fernet/generate.json")) check_generate(*path);
  if (auto path = test::debian("fernet/verify.json")) check_verify(*path);
  if (auto path = test::debian("fernet/invalid.json")) check_invalid(*path);
}

TEST_CASE("Fernet: round trip at every size around block and base64 boundaries, also with a moved object") {
  Fernet made(some_key);
  Fernet fernet = std::move(made);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string plain(size, 'x');
    std::string token = fernet.seal(bytes_of(plain), 5, some_iv);
    CHECK(token.size() == Fernet::token_size(size));
    CHECK(size <= Fernet::plaintext_max(token.size()));
    CHECK(open(fernet, token, &some_iv) == Opened(plain));
  }
  std::string large(60'000, 'y');
  CHECK(open(fernet, fernet.seal(bytes_of(large), 5, some_iv)) == Opened(large));
}

TEST_CASE("Fernet: a genuine token at the wrong place is refused") {
  Fernet fernet(some_key);
  std::string token = fernet.seal(bytes_of("text"), 0, some_iv);
  ByteArray<16> other = some_iv;
  other[15] ^= 1;
  CHECK(open(fernet, token, &other) == Opened(fail(FernetError::bad_iv)));
}

TEST_CASE("Fernet: another key, other versions and cut tokens are refused") {
  Fernet fernet(some_key);
  std::string token = fernet.seal(bytes_of("text"), 0, some_iv);
  Fernet other(Bytes(32, 8));
  CHECK(open(other, token) == Opened(fail(FernetError::bad_mac)));
  Bytes block = base64_decode(token, Base64::url).value();
  block = Bytes(block.begin() + 25, block.begin() + 41);
  CHECK(open(fernet, forge(some_key, some_iv, block)) == Opened("text"));
  for (int version : {0, 0x7f, 0x81, 0xff})
    CHECK(open(fernet, forge(some_key, some_iv, block, 0, static_cast<std::uint8_t>(version))) ==
          Opened(fail(FernetError::malformed)));
  CHECK(open(fernet, forge(some_key, some_iv, {})) == Opened(fail(FernetError::malformed)));
  for (std::size_t size = 0; size < token.size(); ++size)
    CHECK_FALSE(open(fernet, std::string_view(token).substr(0, size)).has_value());
}

TEST_CASE("AES-128-CBC with PKCS7: Wycheproof, through tokens") {
  auto path = test::third_party("wycheproof/aes_cbc_pkcs5_test.json");
  if (!path) return;
  auto doc = test::read_json(*path);
  int valid = 0, invalid = 0;
  for (const auto& group : doc["testGroups"].GetArray()) {
    if (group["keySize"].GetInt() != 128) continue;
    for (const auto& t : group["tests"].GetArray()) {
      CAPTURE(t["tcId"].GetInt());
      Bytes key = key_with(test::unhex(t, "key")), iv = test::unhex(t, "iv"), ct = test::unhex(t, "ct");
      Bytes msg = test::unhex(t, "msg");
      Fernet fernet(key);
      std::string token = forge(key, iv, ct);
      auto opened = open(fernet, token);
      if (test::text(t, "result") == "valid") {
        ++valid;
        CHECK(opened == Opened(std::string(text_of(msg))));
        CHECK(fernet.seal(msg, 0, iv_of(iv)) == token);
      } else {
        ++invalid;
        CHECK(opened == Opened(fail(ct.empty() ? FernetError::malformed : FernetError::bad_padding)));
      }
    }
  }
  CHECK(valid == 24);
  CHECK(invalid == 48);
}

TEST_CASE("AES-128: NIST's vectors (Debian), CBC through tokens and single blocks") {
  for (const char* name :
       {"CBCMMT128.rsp", "CBCGFSbox128.rsp", "CBCKeySbox128.rsp", "CBCVarKey128.rsp", "CBCVarTxt128.rsp"}) {
    auto path = test::debian(std::string("ciphers/AES/CBC/") + name);
    if (!path) continue;
    for (auto& r : test::read_records(*path, "COUNT")) {
      CAPTURE(r["COUNT"]);
      Bytes plain = test::unhex(r["PLAINTEXT"]), key = test::unhex(r["KEY"]), iv = test::unhex(r["IV"]);
      Fernet fernet(key_with(key));
      Bytes raw = base64_decode(fernet.seal(plain, 0, iv_of(iv)), Base64::url).value();
      CHECK(test::hex(ByteView(raw).subspan(25, plain.size())) ==
            r["CIPHERTEXT"]);  // then the padding's block
      if (plain.size() != 16) continue;
      auto block = iv_of(plain);
      for (std::size_t i = 0; i < 16; ++i)
        block[i] ^= iv[i];
      CHECK(test::hex(Aes128Key(key).encrypt_block(block)) == r["CIPHERTEXT"]);
    }
  }
}

// The keys of a thread share its ciphers. Each key must work whichever key used them before, even one that
// was moved or destroyed.
TEST_CASE("AES-128: many keys in turns, moved and replaced, on two threads") {
  const auto run = [] {
    std::vector<Aes128Key> keys;
    std::vector<ByteArray<16>> blocks;
    const ByteArray<16> plain{1, 2, 3};
    const Bytes text(40, 'x');
    const auto sealed = [&](const Aes128Key& key) {
      Bytes out(Aes128Key::padded_size(text.size()));
      key.seal_cbc(some_iv, text, out.data());
      return out;
    };
    std::vector<Bytes> tokens;
    for (std::uint8_t i = 0; i < 20; ++i) {
      keys.emplace_back(Bytes(16, i));  // moves the earlier keys
      blocks.push_back(keys.back().encrypt_block(plain));
      tokens.push_back(sealed(keys.back()));
    }
    for (std::size_t i = 0; i < 400; ++i) {
      const std::size_t k = i * 7 % keys.size();
      CHECK(keys[k].encrypt_block(plain) == blocks[k]);
      CHECK(keys[(k + 1) % 20].encrypt_block(plain) == blocks[(k + 1) % 20]);
      CHECK(sealed(keys[k]) == tokens[k]);
      Bytes opened(tokens[k].size());
      CHECK(keys[k].open_cbc(some_iv, tokens[k], opened.data()) == text.size());
      keys[k] = Aes128Key(Bytes(16, static_cast<std::uint8_t>(k)));
      CHECK(keys[k].encrypt_block(plain) == blocks[k]);
    }
  };
  std::thread other(run);
  run();
  other.join();
}

TEST_CASE("attack 17: every flipped bit of a token fails the MAC, never the padding") {
  Fernet fernet(some_key);
  std::string token = fernet.seal(bytes_of("attack at dawn, and bring sixteen spare bytes"), 1, some_iv);
  Bytes raw = base64_decode(token, Base64::url).value();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      raw[i] ^= static_cast<std::uint8_t>(1 << bit);
      auto expected = i == 0 ? FernetError::malformed : FernetError::bad_mac;
      CHECK(open(fernet, base64_encode(raw, Base64::url), &some_iv) == Opened(fail(expected)));
      raw[i] ^= static_cast<std::uint8_t>(1 << bit);
    }
  }
  // The same for flips in the text, and for blocks cut out or swapped.
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(open(fernet, changed).has_value());
  }
  Bytes cut = raw;
  cut.erase(cut.begin() + 25, cut.begin() + 41);
  CHECK(open(fernet, base64_encode(cut, Base64::url)) == Opened(fail(FernetError::bad_mac)));
}

TEST_CASE("attack 18: a token opens whatever time it carries") {
  Fernet fernet(some_key);
  for (std::uint64_t time : {std::uint64_t{0}, std::uint64_t{1} << 62, ~std::uint64_t{0}})
    CHECK(open(fernet, fernet.seal(bytes_of("late or early"), time, some_iv)) == Opened("late or early"));
}

TEST_CASE("attack 19: a token has one encoding") {
  Fernet fernet(some_key);
  for (std::string plain : {"", "one block more than that", "0123456789abcdef0123456789abcdef"}) {
    std::string token = fernet.seal(bytes_of(plain), ~std::uint64_t{0}, some_iv);
    auto refused = [&](std::string changed) {
      CAPTURE(changed);
      CHECK(open(fernet, changed) == Opened(fail(FernetError::malformed)));
    };
    refused(token + "=");
    refused(token + "\n");
    refused(" " + token);
    refused(token.substr(0, 8) + "\n" + token.substr(8));
    if (token.ends_with('=')) {
      refused(token.substr(0, token.size() - 1));
      refused(token.substr(0, token.find('=')));
      std::string loose = token;
      loose[token.find('=') - 1] = static_cast<char>(loose[token.find('=') - 1] + 1);
      refused(loose);
    }
    std::string standard = token;  // the time is all ones, so there are '_' to replace
    std::size_t at = standard.find('_');
    REQUIRE(at != standard.npos);
    standard[at] = '/';
    refused(standard);
  }
}

TEST_CASE("random bytes are never accepted as a token") {
  Fernet fernet(some_key);
  test::FixedRng rng(42);
  for (int i = 0; i < 3000; ++i) {
    Bytes junk(rng.pick(200));
    rng.fill(junk);
    CHECK_FALSE(open(fernet, text_of(junk)).has_value());
    CHECK_FALSE(open(fernet, base64_encode(junk, Base64::url)).has_value());
  }
}
