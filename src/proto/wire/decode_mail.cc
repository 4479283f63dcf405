// The decoders of mail (sims-protocol(7) section 8): letters, receipts and prekeys.
#include "proto/limits.h"
#include "proto/wire/decode.h"
#include "proto/wire/decoders.h"
#include "proto/wire/field_reader.h"

namespace sims::proto {

namespace {

std::optional<PrekeyNumber> number_of(std::string_view text) {
  return base64_decode_exact<sizeof(PrekeyNumber)>(text, Base64::url_unpadded);
}

PrekeyNumber number(FieldReader& fields, const char* name) {
  const auto out = number_of(fields.text(name));
  if (!out) fields.miss(name);
  return out.value_or(PrekeyNumber{});
}

std::string suite(FieldReader& fields, const char* name) {
  const std::string_view text = fields.text(name);
  if (text.empty() || text.size() > max_suite_name) fields.miss(name);
  return std::string(text.substr(0, max_suite_name));
}

}  // namespace

Checked<Prekey> decode_prekey(const JsonValue& object) {
  FieldReader fields(object);
  Prekey out;
  out.number = number(fields, "number");
  out.suite = suite(fields, "suite");
  const std::string_view use = fields.text("use");
  out.use = use == "many" ? PrekeyUse::many : PrekeyUse::once;
  if (use != "once" && use != "many") fields.miss("use");
  out.expires = fields.number("expires");
  out.key = fields.bytes("key");
  if (out.key.empty() || out.key.size() > max_prekey_key) fields.miss("key");
  out.signature = fields.bytes<64>("signature");
  return fields.checked(std::move(out));
}

namespace {

Checked<std::vector<Prekey>> prekeys(FieldReader& fields) {
  const auto data = fields.array("data");
  if (!fields.ok()) return fields.failure();
  std::vector<Prekey> out;
  out.reserve(data->size());
  for (auto v = data->first(); v; v = v->next()) {
    auto prekey = decode_prekey(*v);
    if (!prekey) return tl::make_unexpected(prekey.error());
    out.push_back(std::move(*prekey));
  }
  return out;
}

}  // namespace

Checked<PrekeysUpload> decode_prekeys_upload(const JsonValue& root) {
  FieldReader fields(root);
  PrekeysUpload out;
  out.fresh = root.get("fresh") && fields.boolean("fresh");
  auto data = prekeys(fields);
  if (!data) return tl::make_unexpected(data.error());
  out.data = std::move(*data);
  return out;
}

Checked<PrekeysStatus> decode_prekeys_status(const JsonValue& root) {
  FieldReader fields(root);
  PrekeysStatus out;
  fields.array("data");
  out.taken = fields.number("taken");
  if (const std::string_view last = fields.text("last"); !last.empty()) out.last = number(fields, "last");
  out.waiting = fields.number("waiting");
  const auto left = fields.array("left");
  if (left && left->size() > max_suites) fields.miss("left");
  if (!fields.ok()) return fields.failure();
  for (auto v = left->first(); v; v = v->next()) {
    FieldReader entry(*v);
    PrekeysStatus::Left one{suite(entry, "suite"), entry.number("once"), entry.boolean("many")};
    if (!entry.ok()) return entry.failure();
    out.left.push_back(std::move(one));
  }
  return out;
}

Checked<PrekeyRequest> decode_prekey_request(const JsonValue& root) {
  FieldReader fields(root);
  PrekeyRequest out;
  out.dst = fields.shaped_id("dst");
  const auto ciphers = fields.array("ciphers");
  if (ciphers && (ciphers->size() == 0 || ciphers->size() > max_suites)) fields.miss("ciphers");
  if (!fields.ok()) return fields.failure();
  for (auto v = ciphers->first(); v; v = v->next()) {
    const auto text = v->string();
    if (!text || text->size() > max_suite_name) fields.miss("ciphers");
    out.ciphers.emplace_back(text.value_or(std::string_view{}));
  }
  return fields.checked(std::move(out));
}

Checked<PrekeyAnswer> decode_prekey_answer(const JsonValue& root) {
  FieldReader fields(root);
  PrekeyAnswer out;
  out.dst = fields.shaped_id("dst");
  auto data = prekeys(fields);
  if (data && data->size() > 1) fields.miss("data");
  if (!fields.ok()) return fields.failure();
  if (!data) return tl::make_unexpected(data.error());
  if (!data->empty()) out.data = std::move(data->front());
  return out;
}

Checked<ClientMail> decode_client_mail(const JsonValue& root) {
  FieldReader fields(root);
  ClientMail out;
  out.src = fields.shaped_id("src");
  out.dst = fields.shaped_id("dst");
  out.id = fields.number("id");
  out.verification = fields.bytes<32>("verification");
  out.data = fields.text("data");
  const auto ratchet = fields.object("ratchet");
  if (!fields.ok()) return fields.failure();

  FieldReader header(*ratchet);
  out.header.number = number(header, "prekey");
  out.header.nonce = header.bytes<32>("nonce");
  out.header.key = header.bytes("key");
  out.header.signature = header.bytes<64>("signature");
  return header.checked(std::move(out));
}

Checked<ClientReceipt> decode_client_receipt(const JsonValue& root) {
  FieldReader fields(root);
  ClientReceipt out;
  out.src = fields.shaped_id("src");
  out.dst = fields.shaped_id("dst");
  out.data = fields.bytes<32>("data");
  if (root.get("unopened")) {
    if (!fields.boolean("unopened")) fields.miss("unopened");
    out.outcome = LetterUnopened{fields.bytes<64>("signature")};
  } else {
    out.outcome = LetterDelivered{fields.number("id"), fields.bytes<32>("verification")};
  }
  return fields.checked(out);
}

}  // namespace sims::proto
