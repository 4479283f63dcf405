// The JSON reader over RapidJSON with the checks that RapidJSON lacks, and the writer.
#include "proto/wire/json.h"

// SSE2 reads whole aligned blocks, up to 15 bytes past the text's end. This is harmless, but sanitizers
// report it.
#if defined(__has_feature)  // clang; gcc defines a macro instead
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__
#endif
#endif
#if defined(__SSE2__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define RAPIDJSON_SSE2
#endif
#include <rapidjson/reader.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "proto/limits.h"

namespace sims::proto {

// One value. Children of a container follow it (all descendants before the next sibling); `next` links
// siblings.
struct JsonTape::Node {
  const char* key = nullptr;
  union {
    const char* text;
    std::uint64_t number;
  };
  std::uint32_t key_size = 0;
  std::uint32_t size = 0;  // of a string in bytes, of a container in children
  std::uint32_t next = 0;  // 0: none (the root has no siblings)
  JsonValue::Kind kind = JsonValue::Kind::null;
};

namespace {

using Kind = JsonValue::Kind;

// Rare kinds of bytes in a text, found in one pass.
struct Unusual {
  bool control = false;  // perhaps a byte below 0x20
  bool high = false;     // a byte of 0x80 or more
  bool escape = false;   // a backslash
};

Unusual unusual_in(std::string_view text) {
  Unusual out;
  std::size_t i = 0;
#if defined(__SSE2__)
  const __m128i backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x20);
  __m128i low_or_high = _mm_setzero_si128(), high = low_or_high, escape = low_or_high;
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    low_or_high = _mm_or_si128(low_or_high, _mm_cmpgt_epi8(space, v));  // signed: high ones too
    high = _mm_or_si128(high, v);
    escape = _mm_or_si128(escape, _mm_cmpeq_epi8(v, backslash));
  }
  out.control = _mm_movemask_epi8(low_or_high) != 0;
  out.high = _mm_movemask_epi8(high) != 0;
  out.escape = _mm_movemask_epi8(escape) != 0;
#endif
  for (; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    out.control |= c < 0x20;
    out.high |= c >= 0x80;
    out.escape |= c == '\\';
  }
  return out;
}

// Control characters except the three of white space are never legal, in strings or outside. We check this
// because in-situ parsing ends at a NUL, and because the SSE2 scan of RapidJSON 1.1.0 lets 0x1A to 0x1F
// through in strings.
bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 && c != '\t' && c != '\n' && c != '\r'; });
}

// In text that was valid UTF-8, only an escape can have made an encoded surrogate: RapidJSON 1.1.0 lets a
// lone low one through.
bool has_surrogate(std::string_view text) {
  for (std::size_t at = text.find('\xED'); at != text.npos && at + 1 < text.size();
       at = text.find('\xED', at + 1))
    if (static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
  return false;
}

}  // namespace

// The SAX handler that writes the tape; it fails as soon as a limit is passed.
struct JsonTape::Reader {
  using Size = rapidjson::SizeType;

  explicit Reader(std::vector<Node>& nodes) : nodes_(nodes) {}

  bool run(char* text, bool escapes, const char*& why) {
    nodes_.clear();
    depth_ = 0;
    key_ = {};
    escapes_ = escapes;
    why_ = "not JSON";
    rapidjson::InsituStringStream stream(text);
    constexpr unsigned flags =
        rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
    const bool ok = !reader_.Parse<flags>(stream, *this).IsError();
    why = why_;
    return ok;
  }

  bool Null() { return add(Kind::null) != nullptr; }
  bool Bool(bool b) {
    Node* node = add(Kind::boolean);
    if (node != nullptr) node->number = b ? 1 : 0;
    return node != nullptr;
  }
  bool RawNumber(const char* text, Size size, bool) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text, text + size, number);
    if (error != std::errc{} || end != text + size || number > max_json_integer)
      return refuse("a number that is not an integer from 0 to 2^53-1");
    Node* node = add(Kind::number);
    if (node != nullptr) node->number = number;
    return node != nullptr;
  }
  bool String(const char* text, Size size, bool) {
    if (escapes_ && has_surrogate({text, size})) return refuse("a lone surrogate");
    Node* node = add(Kind::string);
    if (node == nullptr) return false;
    node->text = text;
    node->size = size;
    return true;
  }
  bool Key(const char* text, Size size, bool) {
    if (escapes_ && has_surrogate({text, size})) return refuse("a lone surrogate");
    key_ = {text, size};
    return nodes_[open_[depth_ - 1].at].size < max_json_members || refuse("too many members");
  }
  bool StartObject() { return enter(Kind::object); }
  bool StartArray() { return enter(Kind::array); }
  bool EndObject(Size) {
    --depth_;
    return unique_keys(open_[depth_].at) || refuse("a key that occurs twice");
  }
  bool EndArray(Size) {
    --depth_;
    return true;
  }
  // Never called with kParseNumbersAsStringsFlag.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  struct Open {
    std::uint32_t at;
    std::uint32_t last;  // its last child so far
  };

  bool refuse(const char* why) {
    why_ = why;
    return false;
  }

  Node* add(Kind kind) {
    if (depth_ == 0 && kind != Kind::object) return refuse("not an object"), nullptr;
    if (nodes_.size() >= max_json_values) return refuse("too many values"), nullptr;
    const auto at = static_cast<std::uint32_t>(nodes_.size());
    Node& node = nodes_.emplace_back();
    node.kind = kind;
    node.number = 0;
    node.key = key_.data();
    node.key_size = static_cast<std::uint32_t>(key_.size());
    key_ = {};
    if (depth_ > 0) {
      Open& parent = open_[depth_ - 1];
      if (nodes_[parent.at].size++ > 0) nodes_[parent.last].next = at;
      parent.last = at;
    }
    return &node;
  }

  bool enter(Kind kind) {
    if (depth_ == max_json_depth) return refuse("nested too deeply");
    if (add(kind) == nullptr) return false;
    open_[depth_++] = {static_cast<std::uint32_t>(nodes_.size() - 1), 0};
    return true;
  }

  // Compare few keys in pairs; sort many, so that the largest object costs n log n.
  bool unique_keys(std::uint32_t object) {
    const std::uint32_t count = nodes_[object].size;
    if (count < 2) return true;
    keys_.clear();
    for (std::uint32_t at = object + 1; at != 0; at = nodes_[at].next)
      keys_.emplace_back(nodes_[at].key, nodes_[at].key_size);
    if (count > 12) {
      std::sort(keys_.begin(), keys_.end());
      return std::adjacent_find(keys_.begin(), keys_.end()) == keys_.end();
    }
    for (auto a = keys_.begin(); a != keys_.end(); ++a)
      if (std::find(a + 1, keys_.end(), *a) != keys_.end()) return false;
    return true;
  }

  std::vector<Node>& nodes_;
  rapidjson::Reader reader_;  // kept for its stack
  std::vector<std::string_view> keys_;
  Open open_[max_json_depth];
  int depth_ = 0;
  std::string_view key_;
  bool escapes_ = false;
  const char* why_ = "";
};

JsonTape::JsonTape() : reader_(std::make_unique<Reader>(nodes_)) {}
JsonTape::~JsonTape() = default;

bool json_plain(std::string_view text) {
  const Unusual unusual = unusual_in(text);
  return !unusual.control && !unusual.high && !unusual.escape;
}

Checked<JsonValue> JsonTape::parse(char* text, std::size_t size) {
  text[size] = '\0';
  const std::string_view whole(text, size);
  const Unusual unusual = unusual_in(whole);
  if (unusual.control && has_control(whole)) return fault(ErrorCode::bad_frame, "a control character");
  if (unusual.high && !utf8_valid(whole)) return fault(ErrorCode::bad_frame, "not UTF-8");
  const char* why = "";
  if (!reader_->run(text, unusual.escape, why)) return fault(ErrorCode::bad_frame, why);
  return JsonValue(this, 0);
}

JsonValue::Kind JsonValue::kind() const {
  return tape_->nodes_[at_].kind;
}

std::optional<std::string_view> JsonValue::string() const {
  const auto& node = tape_->nodes_[at_];
  if (node.kind != Kind::string) return std::nullopt;
  return std::string_view(node.text, node.size);
}

std::optional<std::uint64_t> JsonValue::number() const {
  const auto& node = tape_->nodes_[at_];
  if (node.kind != Kind::number) return std::nullopt;
  return node.number;
}

std::optional<bool> JsonValue::boolean() const {
  const auto& node = tape_->nodes_[at_];
  if (node.kind != Kind::boolean) return std::nullopt;
  return node.number != 0;
}

std::size_t JsonValue::size() const {
  const auto& node = tape_->nodes_[at_];
  return node.kind == Kind::array || node.kind == Kind::object ? node.size : 0;
}

std::optional<JsonValue> JsonValue::get(std::string_view key) const {
  if (!is_object()) return std::nullopt;
  for (auto member = first(); member; member = member->next())
    if (member->key() == key) return member;
  return std::nullopt;
}

std::optional<std::string_view> JsonValue::get_string(std::string_view key) const {
  const auto member = get(key);
  return member ? member->string() : std::nullopt;
}

std::optional<std::uint64_t> JsonValue::get_number(std::string_view key) const {
  const auto member = get(key);
  return member ? member->number() : std::nullopt;
}

std::optional<JsonValue> JsonValue::first() const {
  if (size() == 0) return std::nullopt;
  return JsonValue(tape_, at_ + 1);
}

std::optional<JsonValue> JsonValue::next() const {
  const std::uint32_t next = tape_->nodes_[at_].next;
  if (next == 0) return std::nullopt;
  return JsonValue(tape_, next);
}

std::string_view JsonValue::key() const {
  const auto& node = tape_->nodes_[at_];
  return {node.key, node.key_size};
}

// --- writing -------------------------------------------------------------------------------------

void JsonWriter::separate() {
  if (out_.size() == start_) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  return *this;
}
JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  return *this;
}
JsonWriter& JsonWriter::begin_array() {
  separate();
  out_ += '[';
  return *this;
}
JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  value(name);
  out_ += ':';
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  out_ += '"';
  std::size_t plain = 0;  // start of what needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out_.append(text, plain, i - plain);
    plain = i + 1;
    constexpr std::string_view named = "\"\"\\\\\bb\ff\nn\rr\tt";  // pairs: character, its escape
    std::size_t at = 0;
    while (at < named.size() && named[at] != text[i])
      at += 2;
    if (at < named.size()) {
      out_ += '\\';
      out_ += named[at + 1];
    } else {
      constexpr char hex[] = "0123456789abcdef";
      out_ += "\\u00";
      out_ += hex[c >> 4];
      out_ += hex[c & 15];
    }
  }
  out_.append(text, plain, text.size() - plain);
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
  separate();
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out_.append(digits, end);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool b) {
  separate();
  out_ += b ? "true" : "false";
  return *this;
}

}  // namespace sims::proto
