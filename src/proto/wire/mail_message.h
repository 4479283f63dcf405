// The messages of mail (sims-protocol(7) section 8) as plain structs: prekeys, letters and receipts. They own
// all that they hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "crypto/kdf.h"
#include "crypto/sign.h"
#include "proto/identity.h"

namespace sims::proto {

// --- client to server and back -------------------------------------------------------------------
using PrekeyNumber = ByteArray<16>;  // 22 characters of base64url on the wire; names a key within one owner
enum class PrekeyUse : std::uint8_t { once = 1, many = 2 };

// The public half of a key exchange made ahead, as its owner signed it. Only its form is checked here.
struct Prekey {
  PrekeyNumber number{};
  std::string suite;  // at most max_suite_name bytes
  PrekeyUse use = PrekeyUse::once;
  std::uint64_t expires = 0;  // unix s
  Bytes key;                  // `key` of a phase 4; at most max_prekey_key bytes
  crypto::Signature signature{};
};

// `prekeys` from a client: adds these to its own. None: it only asks what is left.
struct PrekeysUpload {
  std::vector<Prekey> data;  // the server refuses more than max_prekeys_frame, and keeps the connection
  bool fresh = false;        // it drops all earlier ones first
};
// `prekeys` from the server.
struct PrekeysStatus {
  struct Left {
    std::string suite;
    std::uint64_t once = 0;
    bool many = false;
  };
  std::vector<Left> left;
  std::uint64_t taken = 0;           // items ever struck off for this owner
  std::optional<PrekeyNumber> last;  // added last; nullopt: none ever was
  std::uint64_t waiting = 0;         // letters and receipts
};
// `prekey` from a client: asks for one of the first of these suites for which there is one.
struct PrekeyRequest {
  Id dst;                            // the owner; shape checked
  std::vector<std::string> ciphers;  // 1 to max_suites
};
// `prekey` from the server.
struct PrekeyAnswer {
  Id dst;
  std::optional<Prekey> data;  // nullopt: there is none
};

// --- client to client, kept by the server --------------------------------------------------------
// The opening of a mail session: the same in each of its letters.
struct MailHeader {
  PrekeyNumber number{};
  ByteArray<32> nonce{};
  Bytes key;  // `key` of a phase 5
  crypto::Signature signature{};
};
struct ClientMail {
  Id src, dst;  // shape checked, curve not
  std::uint64_t id = 0;
  MailHeader header;  // `ratchet` on the wire
  crypto::Digest verification{};
  std::string data;  // the token's text
};
struct LetterDelivered {
  std::uint64_t id = 0;  // M of the letter
  crypto::Digest verification{};
};
struct LetterUnopened {  // its reader could not open it
  crypto::Signature signature{};
};
struct ClientReceipt {
  Id src, dst;            // shape checked, curve not
  crypto::Digest data{};  // SHA of the letter's token
  std::variant<LetterDelivered, LetterUnopened> outcome;
};

}  // namespace sims::proto
