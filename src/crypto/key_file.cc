// Encodes and decodes the text of a key file, and reads and creates such files.
#include "crypto/key_file.h"

#include <optional>

#include "base/base64.h"
#include "base/secret.h"
#include "os/files.h"

namespace sims::crypto {

namespace {

constexpr std::size_t max_file = 1'024;

std::string encode(std::string_view header, ByteView key) {
  const std::size_t size = base64_encoded_size(key.size(), Base64::standard);
  std::string text(header.size() + 1 + size + 1, '\n');
  header.copy(text.data(), header.size());
  base64_encode(key, Base64::standard, text.data() + header.size() + 1);
  return text;
}

std::optional<Secret<32>> decode(std::string_view header, std::string_view text) {
  const std::size_t before = header.size() + 1;
  if (!text.starts_with(header) || !text.ends_with('\n') || text.size() <= before || text[before - 1] != '\n')
    return std::nullopt;
  auto bytes = base64_decode_exact<32>(text.substr(before, text.size() - before - 1), Base64::standard);
  if (!bytes) return std::nullopt;
  Secret<32> key(*bytes);
  wipe(*bytes);
  return key;
}

}  // namespace

Result<Secret<32>> read_secret_file(const std::string& path, std::string_view header,
                                    std::string_view advice) {
  auto text = read_private_file(path, max_file);
  TRY(text);
  auto key = decode(header, *text);
  wipe(*text);
  if (!key) return fail(path + ": damaged: " + std::string(advice));
  return std::move(*key);
}

Result<Secret<32>> make_secret_file(const std::string& path, std::string_view header) {
  Secret<32> key;
  system_rng().fill(key.writable());
  auto text = encode(header, key.view());
  auto written = write_private_file(path, text);
  wipe(text);
  TRY(written);
  return key;
}

Result<SigningKey> read_key_file(const std::string& path, std::string_view header) {
  auto seed = read_secret_file(path, header,
                               "not an identity; restore it from a backup, or move it away to get a new one");
  TRY(seed);
  return SigningKey::from_seed(seed->view());
}

Result<SigningKey> make_key_file(const std::string& path, std::string_view header) {
  auto seed = make_secret_file(path, header);
  TRY(seed);
  return SigningKey::from_seed(seed->view());
}

}  // namespace sims::crypto
