// FieldReader: one function for each type of field, and the first error kept.
#include "proto/wire/field_reader.h"

namespace sims::proto {

std::string_view utf8_prefix(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xC0) == 0x80)
    --max;
  return text.substr(0, max);
}

std::string_view FieldReader::text(const char* name) {
  const auto value = object_.get_string(name);
  if (!value) miss(name);
  return value.value_or(std::string_view{});
}

std::uint64_t FieldReader::number(const char* name, std::uint64_t max) {
  const auto value = object_.get_number(name);
  if (!value || *value > max) miss(name);
  return value.value_or(0);
}

bool FieldReader::boolean(const char* name) {
  const auto value = object_.get(name);
  const auto out = value ? value->boolean() : std::nullopt;
  if (!out) miss(name);
  return out.value_or(false);
}

Id FieldReader::shaped_id(const char* name) {
  const auto id = Id::shaped(text(name));
  if (!id) miss(name);
  return id.value_or(Id{});
}

Bytes FieldReader::bytes(const char* name) {
  auto out = base64_decode(text(name), Base64::standard);
  if (!out) miss(name);
  return std::move(out).value_or(Bytes{});
}

std::optional<JsonValue> FieldReader::object(const char* name) {
  const auto value = object_.get(name);
  if (value && value->is_object()) return value;
  miss(name);
  return std::nullopt;
}

std::optional<JsonValue> FieldReader::array(const char* name) {
  const auto value = object_.get(name);
  if (value && value->kind() == JsonValue::Kind::array) return value;
  miss(name);
  return std::nullopt;
}

std::optional<std::string_view> FieldReader::optional_text(const char* name) {
  if (!object_.get(name)) return std::nullopt;
  return text(name);
}

std::optional<std::uint64_t> FieldReader::optional_number(const char* name) {
  if (!object_.get(name)) return std::nullopt;
  return number(name);
}

std::optional<Id> FieldReader::optional_shaped_id(const char* name) {
  if (!object_.get(name)) return std::nullopt;
  return shaped_id(name);
}

}  // namespace sims::proto
