// The keys derived from one message key (sims-protocol(7) sections 6 and 8): for a token, its verification and
// its ack. Made for one message, then wiped.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/kdf.h"
#include "proto/keys.h"
#include "proto/wire/message.h"

namespace sims::proto {

class MessageKeys {
 public:
  explicit MessageKeys(const MessageKey& message_key);

  std::string seal(std::string_view plaintext, std::uint64_t unix_s) const;  // the token
  // nullopt: not genuine, or not with this key's IV.
  std::optional<std::string> open(std::string_view token) const;

  // `header` is R of section 6, or what stands in its place in a letter (section 8).
  template <class Message>  // ClientCom, ClientMail
  crypto::Digest verification(const Message& message, ByteView header) const {
    return crypto::hmac(keys_.part(48, 32), {bytes_of(message.src.text()), bytes_of(message.dst.text()),
                                             bytes_of(message.data), header, u64be(message.id)});
  }
  template <class Message>
  bool verify(const Message& message, ByteView header) const {  // constant time
    return crypto::equal(verification(message, header), message.verification);
  }

  AckKey ack_key() const { return AckKey(keys_.part(80, 32)); }

 private:
  Secret<112> keys_;  // signing 16 || encryption 16 || IV 16 || verify 32 || ack 32
};

// R of section 6: the header in fixed-width bytes (57 with a key, 12 with an epoch).
Bytes header_bytes(const RatchetHeader& header);
// Whether the header has the one of key and epoch that this suite needs, and all numbers fit in u32.
bool header_fits(const RatchetHeader& header, bool with_key);

// The ack's HMAC under the message's k_ack; `hash` is SHA(the token's text). src and dst are the ack's own.
crypto::Digest ack_verification(const AckKey& key, const Id& src, const Id& dst, std::uint64_t id,
                                const crypto::Digest& hash);

}  // namespace sims::proto
