// Messages and contents: encoding, decoding, and input that is refused.
#include "proto/wire/message.h"

#include <doctest/doctest.h>

#include <set>

#include "proto/limits.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"
#include "proto/wire/message_table.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::proto;

namespace {

Id some_id(std::uint64_t seed) {
  test::FixedRng rng(seed);
  return Id::of(crypto::SigningKey::generate(rng).public_key());
}

template <std::size_t N>
ByteArray<N> some_bytes(std::uint64_t seed) {
  test::FixedRng rng(seed);
  ByteArray<N> out;
  rng.fill(out);
  return out;
}

Prekey some_prekey(std::uint64_t seed, PrekeyUse use = PrekeyUse::once) {
  return {some_bytes<16>(seed), "A", use, 1'775'001'600, Bytes(120, 7), some_bytes<64>(seed)};
}

HandshakeFrame handshake_frame(HandshakeKind kind, int phase) {
  HandshakeFrame frame;
  frame.kind = kind;
  frame.phase = phase;
  if (kind == HandshakeKind::client_server) frame.id = some_id(1).str();
  if (kind == HandshakeKind::client_server || phase <= 2) frame.name = "alice";
  if (kind == HandshakeKind::client_client) {
    frame.src = some_id(1).str();
    frame.dst = some_id(2).str();
  }
  frame.ciphers = {"A", "B"};
  if (phase <= 2) {
    frame.versions = {1};
    frame.nonce = some_bytes<32>(3);
  }
  if (phase == 3) frame.status = "ok";
  if (phase == 4 || phase == 5) {
    frame.key = Bytes(120, 7);
    frame.signature = some_bytes<64>(4);
  }
  if (phase >= 5) frame.confirm = some_bytes<32>(5);
  return frame;
}

// Examples of every type, as sent. The first case below checks that none is missing.
std::vector<std::string> examples(MessageType type) {
  const auto handshakes = [](HandshakeKind kind) {
    std::vector<std::string> out;
    for (int phase = 1; phase <= 6; ++phase)
      out.push_back(encode(handshake_frame(kind, phase)));
    return out;
  };
  ClientCom com{some_id(1), some_id(2), 7, {}, some_bytes<32>(1), "gAAAAA=="};
  com.ratchet.pn = 3;
  com.ratchet.n = 0xffffffff;
  ClientCom epoch = com;
  com.ratchet.key = some_bytes<49>(2);
  epoch.ratchet.epoch = 9;
  switch (type) {
    case MessageType::connect:
      return handshakes(HandshakeKind::client_server);
    case MessageType::client_connect:
      return handshakes(HandshakeKind::client_client);
    case MessageType::secure:
      return {R"({"type":"secure","sa-data":{"epoch":1,"seq":100},"payload":"gAAA"})"};
    case MessageType::list:
      return {encode(List{List::Event::snapshot, {{some_id(1), "alice", 1}, {some_id(2), "bob", 2}}, true}),
              encode(List{List::Event::online, {{some_id(1), "alice", 1}}, false}),
              encode(List{List::Event::offline, {}, false})};
    case MessageType::find:
      return {encode(Found{"alice", some_id(1), true}), encode(Found{"bob", some_id(2), false}),
              encode(Found{"carol", some_id(1), std::nullopt})};
    case MessageType::client_com:
      return {encode(com), encode(epoch)};
    case MessageType::client_refuse:
      return {encode(
          ClientRefuse{some_id(1), some_id(2), some_bytes<32>(1), ErrorCode::busy, some_bytes<64>(2)})};
    case MessageType::client_disconnect:
      return {encode(ClientDisconnect{some_id(1), some_id(2), "good \"bye\"\n", some_bytes<32>(1)})};
    case MessageType::peer_ack:
      return {encode(PeerAck{some_id(1), some_id(2), 3, some_bytes<32>(1), some_bytes<32>(2)})};
    case MessageType::client_mail:
      return {encode(ClientMail{some_id(1),
                                some_id(2),
                                99,
                                {some_bytes<16>(1), some_bytes<32>(2), Bytes(120, 7), some_bytes<64>(3)},
                                some_bytes<32>(4),
                                "gAAAAA=="})};
    case MessageType::client_receipt:
      return {encode(ClientReceipt{some_id(1), some_id(2), some_bytes<32>(1),
                                   LetterDelivered{7, some_bytes<32>(2)}}),
              encode(ClientReceipt{some_id(1), some_id(2), some_bytes<32>(1),
                                   LetterUnopened{some_bytes<64>(2)}})};
    case MessageType::prekeys:
      return {encode(PrekeysStatus{{{"A", 100, true}, {"B", 0, false}}, 12, some_bytes<16>(1), 3}),
              encode(PrekeysStatus{})};
    case MessageType::prekey:
      return {encode(PrekeyAnswer{some_id(2), some_prekey(1)}), encode(PrekeyAnswer{some_id(2), {}})};
    case MessageType::ack:
      return {encode(Ack{"relay.example", 41})};
    case MessageType::ping:
      return {encode(Ping{})};
    case MessageType::disconnect:
      return {encode(Disconnect{"alice", 0})};
    case MessageType::redeem:
      return {encode(Register{"ABCDE-12345"})};
    case MessageType::error: {
      Error plain, full;
      plain.code = ErrorCode::busy;
      plain.message = "later";
      full = plain;
      full.code = ErrorCode::unknown_peer;
      full.id = 4;
      full.dst = some_id(2);
      full.name = "alice";
      return {encode(plain), encode(full), encode_error(ErrorCode::internal, "")};
    }
    case MessageType::unknown:
      return {R"({"type":"novelty","x":1})"};
  }
  return {};
}

std::string reencoded(const JsonValue& root, const FromServer& message) {
  return std::visit(
      [&](const auto& m) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(m)>, UnknownMessage>)
          return "{\"type\":\"" + m.type + "\",\"x\":" + std::to_string(*root.get_number("x")) + "}";
        else
          return encode(m);
      },
      message);
}

bool sub_message(MessageType type) {
  return type != MessageType::connect && type != MessageType::secure;
}

std::optional<ErrorCode> refused_by_client(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return root.error().code;
  const auto message = decode_from_server(*root);
  if (!message) return message.error().code;
  return std::nullopt;
}
std::optional<ErrorCode> refused_by_server(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return root.error().code;
  const auto message = decode_from_client(*root);
  if (!message) return message.error().code;
  return std::nullopt;
}

}  // namespace

TEST_CASE("messages: the table has each type, with the senders, acks and fields of sims-protocol(7)") {
  struct Expected {
    MessageType type;
    const char* name;
    bool by_client, by_server;
    Acking acking;
    std::string_view fields;  // that a server checks in a type between clients
    Passing passing = Passing::live;
  };
  using enum MessageType;
  using enum Acking;
  const Expected expected[] = {
      {connect, "connect", false, false, never, "", Passing::none},
      {secure, "secure", false, false, never, "", Passing::none},
      {list, "list", true, true, once_read, "", Passing::none},
      {find, "find", true, true, once_read, "", Passing::none},
      {client_connect, "client-connect", true, true, once_read, "phase=number ciphers=array data=object "},
      {client_refuse, "client-refuse", true, true, once_read, "to=text code=text signature=text "},
      {client_disconnect, "client-disconnect", true, true, once_read, "data=object verification=text "},
      {client_com, "client-com", true, true, once_read,
       "id=number ratchet=object verification=text data=text "},
      {peer_ack, "ack", true, true, never, "id=number data=text verification=text "},
      {client_mail, "client-mail", true, true, once_done,
       "id=number ratchet=object verification=text data=text ", Passing::kept},
      {client_receipt, "client-receipt", true, true, once_done, "data=text ", Passing::kept},
      {prekeys, "prekeys", true, true, once_done, "", Passing::none},
      {prekey, "prekey", true, true, once_done, "", Passing::none},
      {ack, "ack", true, true, never, "", Passing::none},
      {ping, "ping", true, true, once_read, "", Passing::none},
      {disconnect, "disconnect", true, true, once_read, "", Passing::none},
      {redeem, "register", true, false, once_read, "", Passing::none},
      {error, "error", true, true, once_read, "", Passing::none},
      {unknown, "", true, true, once_read, "", Passing::none},
  };
  const char* const kinds[] = {"text", "number", "boolean", "object", "array"};
  REQUIRE(message_table().size() == std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    const Expected& want = expected[i];
    CAPTURE(std::string(want.name));
    const MessageRow& row = message_row(want.type);
    CHECK(&row == &message_table()[i]);
    CHECK(row.type == want.type);
    CHECK(row.name == want.name);
    CHECK((row.from_client != nullptr) == want.by_client);
    CHECK((row.from_server != nullptr) == want.by_server);
    CHECK(row.acking == want.acking);
    CHECK(row.acked() == (want.acking != Acking::never));
    std::string fields;
    for (const MessageField& field : row.passed_fields)
      fields += std::string(field.name) + "=" + kinds[static_cast<std::size_t>(field.kind)] + " ";
    CHECK(fields == want.fields);
    CHECK(row.passing == want.passing);
    CHECK(row.forwarded() == (want.passing == Passing::live));
    CHECK(row.kept() == (want.passing == Passing::kept));
    CHECK(row.between_clients() == !want.fields.empty());
  }
}

TEST_CASE("messages: every type of the table is read and written back unchanged") {
  for (const MessageRow& row : message_table()) {
    CAPTURE(std::string(row.name));
    const auto texts = examples(row.type);
    REQUIRE_FALSE(texts.empty());
    for (const std::string& text : texts) {
      std::string copy = text;
      JsonTape tape;
      const auto root = tape.parse(copy);
      REQUIRE(root);
      CHECK(message_type(*root->get_string("type"), root->get("dst").has_value()) == row.type);
      if (row.from_server == nullptr && row.from_client != nullptr) {
        const auto message = decode_from_client(*root);
        REQUIRE(message);
        CHECK(encode(std::get<Register>(*message)) == text);
      } else if (sub_message(row.type)) {
        const auto message = decode_from_server(*root);
        REQUIRE(message);
        CHECK(reencoded(*root, *message) == text);
      } else if (row.type == MessageType::connect) {
        CHECK(encode(*decode_handshake(*root)) == text);
      } else {
        const auto frame = decode_secure(*root);
        CHECK((frame->epoch == 1 && frame->seq == 100 && frame->payload == "gAAA"));
      }
    }
  }
}

TEST_CASE("messages: types not allowed inside SECURE are refused, unknown types are reported as such") {
  for (const MessageRow& row : message_table()) {
    CAPTURE(std::string(row.name));
    for (const std::string& text : examples(row.type)) {
      if (!sub_message(row.type)) {
        CHECK(refused_by_client(text) == ErrorCode::bad_message);
        CHECK(refused_by_server(text) == ErrorCode::bad_message);
      } else {
        CHECK(refused_by_client(text).has_value() == (row.from_server == nullptr));
        const bool answer = row.type == MessageType::list || row.type == MessageType::find ||
                            row.type == MessageType::prekeys || row.type == MessageType::prekey;
        if (!answer) CHECK_FALSE(refused_by_server(text));
      }
    }
  }
  std::string text = R"({"type":"novelty"})";
  JsonTape tape;
  const auto message = decode_from_client(*tape.parse(text));
  CHECK(std::get<UnknownMessage>(*message).type == "novelty");
  CHECK(refused_by_client(R"({"no":"type"})") == ErrorCode::bad_message);
  CHECK(refused_by_client(R"({"type":7})") == ErrorCode::bad_message);
  CHECK_FALSE(refused_by_client(R"({"type":""})"));
}

TEST_CASE("messages: a missing field or one of another type is a bad message") {
  const std::set<std::string> optional = {"dst of error", "id of error", "name of error", "status of find"};
  for (const MessageRow& row : message_table()) {
    if (!sub_message(row.type) || row.type == MessageType::unknown) continue;
    for (const std::string& example : examples(row.type)) {
      rapidjson::Document document;
      document.Parse(example.c_str());
      // Each key of the message and of its objects, one at a time: renamed, then with a type that no field has.
      std::vector<std::string> keys;
      const std::function<void(const rapidjson::Value&)> collect = [&](const rapidjson::Value& value) {
        if (value.IsObject())
          for (const auto& member : value.GetObject()) {
            keys.emplace_back(member.name.GetString());
            collect(member.value);
          }
        if (value.IsArray() && !value.Empty()) collect(value[0]);
      };
      collect(document);
      const auto refused = row.from_server == nullptr ? refused_by_server : refused_by_client;
      for (const std::string& key : keys) {
        CAPTURE(std::string(example));
        CAPTURE(std::string(key));
        const std::string quoted = "\"" + key + "\":";
        const auto at = example.find(quoted);
        std::string renamed = example, retyped = example;
        renamed.replace(at, quoted.size(), "\"zz\":");
        retyped.replace(at, quoted.size(), quoted + "null,\"zz\":");
        CHECK(refused(retyped) == ErrorCode::bad_message);
        // An `ack` without dst is the other kind of `ack`, and is refused since `name` is missing.
        if (!optional.contains(key + " of " + std::string(row.name)))
          CHECK(refused(renamed) == ErrorCode::bad_message);
      }
    }
  }
}

TEST_CASE("messages: a server checks presence and types of fields between clients, not their content") {
  const auto decode = [](std::string text) {
    JsonTape tape;
    const auto root = tape.parse(text);
    REQUIRE(root);
    const auto message = decode_from_client(*root);
    if (!message) return false;
    const bool kept = message_row(*root).kept();
    return kept ? std::holds_alternative<Kept>(*message) : std::holds_alternative<Forwarded>(*message);
  };
  CHECK(decode(
      R"({"type":"client-com","src":"a","dst":"b","id":1,"ratchet":{},"verification":"?","data":"?"})"));
  CHECK(decode(R"({"type":"client-connect","src":"a","dst":"b","phase":9,"ciphers":[],"data":{}})"));
  CHECK(decode(R"({"type":"client-refuse","src":"a","dst":"b","to":"?","code":"?","signature":"?"})"));
  CHECK(decode(R"({"type":"client-disconnect","src":"a","dst":"b","data":{},"verification":"?"})"));
  CHECK(decode(R"({"type":"ack","src":"a","dst":"b","id":1,"data":"?","verification":"?"})"));
  CHECK(decode(
      R"({"type":"client-mail","src":"a","dst":"b","id":1,"ratchet":{},"verification":"?","data":"?"})"));
  CHECK(decode(R"({"type":"client-receipt","src":"a","dst":"b","id":1,"data":"?","verification":"?"})"));
  CHECK(
      decode(R"({"type":"client-receipt","src":"a","dst":"b","data":"?","unopened":false,"signature":"?"})"));
  for (const MessageRow& row : message_table()) {
    if (!row.between_clients()) continue;
    for (const std::string& example : examples(row.type)) {
      CHECK(decode(example));
      std::vector<std::string> keys = {"src", "dst"};
      if (row.type == MessageType::client_receipt) {
        if (example.find("unopened") == std::string::npos)
          keys.insert(keys.end(), {"id", "verification"});
        else
          keys.insert(keys.end(), {"unopened", "signature"});
      }
      for (const MessageField& field : row.passed_fields)
        keys.emplace_back(field.name);
      for (const std::string& key : keys) {
        CAPTURE(key);
        const std::string quoted = "\"" + key + "\":";
        std::string renamed = example, retyped = example;
        renamed.replace(renamed.find(quoted), quoted.size(), "\"zz\":");
        retyped.replace(retyped.find(quoted), quoted.size(), quoted + "null,\"zz\":");
        CHECK(refused_by_server(renamed) == ErrorCode::bad_message);
        CHECK(refused_by_server(retyped) == ErrorCode::bad_message);
      }
    }
  }
}

TEST_CASE(
    "messages: the fast path agrees with the parser, also with one character inserted, removed or "
    "changed") {
  const auto parsed = [](std::string text) -> std::optional<std::string> {
    JsonTape tape;
    const auto root = tape.parse(text);
    if (!root) return std::nullopt;
    const auto message = decode_from_client(*root);
    if (!message || !std::holds_alternative<Forwarded>(*message)) return std::nullopt;
    const auto& f = std::get<Forwarded>(*message);
    return std::to_string(static_cast<int>(f.type)) + " " + std::string(f.src) + " " + std::string(f.dst);
  };
  const auto fast_path = [](const std::string& text) -> std::optional<std::string> {
    const auto f = fast_path_forwarded(text);
    if (!f) return std::nullopt;
    return std::to_string(static_cast<int>(f->type)) + " " + std::string(f->src) + " " + std::string(f->dst);
  };
  std::size_t same = 0;
  for (const MessageRow& row : message_table()) {
    const bool ours = row.type == MessageType::client_com || row.type == MessageType::peer_ack;
    for (const std::string& example : examples(row.type)) {
      CAPTURE(example);
      CHECK(fast_path(example).has_value() == ours);
      if (!ours) continue;
      CHECK(fast_path(example) == parsed(example));
      const auto check = [&](const std::string& text) {
        const auto known = fast_path(text);
        if (!known) return;
        ++same;
        if (known != parsed(text)) FAIL_CHECK(text);
      };
      for (std::size_t at = 0; at < example.size(); ++at) {
        check(example.substr(0, at));
        check(std::string(example).erase(at, 1));
        for (const char c :
             {'"', '\\', '{', '}', ',', ':', '0', '9', '-', '.', 'e', 'x', ' ', '\n', '\x7f', '\xc3', '\0'}) {
          check(std::string(example).insert(at, 1, c));
          std::string other = example;
          other[at] = c;
          check(other);
        }
      }
    }
  }
  CHECK(same > 1'000);  // the fast path still takes a changed letter of a string
  const std::string number(
      R"({"type":"ack","src":"a","dst":"b","id":9007199254740991,"data":"d","verification":"v"})");
  CHECK(fast_path(number));
  std::string larger = number;
  larger[larger.find("0991") + 3] = '2';
  CHECK_FALSE(fast_path(larger));
}

TEST_CASE("messages: list requests") {
  const auto decode = [](std::string text) {
    JsonTape tape;
    return std::get<ListRequest>(decode_from_client(*tape.parse(text)).value());
  };
  const ListRequest full{some_id(1), 100, "al"};
  const auto read = decode(encode(full));
  CHECK((read.after == full.after && read.limit == 100 && read.match == "al"));
  CHECK(encode(ListRequest{{}, 100, ""}) == R"({"type":"list","limit":100})");
  const auto none = decode(R"({"type":"list"})");
  CHECK((!none.after && none.limit == 0 && none.match.empty()));
  CHECK(decode(R"({"type":"list","limit":9007199254740991})").limit == max_list_page);
  CHECK(refused_by_server(R"({"type":"list","after":"x"})") == ErrorCode::bad_message);
  CHECK(refused_by_server(R"({"type":"list","limit":"3"})") == ErrorCode::bad_message);
  CHECK(refused_by_server(R"({"type":"list","match":3})") == ErrorCode::bad_message);
}

TEST_CASE("messages: find requests, by name or by id") {
  const auto decode = [](std::string text) {
    JsonTape tape;
    return std::get<FindRequest>(decode_from_client(*tape.parse(text)).value());
  };
  CHECK(encode(FindRequest{"alice", {}}) == R"({"type":"find","name":"alice"})");
  CHECK(encode(FindRequest{"", some_id(1)}) == R"({"type":"find","id":")" + some_id(1).str() + "\"}");
  CHECK(decode(encode(FindRequest{"alice", {}})).name == "alice");
  const auto by_id = decode(encode(FindRequest{"", some_id(1)}));
  CHECK((by_id.id == some_id(1) && by_id.name.empty()));
  for (const auto& text :
       {std::string(R"({"type":"find"})"), std::string(R"({"type":"find","name":"Alice"})"),
        std::string(R"({"type":"find","name":""})"), std::string(R"({"type":"find","id":"x"})"),
        std::string(R"({"type":"find","name":7})"),
        R"({"type":"find","name":"alice","id":")" + some_id(1).str() + "\"}"})
    CHECK(refused_by_server(text) == ErrorCode::bad_message);
  const auto id = R"(,"id":")" + some_id(1).str() + '"';
  CHECK(refused_by_client(R"({"type":"find","name":"alice")" + id + R"(,"status":"away"})") ==
        ErrorCode::bad_message);
  CHECK(refused_by_client(R"({"type":"find","name":"A")" + id + "}") == ErrorCode::bad_message);
}

TEST_CASE("messages: a full page of the longest names fits a frame, and its values the tape") {
  List list;
  for (std::uint64_t i = 0; i < max_list_page; ++i)
    list.data.push_back({some_id(1), std::string(max_name, 'x'), 1'767'225'600});
  list.more = true;
  std::string text = encode(list);
  CHECK(text.size() * 4 / 3 + 300 < max_frame);
  CHECK_FALSE(refused_by_client(text));
}

TEST_CASE("messages: impossible numbers and headers are refused") {
  const std::string com = examples(MessageType::client_com)[0];
  const auto with = [&](const char* from, const char* to) {
    std::string text = com;
    const auto at = text.find(from);
    REQUIRE(at != text.npos);
    return refused_by_client(text.replace(at, std::string_view(from).size(), to)) == ErrorCode::bad_message;
  };
  CHECK(with("\"n\":4294967295", "\"n\":4294967296"));
  CHECK(with("\"pn\":3", "\"pn\":4294967296"));
  CHECK(with("\"ratchet\":{", "\"ratchet\":{\"epoch\":1,"));  // both kinds
  CHECK(with("\"key\"", "\"kex\""));                          // no kind
  CHECK(with("\"key\":\"", "\"key\":\"AAAA"));
  CHECK(refused_by_client(R"({"type":"ack","name":"No Name","id":1})") == ErrorCode::bad_message);
}

TEST_CASE("messages: long error texts are cut, never inside a character") {
  for (std::size_t lead = 0; lead < 4; ++lead) {
    const std::string text = std::string(lead, 'x') + [] {
      std::string out;
      for (int i = 0; i < 500; ++i)
        out += "€";
      return out;
    }();
    Error error;
    error.message = text;
    std::string frame = encode(error);
    JsonTape tape;
    const auto root = tape.parse(frame);
    REQUIRE(root);
    const auto read = std::get<Error>(*decode_from_server(*root));
    CHECK(read.message.size() <= max_error_text);
    CHECK(read.message.size() > max_error_text - 4);
    CHECK(text.starts_with(read.message));
  }
  std::string unknown = R"({"type":"error","code":"tea-time","message":"x"})";
  JsonTape tape;
  const auto read = std::get<Error>(*decode_from_server(*tape.parse(unknown)));
  CHECK(read.code == ErrorCode::internal);
  CHECK(read.code_text == "tea-time");
}

TEST_CASE("messages: every error code has its own name and text") {
  std::set<std::string_view> names, texts;
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    CHECK(parse_error_code(to_string(code)) == code);
    names.insert(to_string(code));
    texts.insert(explain(code));
  }
  CHECK(names.size() == 19);
  CHECK(texts.size() == 19);
  CHECK_FALSE(parse_error_code("Bad-frame"));
  CHECK_FALSE(parse_error_code(""));
}

TEST_CASE("attack 19: base64 fields have one encoding") {
  const std::string ack = examples(MessageType::peer_ack)[0];
  const std::string value = ack.substr(ack.find("\"data\":\"") + 8, 44);
  REQUIRE(value.ends_with("="));
  std::string loose = value, url = value;
  loose[42] = static_cast<char>(loose[42] + 1);
  url[0] = '_';
  for (const std::string& bad : {value.substr(0, 43), value + "=", loose, url,
                                 value.substr(0, 42) + "==", " " + value, value + "\\n", std::string()}) {
    std::string text = ack;
    CHECK(refused_by_client(text.replace(text.find(value), value.size(), bad)) == ErrorCode::bad_message);
  }
}

TEST_CASE("messages: a hundred thousand mutations give only values and refusals") {
  std::vector<std::string> seeds;
  for (const MessageRow& row : message_table())
    for (std::string& text : examples(row.type))
      seeds.push_back(std::move(text));
  const std::string_view pieces[] = {"\"",
                                     "{",
                                     "}",
                                     "[",
                                     "]",
                                     ",",
                                     ":",
                                     "\\",
                                     "\\u",
                                     "\\ud800",
                                     "\\udc00",
                                     "null",
                                     "true",
                                     "-1",
                                     "1e9",
                                     "9007199254740992",
                                     "\"dst\":",
                                     "\"type\":",
                                     "\xED\xA0\x80",
                                     "\xFF",
                                     "  "};
  test::FixedRng rng(4);
  JsonTape tape;
  std::string text;
  int taken = 0, refused = 0;
  for (int round = 0; round < 100'000; ++round) {
    text = seeds[rng.pick(seeds.size())];
    for (std::size_t edits = rng.pick(4) + 1; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = rng.pick(text.size());
      switch (rng.pick(5)) {
        case 0:
          text[at] = static_cast<char>(rng.next());
          break;
        case 1:
          text.erase(at, rng.pick(10));
          break;
        case 2:
          text.insert(at, pieces[rng.pick(std::size(pieces))]);
          break;
        case 3:
          text.insert(at, text.substr(rng.pick(text.size()), rng.pick(40)));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    const auto root = tape.parse(text);
    if (!root) {
      ++refused;
      CHECK(root.error().code == ErrorCode::bad_frame);
      continue;
    }
    taken += decode_from_server(*root).has_value();
    taken += decode_from_client(*root).has_value();
    taken += decode_secure(*root).has_value();
    if (const auto frame = decode_handshake(*root)) taken += !encode(*frame).empty();
  }
  CHECK(taken > 1'000);
  CHECK(refused > 1'000);
}
