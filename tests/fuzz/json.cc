// Fuzz target `json`: any bytes as a frame. An accepted frame is strict JSON that is written and read back as
// the same. Decoding it as a message of either side gives a value or an error.
#include "proto/wire/json.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "fuzz/vectors.h"
#include "proto/limits.h"
#include "proto/wire/content.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

namespace sims::fuzz {
namespace {

using namespace proto;
using Kind = JsonValue::Kind;

// Writes null as false, since the writer has no null.
void rewrite(const JsonValue& value, JsonWriter& out, int depth) {
  HOLDS(depth <= max_json_depth);
  switch (value.kind()) {
    case Kind::null:
      out.boolean(false);
      return;
    case Kind::boolean:
      out.boolean(*value.boolean());
      return;
    case Kind::number:
      HOLDS(*value.number() <= max_json_integer);
      out.value(*value.number());
      return;
    case Kind::string:
      HOLDS(utf8_valid(*value.string()));
      out.value(*value.string());
      return;
    case Kind::array:
    case Kind::object:
      break;
  }
  const bool object = value.is_object();
  object ? out.begin_object() : out.begin_array();
  std::set<std::string_view> keys;
  std::size_t count = 0;
  for (auto member = value.first(); member; member = member->next(), ++count) {
    if (object) {
      HOLDS(utf8_valid(member->key()));
      HOLDS(keys.insert(member->key()).second);
      HOLDS(value.get(member->key())->kind() == member->kind());
      out.key(member->key());
    }
    rewrite(*member, out, depth + (member->kind() >= Kind::array));
  }
  HOLDS(count == value.size());
  object ? out.end_object() : out.end_array();
}

std::optional<std::string> rewritten(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return std::nullopt;
  HOLDS(root->is_object());
  std::string out;
  JsonWriter writer(out);
  rewrite(*root, writer, 1);
  return out;
}

// The fast path must agree with the parser.
void compare_fast_path(const std::string& text) {
  const auto known = fast_path_forwarded(text);
  if (!known) return;
  std::string room = text;
  JsonTape tape;
  const auto root = tape.parse(room);
  HOLDS(root);
  const auto decoded = decode_from_client(*root);
  HOLDS(decoded && std::holds_alternative<Forwarded>(*decoded));
  const auto& parsed = std::get<Forwarded>(*decoded);
  HOLDS(parsed.type == known->type && parsed.src == known->src && parsed.dst == known->dst);
}

void run(ByteView input) {
  const std::string text(text_of(input));
  compare_fast_path(text);
  static_cast<void>(decode_content(text));
  const auto once = rewritten(text);
  if (!once) return;
  HOLDS(rewritten(*once) == once);

  std::string room = text;
  JsonTape tape;
  const auto root = tape.parse(room);
  static_cast<void>(decode_from_client(*root));
  static_cast<void>(decode_secure(*root));
  static_cast<void>(decode_from_server(*root));
  if (const auto frame = decode_handshake(*root)) {
    std::string encoded = encode(*frame);
    JsonTape second;
    const auto again = second.parse(encoded);
    HOLDS(again && decode_handshake(*again));
  }
}

// Some messages, and every frame of the known answers.
std::vector<std::string> seeds() {
  std::vector<std::string> out = {
      R"({"type":"list","event":"online","data":[{"id":"x","name":"bob","since":1}],"more":true})",
      R"({"type":"error","data":{"code":"busy","message":"later \u001b"},"id":3})",
      R"({"kind":"text","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"hi","sent":1})",
      R"({"type":"client-com","src":"a","dst":"b","id":1,"ratchet":{"key":"k","pn":0,"n":7},"verification":"v","data":"d"})",
      R"({"type":"client-com","src":"a","dst":"b","id":1,"ratchet":{"epoch":3,"pn":0,"n":7},"verification":"v","data":"d"})",
      R"({"type":"ack","src":"a","dst":"b","id":9007199254740991,"data":"d","verification":"v"})",
      R"({"a":[1,{"b":null,"c":[true,false,"\ud83d\ude00\"\\\/"]}],"":9007199254740991})"};
  for (auto& frame : strings_in_vectors("{"))
    out.push_back(std::move(frame));
  return out;
}

const Register registered({"json", run, seeds, 8'000});

}  // namespace
}  // namespace sims::fuzz
