// The plaintext of a client-com's token: a text, a read or a typing notice (sims-protocol(7) section 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "crypto/rng.h"
#include "proto/error.h"

namespace sims::proto {

struct TextContent {
  bool action = false;  // kind `action` (/me)
  std::string uid;      // 22 characters
  std::string body;
  std::uint64_t sent = 0;  // unix ms
  // The uid of the author's text before this one in the conversation; empty: there is none. nullopt: the
  // order is unknown.
  std::optional<std::string> after;
};
struct ReadContent {
  std::string uid;
};
struct TypingContent {
  bool on = false;
};
struct UnsupportedContent {
  std::string kind;
  std::string uid;  // empty: it has none
};
using Content = std::variant<TextContent, ReadContent, TypingContent, UnsupportedContent>;

// Compact JSON, padded with spaces to 128, 256, 512 or a multiple of 1,024 bytes. Fails with too_large past
// max_body or max_content and with bad_message for a body that is not UTF-8.
Checked<std::string> encode_content(const Content& content);
Checked<Content> decode_content(std::string_view plaintext);
// 22 characters for 16 random bytes.
std::string make_uid(crypto::Rng& rng);

}  // namespace sims::proto
