// The postbox: follows what its owner says, and answers.
#include "client/core/postbox.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "client/mail/prekey_record.h"
#include "proto/limits.h"
#include "proto/mail/receipt.h"
#include "proto/wire/content.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

namespace sims::test {

Writer::Writer(std::string who, std::uint64_t seed)
    : name(std::move(who)),
      ephemerals(seed),
      identity(crypto::SigningKey::generate(ephemerals.random)),
      id(proto::Id::of(identity.public_key())) {}

proto::MailSender Writer::session(const proto::Prekey& prekey, const proto::Id& owner, Now now) {
  auto checked = proto::check_prekey(prekey, owner, owner, crypto::default_suites(), now);
  return proto::MailSender::open(checked.value(), identity, ephemerals, now).value();
}

std::string Writer::letter(proto::MailSender& in, const std::string& body, Now now) {
  proto::TextContent text;
  text.uid = proto::make_uid(ephemerals.random);
  text.body = body;
  text.sent = static_cast<std::uint64_t>(now.unix_ms);
  text.after = last_uid.value_or("");
  return letter(in, text, now);
}

std::string Writer::letter(proto::MailSender& in, const proto::TextContent& text, Now now) {
  last_uid = text.uid;
  auto sealed = in.seal(proto::encode_content(text).value(), now);
  awaited.push_back(std::move(sealed.awaited));
  return sealed.message;
}

void Postbox::stock(std::size_t once, bool many) {
  stocked = true;
  const auto server = proto::Id::of(relay_.identity.public_key());
  const auto& suite = *crypto::find_suite_by_label("ecdhe");
  for (std::size_t i = 0; i < once + (many ? 1 : 0); ++i) {
    const auto use = i < once ? proto::PrekeyUse::once : proto::PrekeyUse::many;
    auto made = proto::make_prekey(suite, use, relay_.now.unix_s() + proto::prekey_life_s, owner_.identity,
                                   owner_.ephemerals);
    auto row = client::prekey_row(*made);
    row.acked_unix_s = 1;
    REQUIRE(owner_.trust.put_prekey(server, row));
    prekeys.push_back(made->record);
  }
  last = prekeys.back().number;
  REQUIRE(owner_.trust.put_mail_account(server, {taken, last}));
  REQUIRE(owner_.trust.commit());
}

proto::Prekey Postbox::take(proto::PrekeyUse use) {
  const auto at =
      std::find_if(prekeys.begin(), prekeys.end(), [&](const auto& key) { return key.use == use; });
  REQUIRE(at != prekeys.end());
  const proto::Prekey key = *at;
  if (use == proto::PrekeyUse::once) prekeys.erase(at);
  return key;
}

void Postbox::send_status() {
  proto::PrekeysStatus status;
  for (const auto& suite : crypto::all_suites()) {
    proto::PrekeysStatus::Left left{std::string(suite.name), 0, false};
    for (const auto& key : prekeys) {
      if (key.suite != suite.name) continue;
      (key.use == proto::PrekeyUse::once ? void(++left.once) : void(left.many = true));
    }
    if (stocked) left = {std::string(suite.name), suite.once_prekeys, suite.many_prekey};
    if (left.once > 0 || left.many) status.left.push_back(left);
  }
  status.taken = taken;
  status.last = last;
  status.waiting = items.size();
  ++statuses;
  relay_.give(owner_, proto::encode(status));
}

void Postbox::give() {
  while (gives && owner_.line && owner_.line->connected() && given_.size() < items.size() &&
         given_.size() < proto::mail_window) {
    const std::string item = items[given_.size()];
    given_.push_back(owner_.line->sent());
    relay_.give(owner_, item);
  }
}

void Postbox::serve(const std::string& message) {
  if (!keeps_mail) return;
  const std::string type = Relay::type_of(message);
  if (deaf.contains(type)) return;
  if (type == "client-receipt") return receipts.push_back(message);
  std::string text = message;
  proto::JsonTape tape;
  const auto root = tape.parse(text);
  REQUIRE(root);
  if (type == "list") {
    if (root->get("after")) return;
    given_.clear();
    send_status();
    return give();
  }
  auto decoded = proto::decode_from_client(*root);
  if (!decoded) return;
  if (const auto* ack = std::get_if<proto::Ack>(&*decoded)) {
    std::uint64_t count = 0;
    for (; !given_.empty() && given_.front() <= ack->id; ++count) {
      given_.pop_front();
      items.pop_front();
    }
    taken += count;
    if (count > 0) struck.push_back(count);
    return give();
  }
  if (const auto* find = std::get_if<proto::FindRequest>(&*decoded)) {
    const auto known = std::find_if(names.begin(), names.end(), [&](const auto& one) {
      return find->id ? one.second == *find->id : one.first == find->name;
    });
    if (known != names.end())
      return relay_.give(owner_, proto::encode(proto::Found{known->first, known->second, false}));
    proto::Error error;
    error.code = proto::ErrorCode::unknown_peer;
    error.id = owner_.line->received() - 1;  // right while the client asks one thing at a time
    return relay_.give(owner_, proto::encode(error));
  }
  auto* upload = std::get_if<proto::PrekeysUpload>(&*decoded);
  if (!upload) return;
  uploads.push_back(upload->data);
  fresh.push_back(upload->fresh);
  if (few_left && !upload->data.empty()) send_status();
  if (upload->fresh) prekeys.clear();
  for (const auto& key : upload->data) {
    if (std::any_of(prekeys.begin(), prekeys.end(), [&](const auto& k) { return k.number == key.number; }))
      continue;
    if (key.use == proto::PrekeyUse::many)
      std::erase_if(prekeys,
                    [&](const auto& k) { return k.use == proto::PrekeyUse::many && k.suite == key.suite; });
    prekeys.push_back(key);
    last = key.number;
  }
  if (loses_prekeys) {
    REQUIRE(uploads.size() < 500);
    prekeys.clear();
  }
  send_status();
}

void Postbox::settle() {
  relay_.settle();
  while (served_ < owner_.asked.size()) {
    const std::string message = owner_.asked[served_++];
    serve(message);
    relay_.settle();
  }
  give();
  relay_.settle();
  if (served_ < owner_.asked.size()) settle();
}

void Postbox::advance(std::int64_t ms) {
  for (std::int64_t left = ms; left > 0; left -= 500) {
    relay_.advance(std::min<std::int64_t>(500, left));
    settle();
  }
}

namespace {

std::optional<proto::ClientReceipt> receipt_of(const std::string& message) {
  std::string text = message;
  proto::JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return std::nullopt;
  auto decoded = proto::decode_from_server(*root);
  if (!decoded || !std::holds_alternative<proto::ClientReceipt>(*decoded)) return std::nullopt;
  return std::get<proto::ClientReceipt>(*decoded);
}

}  // namespace

std::size_t Postbox::delivered(const Writer& writer) const {
  std::size_t count = 0;
  for (const auto& awaited : writer.awaited)
    count += std::any_of(receipts.begin(), receipts.end(), [&](const std::string& message) {
      const auto receipt = receipt_of(message);
      return receipt && proto::proves_delivery(*receipt, writer.id, awaited);
    });
  return count;
}

std::size_t Postbox::unopened(const Writer& writer) const {
  std::size_t count = 0;
  for (const auto& awaited : writer.awaited)
    for (const auto& message : receipts)
      if (const auto receipt = receipt_of(message))
        count += proto::proves_unopened(*receipt, writer.id, awaited.owner, awaited.token_hash);
  return count;
}

}  // namespace sims::test
