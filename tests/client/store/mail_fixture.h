// Prekeys, sessions and receipts for the store's tests.
#pragma once

#include "client/model/mail_memory.h"
#include "client/store/store_fixture.h"

namespace sims::test {

constexpr std::int64_t some_unix_s = 1'700'000'000, day_s = 86'400;

inline proto::PrekeyNumber number(std::uint64_t seed) {
  proto::PrekeyNumber out{};
  const auto last = u64be(seed);
  std::copy(last.begin(), last.end(), out.begin() + 8);
  return out;
}

inline SecretBytes secret(std::string_view text) {
  return SecretBytes(bytes_of(text));
}

inline client::OwnPrekey prekey(std::uint64_t seed, std::string_view half,
                                proto::PrekeyUse use = proto::PrekeyUse::once) {
  client::OwnPrekey out;
  out.number = number(seed);
  out.suite = "ECDHE_P384";
  out.use = use;
  out.expires = static_cast<std::uint64_t>(some_unix_s + 90 * day_s);
  out.secret = secret(half);
  out.wipe_unix_s = some_unix_s + 123 * day_s;
  return out;
}

inline client::MailSessionKey session_key(std::uint64_t sender, std::uint64_t seed) {
  client::MailSessionKey out{some_id(sender), number(seed), {}};
  out.nonce.fill(static_cast<std::uint8_t>(seed + 1));
  return out;
}

inline client::MailSessionRow session(std::uint64_t sender, std::uint64_t seed, std::string_view state,
                                      bool stranger = false) {
  return {session_key(sender, seed), secret(state), some_unix_s, stranger};
}

inline crypto::Digest digest(std::string_view of) {
  return crypto::sha256({bytes_of(of)});
}

inline client::MailReceipt receipt(std::uint64_t sender, std::uint64_t seed, std::uint64_t m,
                                   client::MailReceipt::State state = client::MailReceipt::State::owed) {
  const std::string message = "receipt " + std::to_string(seed) + "." + std::to_string(m);
  return {session_key(sender, seed), m, digest(message), message, state, some_unix_s};
}

}  // namespace sims::test
