// The content of one row of the tables of letters, sealed and opened, and the tags that find it.
// `server` is the row's number in the table `mail_server`: it never changes, so rows stay as they are
// when the server gets a new id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/model/mail_memory.h"
#include "client/store/seal.h"

namespace sims::client {

// Days since 1970-01-01: the only times in clear.
constexpr std::int64_t mail_day_s = 86'400;
constexpr std::uint64_t mail_day(std::int64_t unix_s) {
  return unix_s < 0 ? 0 : static_cast<std::uint64_t>(unix_s / mail_day_s);
}

struct MailServer {
  std::uint64_t number = 0;
  MailAccount account;
};

Tag mail_server_tag(const Sealer& sealer, const Id& server);
Tag mail_sender_tag(const Sealer& sealer, std::uint64_t server, const Id& sender);
Tag prekey_tag(const Sealer& sealer, std::uint64_t server, const proto::PrekeyNumber& number);
Tag mail_session_tag(const Sealer& sealer, std::uint64_t server, const MailSessionKey& key);
Tag mail_receipt_tag(const Sealer& sealer, const Tag& session, std::uint64_t m);
Tag unopened_tag(const Sealer& sealer, const Tag& sender, const crypto::Digest& token);
Tag mail_delivery_tag(const Sealer& sealer, std::uint64_t server, std::uint64_t row, const Id& to);

// Each read_ returns nullopt if the token was not sealed here for this place.
std::string seal_mail_server(Sealer& sealer, const Tag& tag, const Id& id, const MailServer& row);
std::optional<MailAccount> read_mail_server(Sealer& sealer, const Tag& tag, const Id& id,
                                            std::uint64_t number, std::string_view token);

// Without the private half, which is in `mail_secret`.
std::string seal_prekey(Sealer& sealer, std::uint64_t server, const Tag& tag, const OwnPrekey& prekey);
struct ReadPrekey {
  OwnPrekey prekey;
  bool has_secret = false;
};
std::optional<ReadPrekey> read_prekey(Sealer& sealer, std::uint64_t server, ByteView tag,
                                      std::string_view token);

std::string seal_receipt(Sealer& sealer, std::uint64_t server, const Tag& tag, const MailReceipt& receipt);
// Its token, message and time: the caller knows the rest.
std::optional<MailReceipt> read_receipt(Sealer& sealer, std::uint64_t server, ByteView tag,
                                        std::string_view token);

std::string seal_arrived(Sealer& sealer, std::uint64_t server, const ArrivedLetter& letter);
std::optional<ArrivedLetter> read_arrived(Sealer& sealer, std::uint64_t server, std::uint64_t row,
                                          std::string_view token);

std::string seal_delivery(Sealer& sealer, std::uint64_t server, const Tag& tag, const MailDelivery& delivery);
std::optional<MailDelivery> read_delivery(Sealer& sealer, std::uint64_t server, std::uint64_t row,
                                          ByteView tag, std::string_view token);

}  // namespace sims::client
