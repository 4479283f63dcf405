// Base64: RFC 4648, canonical texts only.
#include "base/base64.h"

#include <doctest/doctest.h>

#include <random>

#include "support/vectors.h"

using namespace sims;

namespace {
constexpr Base64 kinds[] = {Base64::standard, Base64::url, Base64::url_unpadded};
}

TEST_CASE("base64: RFC 4648's examples") {
  const char* examples[][2] = {{"", ""},
                               {"f", "Zg=="},
                               {"fo", "Zm8="},
                               {"foo", "Zm9v"},
                               {"foob", "Zm9vYg=="},
                               {"fooba", "Zm9vYmE="},
                               {"foobar", "Zm9vYmFy"}};
  for (auto [plain, coded] : examples) {
    std::string unpadded = coded;
    unpadded.erase(unpadded.find_last_not_of('=') + 1);
    CHECK(base64_encode(bytes_of(plain), Base64::standard) == coded);
    CHECK(base64_encode(bytes_of(plain), Base64::url) == coded);
    CHECK(base64_encode(bytes_of(plain), Base64::url_unpadded) == unpadded);
  }
  CHECK(base64_encode(test::unhex("fbff"), Base64::standard) == "+/8=");
  CHECK(base64_encode(test::unhex("fbff"), Base64::url) == "-_8=");
}

TEST_CASE("base64: random bytes of every size decode to themselves, in the announced sizes") {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 300; ++size) {
    Bytes bytes(size);
    for (auto& byte : bytes)
      byte = static_cast<std::uint8_t>(random());
    for (Base64 kind : kinds) {
      std::string text = base64_encode(bytes, kind);
      CHECK(text.size() == base64_encoded_size(size, kind));
      CHECK(size <= base64_decoded_max(text.size()));
      CHECK(base64_decode(text, kind) == bytes);
    }
  }
}

TEST_CASE("base64: encoding in place, from the tail of the output buffer") {
  std::mt19937 random(2);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    for (auto& byte : bytes)
      byte = static_cast<std::uint8_t>(random());
    for (Base64 kind : kinds) {
      std::string room(base64_encoded_size(size, kind), '\0');
      if (size) std::memcpy(room.data() + room.size() - size, bytes.data(), size);
      base64_encode(bytes_of(room).last(size), kind, room.data());
      CHECK(room == base64_encode(bytes, kind));
    }
  }
}

TEST_CASE("base64: exact sizes") {
  CHECK(base64_decode_exact<3>("Zm9v", Base64::standard) == ByteArray<3>{'f', 'o', 'o'});
  CHECK_FALSE(base64_decode_exact<2>("Zm9v", Base64::standard));
  CHECK_FALSE(base64_decode_exact<4>("Zm9v", Base64::standard));
  CHECK_FALSE(base64_decode_exact<3>("Zm8=", Base64::standard));
  CHECK(base64_decode_exact<1>("Zg", Base64::url_unpadded) == ByteArray<1>{'f'});
  CHECK_FALSE(base64_decode_exact<1>("Zg==", Base64::url_unpadded));
  CHECK_FALSE(base64_decode_exact<32>(std::string(43, 'A') + "=", Base64::url_unpadded));
  CHECK_FALSE(base64_decode_exact<32>(std::string(42, 'A') + "B", Base64::url_unpadded));
}

TEST_CASE("attack 19: bytes have one text") {
  auto refused = [](std::string_view text, Base64 kind) {
    CAPTURE(std::string(text));
    CHECK_FALSE(base64_decode(text, kind).has_value());
  };
  for (Base64 kind : {Base64::standard, Base64::url}) {
    for (const char* text :
         {"Zg",       "Zg=",   "Zm8",      "Z",        "=",        "==",     "===",   "====",
          "Zg===",    "Zm9v=", "Zm9v====", "Zm8=Zm8=", "Zg==Zg==", "Z===",   "Zm=v",  "Z=9v",
          "=m9v",     "Zm8==", "Zh==",     "Zm9=",     "Zg= ",     "Zm9v\n", " Zm9v", "Zm 9",
          "Zm9v\r\n", "Zm9\n", "Zm9.",     "Zm9\x80",  "Zm9\xff"})
      refused(text, kind);
    refused(std::string_view("Zm9\0", 4), kind);
  }
  for (const char* text : {"Zg==", "Zm8=", "Z", "Zm9vZ", "Zh", "Zm9", "Zm 9", "Zg\n", "+/+/", "Zm9v="})
    refused(text, Base64::url_unpadded);
  refused("-_8=", Base64::standard);
  refused("+/8=", Base64::url);

  // Of all groups with padding exactly 256 + 65,536 decode, one text for each value.
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  int one = 0, two = 0;
  for (char a : alphabet)
    for (char b : alphabet) {
      std::string text{a, b, '=', '='};
      if (auto bytes = base64_decode(text, Base64::standard)) {
        ++one;
        CHECK(base64_encode(*bytes, Base64::standard) == text);
      }
      for (char c : alphabet)
        two += base64_decode(std::string{a, b, c, '='}, Base64::standard).has_value();
    }
  CHECK(one == 256);
  CHECK(two == 65'536);
}

TEST_CASE("base64: every character outside the alphabet is refused at every place") {
  for (int c = 0; c < 256; ++c) {
    bool standard = std::isalnum(c) || c == '+' || c == '/', url = std::isalnum(c) || c == '-' || c == '_';
    if (c >= 0x80) standard = url = false;
    for (std::size_t at = 0; at < 8; ++at) {
      std::string text = "AAAAAAAA";
      text[at] = static_cast<char>(c);
      if (c == '=' && at == 7) continue;  // padding
      CHECK(base64_decode(text, Base64::standard).has_value() == standard);
      CHECK(base64_decode(text, Base64::url).has_value() == url);
      CHECK(base64_decode(text, Base64::url_unpadded).has_value() == url);
    }
  }
}
