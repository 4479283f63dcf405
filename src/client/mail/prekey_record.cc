// Rows of prekeys: u32(length) || the record as JSON || the private half.
#include "client/mail/prekey_record.h"

#include <algorithm>

#include "proto/limits.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

namespace sims::client {

OwnPrekey prekey_row(const proto::OwnPrekey& made) {
  OwnPrekey row;
  row.number = made.record.number;
  row.suite = made.record.suite;
  row.use = made.record.use;
  row.expires = made.record.expires;
  row.wipe_unix_s = static_cast<std::int64_t>(made.record.expires) + proto::prekey_kept_s;
  const std::string record = proto::encode(made.record);
  row.secret = SecretBytes(4 + record.size() + made.secret.view().size());
  auto at = row.secret.writable().begin();
  for (int shift = 24; shift >= 0; shift -= 8)
    *at++ = static_cast<std::uint8_t>(record.size() >> shift);
  at = std::copy(record.begin(), record.end(), at);
  std::copy(made.secret.view().begin(), made.secret.view().end(), at);
  return row;
}

std::optional<proto::OwnPrekey> prekey_of(const OwnPrekey& row) {
  const ByteView stored = row.secret.view();
  const crypto::Suite* suite = crypto::find_suite(row.suite);
  if (stored.size() < 4 || suite == nullptr) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i)
    size = size << 8 | stored[i];
  if (size > stored.size() - 4) return std::nullopt;
  std::string text(text_of(stored.subspan(4, size)));
  proto::JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return std::nullopt;
  auto record = proto::decode_prekey(*root);
  auto secret = proto::PrekeySecret::from_bytes(*suite, stored.subspan(4 + size));
  if (!record || !secret || record->number != row.number) return std::nullopt;
  return proto::OwnPrekey{std::move(*record), std::move(*secret)};
}

proto::Prekey bare_record(const OwnPrekey& row) {
  proto::Prekey record;
  record.number = row.number;
  record.suite = row.suite;
  record.use = row.use;
  record.expires = row.expires;
  return record;
}

}  // namespace sims::client
