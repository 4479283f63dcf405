// Fuzz target `fernet`: any token, and our own tokens with any change.
#include "crypto/fernet.h"

#include <memory>
#include <optional>

#include "fuzz/fuzz.h"
#include "fuzz/vectors.h"

namespace sims::fuzz {
namespace {

// Allocates exactly the size that the header promises, so that AddressSanitizer sees an overflow.
std::optional<std::string> open(crypto::Fernet& key, std::string_view token, const ByteArray<16>* iv) {
  const std::size_t most = crypto::Fernet::plaintext_max(token.size());
  const auto room = std::make_unique<std::uint8_t[]>(most);
  const auto size = key.open(token, iv, room.get());
  if (!size) return std::nullopt;
  HOLDS(*size <= most);
  return std::string(text_of(ByteView(room.get(), *size)));
}

void run(ByteView input) {
  crypto::Fernet key(ByteArray<32>{5});  // not static: it must not outlive the ciphers of its thread
  Source source(input);
  const std::size_t at = source.number(2);
  const auto flip = static_cast<char>(source.byte());
  const std::uint64_t time = source.number(2);
  const std::string plain = source.rest();
  HOLDS(!open(key, plain, nullptr));  // a token cannot be made without the key
  const ByteArray<16> iv{static_cast<std::uint8_t>(at)};
  std::string token = key.seal(bytes_of(plain), time, iv);
  HOLDS(token.size() == crypto::Fernet::token_size(plain.size()));
  HOLDS(open(key, token, nullptr) == plain && open(key, token, &iv) == plain);
  const ByteArray<16> no_iv{static_cast<std::uint8_t>(at + 1)};
  HOLDS(!open(key, token, &no_iv));
  HOLDS(!open(key, token + "A", nullptr) && !open(key, token + "=", nullptr));
  HOLDS(!open(key, std::string_view(token).substr(0, at % token.size()), nullptr));
  if (flip == 0) return;
  token[at % token.size()] = static_cast<char>(token[at % token.size()] ^ flip);
  HOLDS(!open(key, token, nullptr));
}

std::vector<std::string> seeds() {
  crypto::Fernet other(ByteArray<32>{6});
  const std::string head("\0\x40\x01\x10\x20", 5);
  std::vector<std::string> out = {head + "a text", head + std::string(16, 'x'),
                                  head + other.seal(bytes_of("text"), 7, ByteArray<16>{}),
                                  head +
                                      "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_"
                                      "5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="};
  for (const auto& token : strings_in_vectors("gAAAA"))
    out.push_back(head + token);
  return out;
}

const Register registered({"fernet", run, seeds, 4'000});

}  // namespace
}  // namespace sims::fuzz
