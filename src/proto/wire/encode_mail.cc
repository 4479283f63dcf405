// The encoders of mail (sims-protocol(7) section 8): letters, receipts and prekeys.
#include "base/base64.h"
#include "proto/wire/encode.h"
#include "proto/wire/json.h"

namespace sims::proto {

namespace {

std::string b64(ByteView bytes) {
  return base64_encode(bytes, Base64::standard);
}

void write(JsonWriter& json, const Prekey& prekey) {
  json.begin_object().field("number", encode(prekey.number)).field("suite", prekey.suite);
  json.field("use", prekey.use == PrekeyUse::many ? "many" : "once").field("expires", prekey.expires);
  json.field("key", b64(prekey.key)).field("signature", b64(prekey.signature)).end_object();
}

}  // namespace

std::string encode(const PrekeyNumber& number) {
  return base64_encode(number, Base64::url_unpadded);
}

std::string encode(const Prekey& prekey) {
  std::string out;
  JsonWriter json(out);
  write(json, prekey);
  return out;
}

std::string encode(const ClientMail& letter) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "client-mail");
  json.field("src", letter.src.text()).field("dst", letter.dst.text()).field("id", letter.id);
  json.key("ratchet").begin_object().field("prekey", encode(letter.header.number));
  json.field("nonce", b64(letter.header.nonce)).field("key", b64(letter.header.key));
  json.field("signature", b64(letter.header.signature)).end_object();
  json.field("verification", b64(letter.verification)).field("data", letter.data).end_object();
  return out;
}

std::string encode(const ClientReceipt& receipt) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "client-receipt");
  json.field("src", receipt.src.text()).field("dst", receipt.dst.text());
  if (const auto* delivered = std::get_if<LetterDelivered>(&receipt.outcome)) {
    json.field("id", delivered->id).field("data", b64(receipt.data));
    json.field("verification", b64(delivered->verification));
  } else {
    json.field("data", b64(receipt.data)).key("unopened").boolean(true);
    json.field("signature", b64(std::get<LetterUnopened>(receipt.outcome).signature));
  }
  json.end_object();
  return out;
}

std::string encode(const PrekeysUpload& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "prekeys").key("data").begin_array();
  for (const Prekey& prekey : message.data)
    write(json, prekey);
  json.end_array();
  if (message.fresh) json.key("fresh").boolean(true);
  json.end_object();
  return out;
}

std::string encode(const PrekeysStatus& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "prekeys").key("data").begin_array().end_array();
  json.key("left").begin_array();
  for (const PrekeysStatus::Left& left : message.left) {
    json.begin_object().field("suite", left.suite).field("once", left.once);
    json.key("many").boolean(left.many).end_object();
  }
  json.end_array().field("taken", message.taken);
  json.field("last", message.last ? encode(*message.last) : "").field("waiting", message.waiting);
  json.end_object();
  return out;
}

std::string encode(const PrekeyRequest& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "prekey").field("dst", message.dst.text()).key("ciphers").begin_array();
  for (const std::string& cipher : message.ciphers)
    json.value(cipher);
  json.end_array().end_object();
  return out;
}

std::string encode(const PrekeyAnswer& message) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "prekey").field("dst", message.dst.text()).key("data").begin_array();
  if (message.data) write(json, *message.data);
  json.end_array().end_object();
  return out;
}

}  // namespace sims::proto
