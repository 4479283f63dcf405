// Encodes and decodes the rows of letters.
#include "client/store/mail_row.h"

#include <algorithm>

#include "client/store/record.h"
#include "client/store/store_file.h"

namespace sims::client {

namespace {

std::string number_text(std::uint64_t number) {
  return std::string(text_of(u64be(number)));
}

std::string place_of(std::string_view table, std::uint64_t server, ByteView tag) {
  return row_place(table, tag).append(number_text(server));
}

template <class Number>
std::uint64_t unsigned_of(Number number) {
  return static_cast<std::uint64_t>(number);
}

// Fields of a fixed size; false: another size.
template <std::size_t N>
bool read_bytes(RecordReader& in, ByteArray<N>& out) {
  const auto text = in.text();
  if (text.size() != N) return false;
  std::copy_n(bytes_of(text).begin(), N, out.begin());
  return true;
}

bool read_id(RecordReader& in, Id& out) {
  const auto id = Id::shaped(in.text());
  if (id) out = *id;
  return id.has_value();
}

std::int64_t read_time(RecordReader& in) {
  return static_cast<std::int64_t>(in.number());
}

}  // namespace

// --- tags ----------------------------------------------------------------------------------------

Tag mail_server_tag(const Sealer& sealer, const Id& server) {
  return sealer.tag("mail server", server.text());
}

Tag mail_sender_tag(const Sealer& sealer, std::uint64_t server, const Id& sender) {
  return sealer.tag("mail sender", number_text(server), sender.text());
}

Tag prekey_tag(const Sealer& sealer, std::uint64_t server, const proto::PrekeyNumber& number) {
  return sealer.tag("prekey", number_text(server), text_of(number));
}

Tag mail_session_tag(const Sealer& sealer, std::uint64_t server, const MailSessionKey& key) {
  return sealer.tag("mail session", number_text(server).append(key.sender.text()),
                    std::string(text_of(key.number)).append(text_of(key.nonce)));
}

Tag mail_receipt_tag(const Sealer& sealer, const Tag& session, std::uint64_t m) {
  return sealer.tag("mail receipt", text_of(session), number_text(m));
}

Tag unopened_tag(const Sealer& sealer, const Tag& sender, const crypto::Digest& token) {
  return sealer.tag("mail unopened", text_of(sender), text_of(token));
}

Tag mail_delivery_tag(const Sealer& sealer, std::uint64_t server, std::uint64_t row, const Id& to) {
  return sealer.tag("mail delivery", number_text(server).append(number_text(row)), to.text());
}

// --- servers -------------------------------------------------------------------------------------

std::string seal_mail_server(Sealer& sealer, const Tag& tag, const Id& id, const MailServer& row) {
  RecordWriter out;
  out.text(id.text()).number(row.account.taken).number(row.account.last ? 1 : 0);
  out.text(text_of(row.account.last.value_or(proto::PrekeyNumber{})));
  return sealer.seal(place_of("mail_server", row.number, tag), out.view());
}

std::optional<MailAccount> read_mail_server(Sealer& sealer, const Tag& tag, const Id& id,
                                            std::uint64_t number, std::string_view token) {
  const auto plain = sealer.open(place_of("mail_server", number, tag), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  MailAccount account;
  const bool same = in.text() == id.text();
  account.taken = in.number();
  const auto any = in.number();
  proto::PrekeyNumber last{};
  if (!read_bytes(in, last) || !in.ok() || !same || any > 1) return std::nullopt;
  if (any == 1) account.last = last;
  return account;
}

// --- prekeys -------------------------------------------------------------------------------------

std::string seal_prekey(Sealer& sealer, std::uint64_t server, const Tag& tag, const OwnPrekey& prekey) {
  RecordWriter out;
  out.text(text_of(prekey.number)).text(prekey.suite).number(unsigned_of(prekey.use)).number(prekey.expires);
  out.number(unsigned_of(prekey.acked_unix_s)).number(unsigned_of(prekey.wipe_unix_s));
  out.number(prekey.secret.size() > 0 ? 1 : 0);
  if (prekey.opener) out.text(prekey.opener->sender.text()).text(text_of(prekey.opener->nonce));
  return sealer.seal(place_of("prekey", server, tag), out.view());
}

std::optional<ReadPrekey> read_prekey(Sealer& sealer, std::uint64_t server, ByteView tag,
                                      std::string_view token) {
  const auto plain = sealer.open(place_of("prekey", server, tag), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  ReadPrekey out;
  OwnPrekey& prekey = out.prekey;
  if (!read_bytes(in, prekey.number)) return std::nullopt;
  prekey.suite = in.text();
  const auto use = in.number();
  prekey.expires = in.number();
  prekey.acked_unix_s = read_time(in);
  prekey.wipe_unix_s = read_time(in);
  const auto has_secret = in.number();
  if (in.more()) {
    prekey.opener.emplace().number = prekey.number;
    if (!read_id(in, prekey.opener->sender) || !read_bytes(in, prekey.opener->nonce)) return std::nullopt;
  }
  if (!in.ok() || (use != 1 && use != 2) || has_secret > 1) return std::nullopt;
  prekey.use = use == 1 ? proto::PrekeyUse::once : proto::PrekeyUse::many;
  out.has_secret = has_secret == 1;
  return out;
}

// --- receipts ------------------------------------------------------------------------------------

std::string seal_receipt(Sealer& sealer, std::uint64_t server, const Tag& tag, const MailReceipt& receipt) {
  RecordWriter out;
  out.text(text_of(receipt.token)).number(unsigned_of(receipt.at_unix_s)).rest(receipt.message);
  return sealer.seal(place_of("mail_receipt", server, tag), out.view());
}

std::optional<MailReceipt> read_receipt(Sealer& sealer, std::uint64_t server, ByteView tag,
                                        std::string_view token) {
  const auto plain = sealer.open(place_of("mail_receipt", server, tag), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  MailReceipt receipt;
  if (!read_bytes(in, receipt.token)) return std::nullopt;
  receipt.at_unix_s = read_time(in);
  receipt.message = in.rest();
  return in.ok() ? std::optional(std::move(receipt)) : std::nullopt;
}

// --- letters that came ---------------------------------------------------------------------------

std::string seal_arrived(Sealer& sealer, std::uint64_t server, const ArrivedLetter& letter) {
  RecordWriter out;
  out.text(letter.sender.text()).number(unsigned_of(letter.at_unix_ms)).rest(letter.message);
  return sealer.seal(row_place("mail_arrived", letter.row, server), out.view());
}

std::optional<ArrivedLetter> read_arrived(Sealer& sealer, std::uint64_t server, std::uint64_t row,
                                          std::string_view token) {
  const auto plain = sealer.open(row_place("mail_arrived", row, server), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  ArrivedLetter letter;
  letter.row = row;
  if (!read_id(in, letter.sender)) return std::nullopt;
  letter.at_unix_ms = read_time(in);
  letter.message = in.rest();
  return in.ok() ? std::optional(std::move(letter)) : std::nullopt;
}

// --- deliveries ----------------------------------------------------------------------------------

namespace {
constexpr std::uint64_t was_reopened = 1, has_after = 2;
}  // namespace

std::string seal_delivery(Sealer& sealer, std::uint64_t server, const Tag& tag,
                          const MailDelivery& delivery) {
  constexpr std::size_t of_letter = 8 + 4 + 32 + 4 + 32;
  RecordWriter out;
  out.reserve(delivery.message.size() + delivery.letters.size() * of_letter + 160);
  out.text(delivery.to.text()).text(delivery.message).number(unsigned_of(delivery.mailed_unix_ms));
  out.number(delivery.tries)
      .number((delivery.reopened ? was_reopened : 0) | (delivery.after ? has_after : 0))
      .number(unsigned_of(delivery.next_unix_ms));
  if (delivery.after) out.text(*delivery.after);
  for (const SentLetter& letter : delivery.letters)
    out.number(letter.m).text(text_of(letter.token)).text(text_of(letter.ack_key.view()));
  return sealer.seal(place_of("mail_delivery", server, tag), out.view());
}

std::optional<MailDelivery> read_delivery(Sealer& sealer, std::uint64_t server, std::uint64_t row,
                                          ByteView tag, std::string_view token) {
  const auto plain = sealer.open(place_of("mail_delivery", server, tag), token);
  if (!plain) return std::nullopt;
  RecordReader in(*plain);
  MailDelivery delivery;
  delivery.row = row;
  if (!read_id(in, delivery.to)) return std::nullopt;
  delivery.message = in.text();
  delivery.mailed_unix_ms = read_time(in);
  delivery.tries = in.number();
  const auto flags = in.number();
  delivery.next_unix_ms = read_time(in);
  if ((flags & has_after) != 0) delivery.after = std::string(in.text());
  while (in.more()) {
    SentLetter& letter = delivery.letters.emplace_back();
    letter.m = in.number();
    if (!read_bytes(in, letter.token)) return std::nullopt;
    letter.ack_key = SecretBytes(bytes_of(in.text()));
  }
  if (!in.ok() || flags > (was_reopened | has_after)) return std::nullopt;
  delivery.reopened = (flags & was_reopened) != 0;
  return delivery;
}

}  // namespace sims::client
