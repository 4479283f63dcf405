#include "crypto/key_file.h"

#include "base/base64.h"
#include "base/secret.h"

namespace sims::crypto {

std::string encode_key_file(std::string_view header, const SigningKey& key) {
  const std::size_t seed_size = base64_encoded_size(key.seed().size(), Base64::standard);
  std::string text(header.size() + 1 + seed_size + 1, '\n');
  header.copy(text.data(), header.size());
  base64_encode(key.seed(), Base64::standard, text.data() + header.size() + 1);
  return text;
}

std::optional<SigningKey> decode_key_file(std::string_view header, std::string_view text) {
  const std::size_t before = header.size() + 1;
  if (!text.starts_with(header) || !text.ends_with('\n') || text.size() <= before || text[before - 1] != '\n')
    return std::nullopt;
  auto seed = base64_decode_exact<32>(text.substr(before, text.size() - before - 1), Base64::standard);
  if (!seed) return std::nullopt;
  auto key = SigningKey::from_seed(*seed);
  wipe(*seed);
  return key;
}

}  // namespace sims::crypto
