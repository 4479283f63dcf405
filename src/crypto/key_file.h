// The text of an identity file: a header line that names what it is, then the Ed25519 seed in base64. Pure:
// who reads and writes the file (0600) is the caller, and so is who wipes the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/sign.h"

namespace sims::crypto {

// `header` has no line break. The seed is in the returned string alone: no copy is left in freed memory.
std::string encode_key_file(std::string_view header, const SigningKey& key);
// nullopt: not exactly what encode_key_file() writes.
std::optional<SigningKey> decode_key_file(std::string_view header, std::string_view text);

}  // namespace sims::crypto
