// Ids, names and safety numbers (sims-protocol(7) section 2).
#pragma once

#include <array>
#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/sign.h"

namespace sims::proto {

// The 43 characters of an Ed25519 public key in base64url. A value type; a default one is empty (all NUL).
class Id {
 public:
  static constexpr std::size_t length = 43;

  Id() = default;
  static Id of(const crypto::PublicKey& key);
  // Full check: canonical base64url of the canonical encoding of a curve point of large order. About 50 us.
  static std::optional<Id> parse(std::string_view text);
  // Only the shape (43 characters, canonical base64url): enough to look an id up among those already parsed.
  static std::optional<Id> shaped(std::string_view text);

  std::string_view text() const { return {text_.data(), length}; }
  std::string str() const { return std::string(text()); }
  crypto::PublicKey key() const;
  bool empty() const { return text_[0] == '\0'; }
  // Compares as text: the tie break of section 3.
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the comparison's 0 for a pointer
  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;

 private:
  std::array<char, length> text_{};
};

// [a-z0-9][a-z0-9._-]{0,31}
bool valid_name(std::string_view name);

// 60 digits in 12 groups of 5, joined by single spaces. The same for (a, b) and (b, a). About 10 ms.
std::string safety_number(const Id& a, const Id& b);
// Compares text that a person typed or pasted with the safety number or QR text of a and b. Any white space
// or hyphens may separate the digits.
bool safety_number_matches(std::string_view typed, const Id& a, const Id& b);
// "sims:1:ID:ID", lower key first: the QR code's content.
std::string safety_qr_text(const Id& a, const Id& b);

// Whether a user typed or pasted this id; white space around it does not count. Never for an empty id.
bool fingerprint_matches(std::string_view typed, const Id& id);

}  // namespace sims::proto

template <>
struct std::hash<sims::proto::Id> {
  // An id is a public key that its owner chose: hash all of it, so that look-alike prefixes do not collide.
  std::size_t operator()(const sims::proto::Id& id) const noexcept {
    return std::hash<std::string_view>{}(id.text());
  }
};
