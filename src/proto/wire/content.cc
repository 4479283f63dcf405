// Encoding and decoding of a content: the plaintext that a text seals, one kind after the other.
#include "proto/wire/content.h"

#include "base/text.h"
#include "proto/limits.h"
#include "proto/wire/field_reader.h"

namespace sims::proto {

namespace {

std::size_t padded_size(std::size_t size) {
  for (const std::size_t step : {128, 256, 512})
    if (size <= step) return step;
  return (size + 1'023) / 1'024 * 1'024;
}

std::string json_of(const TextContent& content) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("kind", content.action ? "action" : "text").field("uid", content.uid);
  json.field("body", content.body).field("sent", content.sent);
  if (content.after) json.field("after", *content.after);
  json.end_object();
  return out;
}

std::string json_of(const ReadContent& content) {
  std::string out;
  JsonWriter(out).begin_object().field("kind", "read").field("uid", content.uid).end_object();
  return out;
}

std::string json_of(const TypingContent& content) {
  std::string out;
  JsonWriter(out).begin_object().field("kind", "typing").key("on").boolean(content.on).end_object();
  return out;
}

std::string json_of(const UnsupportedContent& content) {
  std::string out;
  JsonWriter(out).begin_object().field("kind", content.kind).end_object();
  return out;
}

std::string uid_field(FieldReader& fields) {
  const std::string_view uid = fields.text("uid");
  if (!base64_decode_exact<16>(uid, Base64::url_unpadded)) fields.miss("uid");
  return std::string(uid);
}

std::optional<std::string> after_field(FieldReader& fields) {
  const auto after = fields.optional_text("after");
  if (!after) return std::nullopt;
  if (!after->empty() && !base64_decode_exact<16>(*after, Base64::url_unpadded)) fields.miss("after");
  return std::string(*after);
}

}  // namespace

Checked<std::string> encode_content(const Content& content) {
  if (const auto* text = std::get_if<TextContent>(&content)) {
    if (text->body.size() > max_body) return fault(ErrorCode::too_large, "the text is too long");
    if (!utf8_valid(text->body)) return fault(ErrorCode::bad_message, "the text is not UTF-8");
  }
  std::string out = std::visit([](const auto& kind) { return json_of(kind); }, content);
  const std::size_t padded = padded_size(out.size());
  if (padded > max_content) return fault(ErrorCode::too_large, "the text is too long");
  out.resize(padded, ' ');
  return out;
}

Checked<Content> decode_content(std::string_view plaintext) {
  std::string text(plaintext);
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return tl::make_unexpected(root.error());
  FieldReader fields(*root);
  const std::string_view kind = fields.text("kind");
  if (!fields.ok()) return fields.failure();
  if (kind == "text" || kind == "action") {
    TextContent out;
    out.action = kind == "action";
    out.uid = uid_field(fields);
    out.body = fields.text("body");
    if (out.body.size() > max_body) fields.miss("body");
    out.sent = fields.number("sent");
    out.after = after_field(fields);
    return fields.checked(Content(std::move(out)));
  }
  if (kind == "read") return fields.checked(Content(ReadContent{uid_field(fields)}));
  if (kind == "typing") return fields.checked(Content(TypingContent{fields.boolean("on")}));
  UnsupportedContent out{std::string(utf8_prefix(kind, max_error_text)), ""};
  if (const auto uid = root->get_string("uid"); uid && base64_decode_exact<16>(*uid, Base64::url_unpadded))
    out.uid = *uid;
  return Content(std::move(out));
}

std::string make_uid(crypto::Rng& rng) {
  ByteArray<16> bytes;
  rng.fill(bytes);
  return base64_encode(bytes, Base64::url_unpadded);
}

}  // namespace sims::proto
