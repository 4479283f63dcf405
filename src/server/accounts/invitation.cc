// Makes, parses and hashes invitation codes.
#include "server/accounts/invitation.h"

namespace sims::server {

namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t code_bytes = 16;
constexpr std::size_t characters = 26;  // 130 bits: the last two are 0
constexpr std::size_t group = 6;

std::string grouped(std::string_view code) {
  std::string out;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (i != 0 && i % group == 0) out += '-';
    out += code[i];
  }
  return out;
}

// The value of a character, 0 to 31; npos: it has none.
std::size_t value(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  return alphabet.find(c);
}

}  // namespace

std::string make_invitation(crypto::Rng& rng) {
  ByteArray<code_bytes> bytes;
  rng.fill(bytes);
  std::string code;
  for (std::size_t i = 0; i < characters; ++i) {
    std::size_t five = 0;
    for (std::size_t bit = 5 * i; bit < 5 * i + 5; ++bit)
      five = five << 1 | (bit < 8 * code_bytes ? bytes[bit / 8] >> (7 - bit % 8) & 1 : 0);
    code += alphabet[five];
  }
  return grouped(code);
}

std::optional<std::string> parse_invitation(std::string_view text) {
  std::string code;
  for (const char c : text) {
    if (c == '-' || c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    const auto five = value(c);
    if (five == alphabet.npos || code.size() == characters) return std::nullopt;
    code += alphabet[five];
  }
  if (code.size() != characters || value(code.back()) % 4 != 0) return std::nullopt;
  return grouped(code);
}

crypto::Digest invitation_hash(std::string_view code) {
  return crypto::sha256({bytes_of(code)});
}

}  // namespace sims::server
