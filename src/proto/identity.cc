// Parses ids and names, and computes and compares safety numbers.
#include "proto/identity.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "crypto/kdf.h"
#include "proto/labels.h"
#include "proto/limits.h"

namespace sims::proto {

namespace {

constexpr int safety_rounds = 5'200;

// One key's 30 digits.
std::string safety_digits(const crypto::PublicKey& key) {
  ByteArray<64> digest = crypto::sha512({bytes_of(labels::safety), key, key});
  for (int round = 1; round < safety_rounds; ++round)
    digest = crypto::sha512({digest, key});
  std::string digits;
  for (std::size_t group = 0; group < 6; ++group) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < 5; ++i)
      v = v << 8 | digest[group * 5 + i];
    const std::string number = std::to_string(v % 100'000);
    digits.append(5 - number.size(), '0').append(number);
  }
  return digits;
}

std::pair<Id, Id> lower_first(const Id& a, const Id& b) {
  return a.key() < b.key() ? std::pair(a, b) : std::pair(b, a);
}

std::string sixty_digits(const Id& a, const Id& b) {
  const auto [low, high] = lower_first(a, b);
  return safety_digits(low.key()) + safety_digits(high.key());
}

// Length of the white space that `text` starts with: ASCII white space, no-break spaces and the spaces
// U+2000 to U+200A.
std::size_t space_at(std::string_view text) {
  const char c = text[0];
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  if (text.starts_with("\u00a0")) return 2;
  if (text.size() < 3) return 0;
  const std::string_view three = text.substr(0, 3);
  if (three >= "\u2000" && three <= "\u200a") return 3;
  return three == "\u202f" || three == "\u205f" || three == "\u3000" ? 3 : 0;
}

std::string without_space(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t space = space_at(text);
    if (space == 0) out += text[0];
    text.remove_prefix(std::max<std::size_t>(space, 1));
  }
  return out;
}

}  // namespace

Id Id::of(const crypto::PublicKey& key) {
  Id id;
  base64_encode(key, Base64::url_unpadded, id.text_.data());
  return id;
}

std::optional<Id> Id::shaped(std::string_view text) {
  if (text.size() != length || !base64_decode_exact<32>(text, Base64::url_unpadded)) return std::nullopt;
  Id id;
  std::copy(text.begin(), text.end(), id.text_.begin());
  return id;
}

std::optional<Id> Id::parse(std::string_view text) {
  auto id = shaped(text);
  if (!id || !crypto::valid_public_key(id->key())) return std::nullopt;
  return id;
}

crypto::PublicKey Id::key() const {
  return base64_decode_exact<32>(text(), Base64::url_unpadded).value_or(crypto::PublicKey{});
}

bool valid_name(std::string_view name) {
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto inner = [&](char c) { return alnum(c) || c == '.' || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= max_name && alnum(name[0]) &&
         std::all_of(name.begin(), name.end(), inner);
}

std::string safety_number(const Id& a, const Id& b) {
  const std::string digits = sixty_digits(a, b);
  std::string out;
  for (std::size_t at = 0; at < digits.size(); at += 5) {
    if (at != 0) out += ' ';
    out.append(digits, at, 5);
  }
  return out;
}

bool safety_number_matches(std::string_view typed, const Id& a, const Id& b) {
  std::string text = without_space(typed);
  if (text == safety_qr_text(a, b)) return true;
  std::erase(text, '-');
  return text == sixty_digits(a, b);
}

std::string safety_qr_text(const Id& a, const Id& b) {
  const auto [low, high] = lower_first(a, b);
  return "sims:1:" + low.str() + ":" + high.str();
}

bool fingerprint_matches(std::string_view typed, const Id& id) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = typed.find_first_not_of(space);
  if (first == std::string_view::npos) return false;
  const auto last = typed.find_last_not_of(space);
  return !id.empty() && typed.substr(first, last - first + 1) == id.text();
}

}  // namespace sims::proto
