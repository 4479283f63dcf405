// Strict JSON for frames (sims-protocol(7) section 1): one object, valid UTF-8, no NUL, no duplicate keys,
// depth at most 8, only integers from 0 to 2^53-1, a limited number of members and values. RapidJSON's
// iterative SAX reader parses in place into a flat tape. The tape is reused, so parsing allocates nothing in
// steady state. Only json.cc includes RapidJSON.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "proto/error.h"

namespace sims::proto {

class JsonTape;

// A cursor into a tape: two words, valid until the tape parses again or the text is changed.
class JsonValue {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind() const;
  bool is_object() const { return kind() == Kind::object; }
  // The value as a type, or nullopt when it is of another.
  std::optional<std::string_view> string() const;
  std::optional<std::uint64_t> number() const;
  std::optional<bool> boolean() const;
  // Members of an object, elements of an array; 0 for scalars.
  std::size_t size() const;
  // A member by name; nullopt: not there, or not an object.
  std::optional<JsonValue> get(std::string_view key) const;
  std::optional<std::string_view> get_string(std::string_view key) const;
  std::optional<std::uint64_t> get_number(std::string_view key) const;
  // Iteration over the elements of an array or the member values of an object:
  //   for (auto v = a.first(); v; v = v->next())
  std::optional<JsonValue> first() const;
  std::optional<JsonValue> next() const;
  std::string_view key() const;  // of a member; empty for elements

 private:
  friend class JsonTape;
  JsonValue(const JsonTape* tape, std::uint32_t at) : tape_(tape), at_(at) {}
  const JsonTape* tape_;
  std::uint32_t at_;
};

// Whether every byte stands for itself in JSON: ASCII from the space on, no backslash.
bool json_plain(std::string_view text);

class JsonTape {
 public:
  JsonTape();
  ~JsonTape();
  JsonTape(const JsonTape&) = delete;
  JsonTape& operator=(const JsonTape&) = delete;

  // Parses text[0, size) in place; text[size] must be writable and is set to NUL. Afterwards the
  // text may be read only through the value.
  Checked<JsonValue> parse(char* text, std::size_t size);
  Checked<JsonValue> parse(std::string& text) { return parse(text.data(), text.size()); }

 private:
  friend class JsonValue;
  struct Node;
  struct Reader;
  std::vector<Node> nodes_;
  std::unique_ptr<Reader> reader_;
};

// Writes compact JSON by appending to a string: fields in the order of the calls, no white space, UTF-8 left
// as it is, no needless escapes. The caller opens and closes each object and array.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out), start_(out.size()) {}
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(std::same_as<bool> auto b) = delete;  // would become a number: call boolean()
  JsonWriter& boolean(bool b);
  template <class V>
  JsonWriter& field(std::string_view name, const V& v) {
    return key(name).value(v);
  }

 private:
  void separate();
  std::string& out_;
  std::size_t start_;  // where our value begins: earlier bytes are not ours
};

}  // namespace sims::proto
