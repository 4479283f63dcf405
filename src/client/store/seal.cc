// Sealer: seals rows with their place, tags names, and wraps the master key.
#include "client/store/seal.h"

#include <algorithm>

#include "client/store/record.h"

namespace sims::client {

namespace {

constexpr std::string_view rows_label = "SIMS store 1 rows";
constexpr std::string_view tags_label = "SIMS store 1 tags";
constexpr std::string_view key_file_label = "SIMS store 1 key file";
constexpr std::string_view master_place = "master key of ";

std::string seal_with(crypto::Fernet& key, std::string_view place, std::string_view plain, crypto::Rng& rng) {
  RecordWriter whole;
  whole.reserve(place.size() + plain.size() + 8);
  whole.text(place).rest(plain);
  ByteArray<16> iv;
  rng.fill(iv);
  return key.seal(bytes_of(whole.view()), 0, iv);
}

std::optional<std::string_view> open_with(crypto::Fernet& key, std::string_view place, std::string_view token,
                                          SecretBytes& room) {
  const std::size_t max_size = crypto::Fernet::plaintext_max(token.size());
  if (room.size() < max_size) room = SecretBytes(std::max<std::size_t>(max_size, 2 * room.size()));
  auto size = key.open(token, nullptr, room.writable().data());
  if (!size) return std::nullopt;
  RecordReader whole(text_of(room.view().first(*size)));
  if (whole.text() != place) return std::nullopt;
  return whole.rest();
}

}  // namespace

Sealer::Sealer(ByteView master, crypto::Rng& rng)
    : rng_(rng),
      rows_(crypto::hkdf<32>({}, master, rows_label).view()),
      tags_(crypto::hkdf<32>({}, master, tags_label).view()) {}

std::string Sealer::seal(std::string_view place, std::string_view plain) {
  return seal_with(rows_, place, plain, rng_);
}

std::optional<std::string_view> Sealer::open(std::string_view place, std::string_view token) {
  return open_with(rows_, place, token, opened_);
}

Tag Sealer::tag(std::string_view kind, std::string_view a, std::string_view b) const {
  // The size of `a` comes first, so that no other pair gives the same bytes.
  const auto size = u64be(a.size());
  const auto whole = tags_.mac({bytes_of(kind), ByteArray<1>{}, size, bytes_of(a), bytes_of(b)});
  Tag out;
  std::copy_n(whole.begin(), out.size(), out.begin());
  return out;
}

std::string wrap_master(ByteView master, ByteView under, std::string_view id, crypto::Rng& rng) {
  crypto::Fernet key(under);
  return seal_with(key, std::string(master_place).append(id), text_of(master), rng);
}

std::optional<Secret<32>> unwrap_master(std::string_view token, ByteView under, std::string_view id) {
  crypto::Fernet key(under);
  SecretBytes room;
  auto plain = open_with(key, std::string(master_place).append(id), token, room);
  if (!plain || plain->size() != Secret<32>::size()) return std::nullopt;
  return Secret<32>(bytes_of(*plain));
}

Secret<32> key_of_file(ByteView bytes, ByteView salt) {
  return crypto::hkdf<32>(salt, bytes, key_file_label);
}

}  // namespace sims::client
