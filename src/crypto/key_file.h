// A file (0600) with one key: a header line that names its kind, then 32 bytes in base64. No copy of the key
// is left in freed memory.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/sign.h"

namespace sims::crypto {

// `header` has no line break. Refuses every form that make_secret_file() does not write; that error ends with
// `advice`. Errors begin with the path.
Result<Secret<32>> read_secret_file(const std::string& path, std::string_view header,
                                    std::string_view advice);
// Writes 32 random bytes to the file. The caller holds the lock of the file's folder.
Result<Secret<32>> make_secret_file(const std::string& path, std::string_view header);

// The same with the seed of an identity.
Result<SigningKey> read_key_file(const std::string& path, std::string_view header);
Result<SigningKey> make_key_file(const std::string& path, std::string_view header);

}  // namespace sims::crypto
