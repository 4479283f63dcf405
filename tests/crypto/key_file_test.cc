#include "crypto/key_file.h"

#include <doctest/doctest.h>

#include "support/fixed_rng.h"

using namespace sims;

TEST_CASE("an identity file comes back, and only an exact one") {
  test::FixedRng rng(7);
  const auto key = crypto::SigningKey::generate(rng);
  const std::string header = "# a key";
  const std::string text = crypto::encode_key_file(header, key);
  CHECK(text.size() == header.size() + 1 + 44 + 1);
  auto back = crypto::decode_key_file(header, text);
  REQUIRE(back);
  CHECK(back->public_key() == key.public_key());
  CHECK_FALSE(crypto::decode_key_file("# b key", text));
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK_FALSE(crypto::decode_key_file(header, std::string_view(text).substr(0, size)));
  CHECK_FALSE(crypto::decode_key_file(header, text + "\n"));
  CHECK_FALSE(crypto::decode_key_file(header, header + " " + text.substr(header.size() + 1)));
  std::string foreign = text;
  foreign[header.size() + 5] = '!';
  CHECK_FALSE(crypto::decode_key_file(header, foreign));
}
