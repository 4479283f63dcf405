// Letters, receipts and prekeys on the wire: the known answers, and input that is refused.
#include "proto/wire/mail_message.h"

#include <doctest/doctest.h>

#include "base/base64.h"
#include "proto/limits.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"
#include "support/vectors.h"

using namespace sims;
using namespace sims::proto;

namespace {

template <class T>
std::optional<T> from_server(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  REQUIRE(root);
  auto message = decode_from_server(*root);
  if (!message) return std::nullopt;
  return std::get<T>(std::move(*message));
}
template <class T>
std::optional<T> from_client(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  REQUIRE(root);
  auto message = decode_from_client(*root);
  if (!message) return std::nullopt;
  return std::get<T>(std::move(*message));
}

// The JSON of a prekey, as the vectors' own object says it.
std::string prekey_text(const rapidjson::Value& v) {
  return R"({"number":")" + std::string(test::text(v, "number")) + R"(","suite":")" +
         std::string(test::text(v, "suite")) + R"(","use":")" + std::string(test::text(v, "use")) +
         R"(","expires":)" + std::to_string(v["expires"].GetUint64()) + R"(,"key":")" +
         std::string(test::text(v, "key")) + R"(","signature":")" + std::string(test::text(v, "signature")) +
         "\"}";
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

const std::string dst = "37dvr0mUraY43gHGPb8LUS-1cf94F1ewYvKVgIQrv1I";
const std::string good =
    R"({"number":"f9v0-BCyCc5RC-K0283bDg","suite":"A","use":"once","expires":1,"key":"AAAA","signature":")" +
    std::string(86, 'A') + R"(=="})";

}  // namespace

TEST_CASE("mail messages: the known answers are read and written back byte for byte") {
  for (const char* file : {"mail-ecdhe.json", "mail-rsa.json"}) {
    const auto v = test::read_json(test::own(file));
    std::size_t letters = 0;
    for (const auto& session : v["sessions"].GetArray())
      for (const auto& one : session["letters"].GetArray()) {
        const std::string letter(test::text(one, "letter")), receipt(test::text(one, "receipt"));
        const auto mail = from_server<ClientMail>(letter);
        REQUIRE(mail);
        CHECK(encode(*mail) == letter);
        CHECK(encode(mail->header.number) == test::text(session, "prekey"));
        CHECK(test::hex(mail->header.nonce) == test::text(session, "nonce"));
        CHECK(mail->id == one["order"].GetUint64());
        const auto back = from_server<ClientReceipt>(receipt);
        REQUIRE(back);
        CHECK(encode(*back) == receipt);
        CHECK(std::get<LetterDelivered>(back->outcome).id == mail->id);
        CHECK(from_client<Kept>(letter)->type == MessageType::client_mail);
        CHECK(from_client<Kept>(receipt)->type == MessageType::client_receipt);
        ++letters;
      }
    CHECK(letters >= 6);
    const std::string unopened(test::text(v["unopened"], "receipt"));
    const auto receipt = from_server<ClientReceipt>(unopened);
    REQUIRE(receipt);
    CHECK(std::holds_alternative<LetterUnopened>(receipt->outcome));
    CHECK(encode(*receipt) == unopened);
    CHECK(from_client<Kept>(unopened)->dst == receipt->dst.text());

    PrekeysUpload upload;
    std::string all;
    for (const auto& one : v["prekeys"].GetArray()) {
      const std::string text = prekey_text(one["prekey"]);
      const auto answer =
          from_server<PrekeyAnswer>(R"({"type":"prekey","dst":")" + dst + R"(","data":[)" + text + "]}");
      REQUIRE((answer && answer->data));
      CHECK(encode(*answer->data) == text);
      upload.data.push_back(*answer->data);
      all += (all.empty() ? "" : ",") + text;
    }
    CHECK(encode(upload) == R"({"type":"prekeys","data":[)" + all + "]}");
    upload.fresh = true;
    const auto read = from_client<PrekeysUpload>(encode(upload));
    REQUIRE(read);
    CHECK((read->fresh && read->data.size() == 2));
    CHECK(encode(*read) == R"({"type":"prekeys","data":[)" + all + R"(],"fresh":true})");
  }
}

TEST_CASE("mail messages: a prekey of a wrong form is refused") {
  const auto takes = [](const std::string& prekey) {
    return from_server<PrekeyAnswer>(R"({"type":"prekey","dst":")" + dst + R"(","data":[)" + prekey + "]}")
        .has_value();
  };
  CHECK(takes(good));
  CHECK_FALSE(takes(good + "," + good));
  const auto with = [](std::string_view what, std::string_view instead) {
    return replaced(good, what, instead);
  };
  for (const char* number : {"f9v0-BCyCc5RC-K0283b", "f9v0-BCyCc5RC-K0283bDgAA", "f9v0-BCyCc5RC-K0283bDh",
                             "f9v0+BCyCc5RC+K0283bDg", "f9v0-BCyCc5RC-K0283bDg==", ""})
    CHECK_FALSE(takes(with("f9v0-BCyCc5RC-K0283bDg", number)));
  CHECK(takes(with(R"("once")", R"("many")")));
  CHECK_FALSE(takes(with(R"("once")", R"("twice")")));
  CHECK(takes(with(R"("A")", "\"" + std::string(max_suite_name, 'A') + "\"")));
  CHECK_FALSE(takes(with(R"("A")", "\"" + std::string(max_suite_name + 1, 'A') + "\"")));
  CHECK_FALSE(takes(with(R"("A")", R"("")")));
  CHECK_FALSE(takes(with(R"("AAAA")", R"("")")));
  CHECK_FALSE(takes(with(R"("AAAA")", R"("AAA")")));
  CHECK(takes(with(R"("AAAA")", "\"" + base64_encode(Bytes(max_prekey_key), Base64::standard) + "\"")));
  CHECK_FALSE(
      takes(with(R"("AAAA")", "\"" + base64_encode(Bytes(max_prekey_key + 1), Base64::standard) + "\"")));
  const auto v = test::read_json(test::own("mail-ecdhe.json"));
  for (const auto& one : v["prekeys_refused"].GetArray())
    CHECK(takes(prekey_text(one["prekey"])) == (test::text(one, "why") != "number of 15 bytes"));
}

TEST_CASE("mail messages: an upload has any number of prekeys, a request 1 to 16 suites") {
  const auto upload = [](std::size_t n) {
    std::string data;
    for (std::size_t i = 0; i < n; ++i)
      data += (i ? "," : "") + good;
    return from_client<PrekeysUpload>(R"({"type":"prekeys","data":[)" + data + "]}");
  };
  CHECK(upload(0)->data.empty());
  CHECK_FALSE(upload(0)->fresh);
  CHECK(upload(max_prekeys_frame + 1)->data.size() == 21);
  CHECK_FALSE(from_client<PrekeysUpload>(R"({"type":"prekeys"})"));
  CHECK_FALSE(from_client<PrekeysUpload>(R"({"type":"prekeys","data":[7]})"));
  CHECK_FALSE(from_client<PrekeysUpload>(R"({"type":"prekeys","data":[],"fresh":1})"));
  CHECK_FALSE(from_client<PrekeysUpload>(R"({"type":"prekeys","data":[],"fresh":false})")->fresh);

  const auto request = [](const std::string& ciphers) {
    return from_client<PrekeyRequest>(R"({"type":"prekey","dst":")" + dst + R"(","ciphers":[)" + ciphers +
                                      "]}");
  };
  REQUIRE(request(R"("A","B")"));
  CHECK(request(R"("A","B")")->ciphers == std::vector<std::string>{"A", "B"});
  CHECK(encode(*request(R"("A","B")")) == R"({"type":"prekey","dst":")" + dst + R"(","ciphers":["A","B"]})");
  CHECK_FALSE(request(""));
  CHECK_FALSE(request("7"));
  CHECK_FALSE(request("\"" + std::string(max_suite_name + 1, 'A') + "\""));
  std::string many = R"("A")";
  for (std::size_t i = 1; i < max_suites; ++i)
    many += R"(,"A")";
  CHECK(request(many));
  CHECK_FALSE(request(many + R"(,"A")"));
}

TEST_CASE("mail messages: what the server says about prekeys") {
  const std::string text =
      R"({"type":"prekeys","data":[],"left":[{"suite":"A","once":3,"many":true}],"taken":7,)"
      R"("last":"f9v0-BCyCc5RC-K0283bDg","waiting":2})";
  const auto status = from_server<PrekeysStatus>(text);
  REQUIRE((status && status->left.size() == 1));
  CHECK((status->left[0].suite == "A" && status->left[0].once == 3 && status->left[0].many));
  CHECK((status->taken == 7 && status->waiting == 2));
  CHECK(encode(*status) == text);
  CHECK_FALSE(from_server<PrekeysStatus>(replaced(text, "f9v0-BCyCc5RC-K0283bDg", ""))->last);
  CHECK_FALSE(from_server<PrekeysStatus>(replaced(text, "f9v0-BCyCc5RC-K0283bDg", "f9v0")));
}

TEST_CASE("mail messages: a letter or receipt of a wrong form is refused") {
  const auto v = test::read_json(test::own("mail-ecdhe.json"));
  const auto& one = v["sessions"][0]["letters"][0];
  const std::string letter(test::text(one, "letter")), receipt(test::text(one, "receipt"));
  const std::string unopened(test::text(v["unopened"], "receipt"));
  CHECK_FALSE(from_server<ClientMail>(replaced(letter, "f9v0-BCyCc5RC-K0283bDg", "f9v0-BCyCc5RC-K0283bDh")));
  CHECK_FALSE(from_server<ClientMail>(replaced(letter, "f9v0-BCyCc5RC-K0283bDg", "f9v0-BCyCc5RC-K0283b")));
  CHECK_FALSE(from_server<ClientMail>(replaced(letter, R"("nonce":")", R"("nonce":"AAAA)")));
  CHECK_FALSE(from_server<ClientMail>(replaced(letter, R"("src":"p)", R"("src":"pp)")));
  CHECK(from_server<ClientMail>(replaced(letter, R"("id":1)", R"("id":9007199254740991)")));
  CHECK_FALSE(from_server<ClientReceipt>(replaced(unopened, "true", "false")));
  CHECK_FALSE(from_server<ClientReceipt>(replaced(unopened, "true", "1")));
  CHECK_FALSE(from_server<ClientReceipt>(replaced(receipt, R"("id":1,)", "")));
  CHECK_FALSE(from_server<ClientReceipt>(replaced(receipt, R"("data":")", R"("data":"AAAA)")));
}
