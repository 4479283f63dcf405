// Derives a message's keys, and seals, opens and verifies with them.
#include "proto/session/message_keys.h"

#include "crypto/fernet.h"
#include "proto/labels.h"

namespace sims::proto {

namespace {

ByteArray<16> iv_of(const Secret<112>& keys) {
  ByteArray<16> iv;
  std::memcpy(iv.data(), keys.part(32, 16).data(), iv.size());
  return iv;
}

}  // namespace

MessageKeys::MessageKeys(const MessageKey& message_key)
    : keys_(crypto::hkdf_expand<112>(message_key.view(), labels::message)) {}

// The IV is derived together with the key. A fixed IV is safe here, because no key ever encrypts two
// messages.
std::string MessageKeys::seal(std::string_view plaintext, std::uint64_t unix_s) const {
  return crypto::Fernet(keys_.part(0, 32)).seal(bytes_of(plaintext), unix_s, iv_of(keys_));
}

std::optional<std::string> MessageKeys::open(std::string_view token) const {
  std::string plaintext(crypto::Fernet::plaintext_max(token.size()), '\0');
  auto iv = iv_of(keys_);
  auto size =
      crypto::Fernet(keys_.part(0, 32)).open(token, &iv, reinterpret_cast<std::uint8_t*>(plaintext.data()));
  if (!size) {
    wipe(plaintext);
    return std::nullopt;
  }
  plaintext.resize(*size);
  return plaintext;
}

Bytes header_bytes(const RatchetHeader& header) {
  Bytes out;
  auto add = [&out](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  if (header.key) {
    add(*header.key);
  } else {
    add(u32be(static_cast<std::uint32_t>(header.epoch.value_or(0))));
  }
  add(u32be(static_cast<std::uint32_t>(header.pn)));
  add(u32be(static_cast<std::uint32_t>(header.n)));
  return out;
}

bool header_fits(const RatchetHeader& header, bool with_key) {
  constexpr std::uint64_t max = UINT32_MAX;
  return header.key.has_value() == with_key && header.epoch.has_value() == !with_key && header.pn <= max &&
         header.n <= max && header.epoch.value_or(0) <= max;
}

crypto::Digest ack_verification(const AckKey& key, const Id& src, const Id& dst, std::uint64_t id,
                                const crypto::Digest& hash) {
  return crypto::hmac(key.view(), {bytes_of(src.text()), bytes_of(dst.text()), u64be(id), hash});
}

}  // namespace sims::proto
