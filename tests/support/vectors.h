// Finding and reading test vectors. Third-party vectors are not in this repository: they come from
// $SIMS_VECTORS, else from ../shared/vectors beside the repository; Debian's python3-cryptography-vectors is
// used whenever it is installed. The project's own (sims/) are in tests/vectors, unless $SIMS_VECTORS is set:
// then from there too. Tests run with the repository's root as the current folder.
#pragma once

#include <rapidjson/document.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sims::test {

// Prints "SKIPPED: why" and counts it; the program's last line says how many there were.
void skip(std::string_view why);
int skipped();

// Paths of "wycheproof/ed25519_test.json" and the like; nullopt, after skip(), where there is none.
// Throws if $SIMS_VECTORS names a folder that is not there.
std::optional<std::string> third_party(std::string_view name);
// Below the folder of Debian's package, e.g. "HMAC/rfc-4231-sha256.txt"; nullopt, after skip(), where there
// is none.
std::optional<std::string> debian(std::string_view name);
// The project's own, e.g. "connect-ecdhe.json". Always there (throws otherwise).
std::string own(std::string_view name);

std::string read_text(const std::string& path);          // throws
rapidjson::Document read_json(const std::string& path);  // throws
// "Key = value" files as NIST writes them: each line with first_key begins a record; only those below the
// heading "[section]" (all, if it is empty). Throws if there are none.
using Record = std::map<std::string, std::string>;
std::vector<Record> read_records(const std::string& path, std::string_view first_key,
                                 std::string_view section = "");
std::vector<std::string> list_folder(const std::string& path);  // names, sorted

// A string member; throws if it is missing or no string.
std::string_view text(const rapidjson::Value& object, const char* key);
Bytes unhex(std::string_view hex);  // throws
inline Bytes unhex(const rapidjson::Value& object, const char* key) {
  return unhex(text(object, key));
}
std::string hex(ByteView bytes);
// The DER inside a PEM text.
Bytes unpem(std::string_view pem);
// PKCS#8 DER of the RSA-4096 key in sims/connect-rsa.json, for tests that need any key: making one
// takes long.
const Bytes& rsa_test_key();

}  // namespace sims::test
