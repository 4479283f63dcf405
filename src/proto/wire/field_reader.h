// Reads typed fields out of a parsed object, for the decoders. It remembers the first field that is missing
// or of another type. Such a field reads as an empty value, so a decoder reads all its fields and checks
// once. Lives on the stack for one decode.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/bytes.h"
#include "proto/error.h"
#include "proto/identity.h"
#include "proto/wire/json.h"

namespace sims::proto {

// At most `max` bytes of valid UTF-8, not cut inside a character.
std::string_view utf8_prefix(std::string_view text, std::size_t max);

class FieldReader {
 public:
  explicit FieldReader(const JsonValue& object) : object_(object) {}

  std::string_view text(const char* name);
  std::uint64_t number(const char* name, std::uint64_t max = UINT64_MAX);
  bool boolean(const char* name);
  Id shaped_id(const char* name);
  template <std::size_t N>
  ByteArray<N> bytes(const char* name) {
    const auto out = base64_decode_exact<N>(text(name), Base64::standard);
    if (!out) miss(name);
    return out.value_or(ByteArray<N>{});
  }
  Bytes bytes(const char* name);
  std::optional<JsonValue> object(const char* name);
  std::optional<JsonValue> array(const char* name);

  // The same, but nullopt when the field is not there at all.
  std::optional<std::string_view> optional_text(const char* name);
  std::optional<std::uint64_t> optional_number(const char* name);
  std::optional<Id> optional_shaped_id(const char* name);
  template <std::size_t N>
  std::optional<ByteArray<N>> optional_bytes(const char* name) {
    if (!object_.get(name)) return std::nullopt;
    return bytes<N>(name);
  }

  void miss(const char* name) {
    if (missed_ == nullptr) missed_ = name;
  }
  bool ok() const { return missed_ == nullptr; }
  // The value if every field was there, else bad_message with the name of the first that was not.
  template <class T>
  Checked<T> checked(T value) const {
    if (!ok()) return failure();
    return value;
  }
  tl::unexpected<Fault> failure() const {
    return fault(ErrorCode::bad_message, std::string("field missing or wrong: ") + missed_);
  }

 private:
  JsonValue object_;
  const char* missed_ = nullptr;
};

}  // namespace sims::proto
