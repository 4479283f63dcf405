// An identity file (0600): a header line that names what it is, then the Ed25519 seed in base64. No copy of
// the seed is left in freed memory.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/sign.h"

namespace sims::crypto {

// `header` has no line break. Refuses what make_key_file() does not write. Errors begin with the path.
Result<SigningKey> read_key_file(const std::string& path, std::string_view header);
// A new key, in the file. Only for who holds the lock of the file's folder.
Result<SigningKey> make_key_file(const std::string& path, std::string_view header);

}  // namespace sims::crypto
