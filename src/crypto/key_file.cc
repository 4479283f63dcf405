#include "crypto/key_file.h"

#include <optional>

#include "base/base64.h"
#include "base/files.h"
#include "base/secret.h"

namespace sims::crypto {

namespace {

constexpr std::size_t max_file = 1'024;

std::string encode(std::string_view header, const SigningKey& key) {
  const std::size_t seed_size = base64_encoded_size(key.seed().size(), Base64::standard);
  std::string text(header.size() + 1 + seed_size + 1, '\n');
  header.copy(text.data(), header.size());
  base64_encode(key.seed(), Base64::standard, text.data() + header.size() + 1);
  return text;
}

std::optional<SigningKey> decode(std::string_view header, std::string_view text) {
  const std::size_t before = header.size() + 1;
  if (!text.starts_with(header) || !text.ends_with('\n') || text.size() <= before || text[before - 1] != '\n')
    return std::nullopt;
  auto seed = base64_decode_exact<32>(text.substr(before, text.size() - before - 1), Base64::standard);
  if (!seed) return std::nullopt;
  auto key = SigningKey::from_seed(*seed);
  wipe(*seed);
  return key;
}

}  // namespace

Result<SigningKey> read_key_file(const std::string& path, std::string_view header) {
  auto text = read_private_file(path, max_file);
  if (!text) return fail(text.error());
  auto key = decode(header, *text);
  wipe(*text);
  if (!key)
    return fail(path +
                ": damaged: not an identity; restore it from a backup, or move it away to get a new one");
  return std::move(*key);
}

Result<SigningKey> make_key_file(const std::string& path, std::string_view header) {
  auto key = SigningKey::generate(system_rng());
  auto text = encode(header, key);
  auto written = write_private_file(path, text);
  wipe(text);
  if (!written) return fail(written.error());
  return key;
}

}  // namespace sims::crypto
