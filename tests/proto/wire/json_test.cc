// The strict JSON of sims-protocol(7), section 1: reading, refusing, writing.
#include "proto/wire/json.h"

#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include <chrono>
#include <set>

#include "proto/limits.h"
#include "support/fixed_rng.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::proto;

namespace {

bool accepted(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) CHECK(root.error().code == ErrorCode::bad_frame);
  return root.has_value();
}

std::string repeat(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += part;
  return out;
}

}  // namespace

TEST_CASE("json: values of every kind, found by name and in order") {
  std::string text =
      " {\"s\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00z\",\"n\":9007199254740991,\"t\":true,"
      "\"f\":false,\"z\":null,\"a\":[1,\"x\",[],{}],\"o\":{\"k\":{\"d\":7}},\"\":\"empty\"} \t";
  JsonTape tape;
  const auto root = tape.parse(text);
  REQUIRE(root);
  CHECK(root->is_object());
  CHECK(root->size() == 8);
  CHECK(root->get_string("s") == "a\"\\/\b\f\n\r\té😀z");
  CHECK(root->get_number("n") == max_json_integer);
  CHECK(root->get("t")->boolean() == true);
  CHECK(root->get("f")->boolean() == false);
  CHECK(root->get("z")->kind() == JsonValue::Kind::null);
  CHECK(root->get_string("") == "empty");
  CHECK(root->get("o")->get("k")->get_number("d") == 7);

  const auto array = root->get("a");
  REQUIRE(array->size() == 4);
  auto v = array->first();
  CHECK(v->number() == 1);
  v = v->next();
  CHECK(v->string() == "x");
  v = v->next();
  CHECK((v->kind() == JsonValue::Kind::array && v->size() == 0 && !v->first()));
  v = v->next();
  CHECK((v->is_object() && v->size() == 0 && !v->next()));

  // nullopt if the type is another or the member is missing.
  CHECK_FALSE(root->get_string("n"));
  CHECK_FALSE(root->get_number("s"));
  CHECK_FALSE(root->get("t")->number());
  CHECK_FALSE(root->get("s")->get("x"));
  CHECK_FALSE(root->get("missing"));
  CHECK_FALSE(array->get("x"));
}

TEST_CASE("json: one object and nothing else") {
  for (const char* good : {"{}", " {}", "{}\r", "\t\r\n {\"a\":1}\n\n"})
    CHECK(accepted(good));
  for (const char* bad : {"",
                          " ",
                          "[]",
                          "1",
                          "\"a\"",
                          "null",
                          "true",
                          "{}{}",
                          "{} {}",
                          "{}x",
                          "{},",
                          "x{}",
                          "{",
                          "}",
                          "{\"a\":1,}",
                          "{a:1}",
                          "{'a':1}",
                          "{\"a\" 1}",
                          "{\"a\":}",
                          "{\"a\":1 \"b\":2}",
                          "{1:2}",
                          "{\"a\":[1 true]}",
                          "{\"a\":[:1]}",
                          "{\"a\":tru}",
                          "{\"a\":nul}",
                          "{\"a\":True}",
                          "{/**/}",
                          "{}//",
                          "\xEF\xBB\xBF{}",
                          "{\"a\":NaN}",
                          "{\"a\":\"\\x\"}",
                          "{\"a\":\"\\u12g4\"}"})
    CHECK_FALSE(accepted(bad));
}

TEST_CASE("attack 32: a key that occurs twice is refused, at any depth and with any escapes") {
  CHECK_FALSE(accepted(R"({"a":1,"a":2})"));
  CHECK_FALSE(accepted(R"({"a":1,"\u0061":2})"));
  CHECK_FALSE(accepted(R"({"x":[{"y":{"a":1,"b":2,"a":1}}]})"));
  CHECK_FALSE(accepted(R"({"":1,"":2})"));
  CHECK(accepted(R"({"a":{"a":{"a":1}},"b":{"a":1}})"));
  std::string many = "{";
  for (int i = 0; i < 200; ++i)
    many += "\"k" + std::to_string(i) + "\":0,";
  CHECK(accepted(many + "\"last\":0}"));
  CHECK_FALSE(accepted(many + "\"k7\":0}"));
}

TEST_CASE("attack 32: NUL and other control characters are refused everywhere") {
  using namespace std::string_literals;
  for (int c = 0; c < 0x20; ++c) {
    CAPTURE(c);
    const bool space = c == '\t' || c == '\n' || c == '\r';
    CHECK(accepted("{\"a\":1"s + static_cast<char>(c) + "}") == space);
    for (const int before : {0, 1, 15, 16, 40})  // RapidJSON's SSE2 scan treats 0x1A to 0x1F differently
      CHECK_FALSE(accepted("{\"a\":\"" + std::string(before, 'x') + static_cast<char>(c) +
                           std::string(40, 'y') + "\"}"));
  }
  CHECK_FALSE(accepted("{}\0"s));
  CHECK_FALSE(accepted("{}\0{\"hidden\":1}"s));
  CHECK_FALSE(accepted("\0{}"s));
  std::string escaped = R"({"a":"x\u0000y"})";
  JsonTape tape;
  CHECK(tape.parse(escaped)->get_string("a") == "x\0y"s);
}

TEST_CASE("attack 32: lone surrogates and invalid UTF-8 are refused") {
  for (const char* bad :
       {R"({"a":"\ud800"})", R"({"a":"\udc00"})", R"({"a":"x\udfffy"})", R"({"a":"\ud800\ud800"})",
        R"({"a":"\udc00\ud800"})", R"({"a":"\ud800x"})", R"({"a":"\ud800\n"})", R"({"\udc00":1})",
        R"({"\ud800":1})", "{\"a\":\"\xED\xA0\x80\"}", "{\"a\":\"\xC0\x80\"}", "{\"a\":\"\xFF\"}",
        "{\"a\":\"\xE2\x82\"}", "{\"a\":\"\xF4\x90\x80\x80\"}", "{\"\x80\":1}"})
    CHECK_FALSE(accepted(bad));
  // U+D000 to U+D7FF begin with the same byte as surrogates.
  CHECK(accepted("{\"a\":\"\\n\xED\x9F\xBF\"}"));
  CHECK(accepted(R"({"a":"\ud7ff\ue000\uffff\ud834\udd1e"})"));
}

TEST_CASE("attack 32: numbers are integers from 0 to 2^53-1, also in unread fields") {
  for (const char* good : {"0", "1", "10", "9007199254740991"})
    CHECK(accepted("{\"a\":" + std::string(good) + "}"));
  for (const std::string bad : {"-1",
                                "-0",
                                "00",
                                "01",
                                "1.0",
                                "0.5",
                                "1e3",
                                "1E3",
                                "1e400",
                                "1e-400",
                                "0e1",
                                "+1",
                                ".5",
                                "1.",
                                "9007199254740992",
                                "18446744073709551616",
                                "0x10",
                                "1a",
                                "-",
                                "1e",
                                "Infinity",
                                "-Infinity",
                                "NaN",
                                "123456789012345678901234567890"}) {
    CAPTURE(bad);
    CHECK_FALSE(accepted("{\"a\":" + bad + "}"));
    CHECK_FALSE(accepted("{\"x\":{\"unknown\":[" + bad + "]}}"));
  }
  CHECK_FALSE(accepted("{\"a\":" + std::string(60'000, '9') + "}"));
  CHECK_FALSE(accepted("{\"a\":1e" + std::string(60'000, '9') + "}"));
  CHECK_FALSE(accepted("{\"a\":1e-" + std::string(60'000, '9') + "}"));
}

TEST_CASE("attack 32: nesting deeper than 8 is refused") {
  const auto nested = [](int depth) {  // the frame's own object is depth 1
    return repeat("{\"a\":", depth - 1) + "{}" + repeat("}", depth - 1);
  };
  CHECK(accepted(nested(8)));
  CHECK_FALSE(accepted(nested(9)));
  CHECK(accepted("{\"a\":" + repeat("[", 7) + repeat("]", 7) + "}"));
  CHECK_FALSE(accepted("{\"a\":" + repeat("[", 8) + repeat("]", 8) + "}"));
  CHECK_FALSE(accepted(nested(10'000)));
  CHECK_FALSE(accepted("{\"a\":" + repeat("[", 60'000)));
}

TEST_CASE("attack 32: members and values are capped, and their cost is not quadratic") {
  const auto object = [](int members) {
    std::string out = "{";
    for (int i = 0; i < members; ++i)
      out += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    return out + "}";
  };
  CHECK(accepted(object(256)));
  CHECK_FALSE(accepted(object(257)));
  CHECK_FALSE(accepted(object(100'000)));
  CHECK(accepted("{\"a\":[" + repeat("0,", 4'093) + "0]}"));
  CHECK_FALSE(accepted("{\"a\":[" + repeat("0,", 4'094) + "0]}"));

  // The worst input that fits: 15 objects of 256 members. This is no benchmark: a quadratic check with a bad
  // constant would take seconds.
  const std::string worst = "{\"a\":[" + repeat(object(256) + ",", 14) + object(256) + "]}";
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i)
    CHECK(accepted(worst));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("json: a tape can be used again, also after a refusal, and keeps no values") {
  JsonTape tape;
  for (int round = 0; round < 3; ++round) {
    std::string good = R"({"a":[1,2,{"b":"c"}]})";
    auto root = tape.parse(good);
    REQUIRE(root);
    CHECK(root->get("a")->size() == 3);
    std::string bad = R"({"a":{"b":[)";
    CHECK_FALSE(tape.parse(bad));
    std::string empty = "{}";
    root = tape.parse(empty);
    REQUIRE(root);
    CHECK(root->size() == 0);
    CHECK_FALSE(root->get("a"));
  }
}

TEST_CASE("json: the writer's output is read back as the same") {
  std::string out = "before\n";
  JsonWriter json(out);
  json.begin_object().field("s", "a\"\\\b\f\n\r\t\x01\x1f\x7fé/").field("n", std::uint64_t{42});
  json.key("b")
      .boolean(false)
      .key("l")
      .begin_array()
      .value("x")
      .value(std::uint64_t{1})
      .begin_object()
      .end_object();
  json.begin_array().end_array().end_array().end_object();
  CHECK(out ==
        "before\n{\"s\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7fé/\",\"n\":42,\"b\":false,"
        "\"l\":[\"x\",1,{},[]]}");
  std::string text = out.substr(7);
  JsonTape tape;
  CHECK(tape.parse(text)->get_string("s") == "a\"\\\b\f\n\r\t\x01\x1f\x7fé/");
}

// --- JSONTestSuite: valid JSON that breaks none of our stricter rules must be accepted -----------

namespace {

// Applies section 1's rule for numbers to the text outside of strings.
bool numbers_in_range(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i)
        i += text[i] == '\\';
    } else if (text[i] == '-' || (text[i] >= '0' && text[i] <= '9')) {
      const std::size_t end = std::min(text.find_first_not_of("+-.0123456789eE", i), text.size());
      const std::string number = text.substr(i, end - i);
      if (number.find_first_not_of("0123456789") != number.npos || number.size() > 16) return false;
      if (std::stoull(number) > max_json_integer) return false;
      i = end - 1;
    }
  }
  return true;
}

bool keys_unique(const rapidjson::Value& value) {
  if (value.IsArray())
    for (const auto& element : value.GetArray())
      if (!keys_unique(element)) return false;
  if (!value.IsObject()) return true;
  std::set<std::string> keys;
  for (const auto& member : value.GetObject())
    if (!keys.emplace(member.name.GetString(), member.name.GetStringLength()).second ||
        !keys_unique(member.value))
      return false;
  return true;
}

}  // namespace

TEST_CASE("json: JSONTestSuite") {
  const auto folder = test::third_party("jsontestsuite/test_parsing");
  if (!folder) return;
  int yes = 0, stricter = 0, no = 0, either = 0;
  for (const std::string& name : test::list_folder(*folder)) {
    CAPTURE(name);
    const std::string content = test::read_text(*folder + "/" + name);
    const std::string wrapped = "{\"v\":" + content + "}";
    if (name.starts_with("n_")) {
      CHECK_FALSE(accepted(content));
      CHECK_FALSE(accepted(wrapped));
      ++no;
    } else if (name.starts_with("y_")) {
      rapidjson::Document document;
      document.Parse(content.data(), content.size());
      REQUIRE_FALSE(document.HasParseError());
      const bool ours = numbers_in_range(content) && keys_unique(document);
      CHECK(accepted(wrapped) == ours);
      ++(ours ? yes : stricter);
    } else {
      accepted(content);
      accepted(wrapped);
      ++either;
    }
  }
  CHECK(no > 50);
  CHECK(yes > 20);
  CHECK(stricter > 5);
  CHECK(either > 5);
}
