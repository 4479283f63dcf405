// The contents that texts seal: each kind there and back, limits, padding.
#include "proto/wire/content.h"

#include <doctest/doctest.h>

#include <set>

#include "proto/limits.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::proto;

TEST_CASE("content: every kind is encoded and decoded") {
  test::FixedRng rng;
  const std::string uid = make_uid(rng);
  CHECK(uid.size() == 22);
  CHECK(uid != make_uid(rng));
  const auto there_and_back = [](const Content& content) {
    const auto text = encode_content(content);
    REQUIRE(text);
    return *decode_content(*text);
  };
  for (const bool action : {false, true}) {
    const auto text = std::get<TextContent>(
        there_and_back(TextContent{action, uid, "olá \"Bob\"\n\\ \x01", 1'767'225'600'000, {}}));
    CHECK(text.action == action);
    CHECK(text.uid == uid);
    CHECK(text.body == "olá \"Bob\"\n\\ \x01");
    CHECK(text.sent == 1'767'225'600'000);
  }
  for (const std::string& after : {std::string(), uid})
    CHECK(std::get<TextContent>(there_and_back(TextContent{false, uid, "x", 5, after})).after == after);
  CHECK_FALSE(std::get<TextContent>(there_and_back(TextContent{false, uid, "x", 5, {}})).after);
  CHECK(std::get<ReadContent>(there_and_back(ReadContent{uid})).uid == uid);
  CHECK(std::get<TypingContent>(there_and_back(TypingContent{true})).on);
  CHECK_FALSE(std::get<TypingContent>(there_and_back(TypingContent{false})).on);
  CHECK(std::get<UnsupportedContent>(*decode_content(R"({"kind":"sticker","n":1})")).kind == "sticker");
  CHECK(encode_content(TextContent{false, uid, "x", 5, {}})
            ->starts_with("{\"kind\":\"text\",\"uid\":\"" + uid + "\",\"body\":\"x\",\"sent\":5} "));
  CHECK(encode_content(TextContent{false, uid, "x", 5, ""})
            ->starts_with("{\"kind\":\"text\",\"uid\":\"" + uid +
                          "\",\"body\":\"x\",\"sent\":5,\"after\":\"\"} "));
}

TEST_CASE("content: the exact limits of a text") {
  const std::string uid(22, 'A');
  const auto size = [&](std::string body) {
    const auto text = encode_content(TextContent{false, uid, std::move(body), 1'767'225'600'000, {}});
    if (!text) CHECK(text.error().code == ErrorCode::too_large);
    return text ? text->size() : 0;
  };
  CHECK(size(std::string(max_body, 'x')) == 17 * 1'024);
  CHECK(size(std::string(max_body + 1, 'x')) == 0);
  CHECK(size(std::string(max_body - 100, '"')) == max_content);  // escapes double the size
  CHECK(size(std::string(max_body, '"')) == 0);
  CHECK(size(std::string(max_body, '\x01')) == 0);
  const auto bad = encode_content(TextContent{false, uid, "\xFF", 0, {}});
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == ErrorCode::bad_message);
}

TEST_CASE("content: impossible contents are refused") {
  for (const char* bad :
       {"", "x", "[]", "{}", R"({"kind":7})", R"({"kind":"text"})", R"({"kind":"read","uid":"short"})",
        R"({"kind":"text","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"x"})",
        R"({"kind":"text","uid":"AAAAAAAAAAAAAAAAAAAAAB","body":"x","sent":1})",
        R"({"kind":"text","uid":"AAAAAAAAAAAAAAAAAAAAA","body":"x","sent":1})",
        R"({"kind":"text","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":7,"sent":1})", R"({"kind":"typing","on":1})",
        R"({"kind":"text","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"x","sent":1,"after":7})",
        R"({"kind":"text","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"x","sent":1,"after":"short"})",
        R"({"kind":"text","kind":"text","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"x","sent":1})"})
    CHECK_FALSE(decode_content(bad));
  CHECK_FALSE(decode_content("{\"kind\":\"text\",\"uid\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"body\":\"" +
                             std::string(max_body + 1, 'x') + "\",\"sent\":1}"));
}

TEST_CASE("attack 41: texts of 1 to 512 bytes have at most 4 sizes") {
  std::set<std::size_t> sizes;
  const std::string uid(22, 'A');
  for (std::size_t n = 1; n <= 512; ++n) {
    const auto text = encode_content(TextContent{false, uid, std::string(n, 'x'), 1'767'225'600'000, uid});
    REQUIRE(text);
    sizes.insert(text->size());
  }
  CHECK(sizes == std::set<std::size_t>{128, 256, 512, 1'024});
}
