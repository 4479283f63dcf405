// Signed refusals of calls (sims-protocol(7), section 3).
#include "proto/channel/refusal.h"

#include <doctest/doctest.h>

#include "proto/channel/handshake.h"
#include "proto/channel/key_schedule.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::proto;

namespace {

struct Known {
  Known()
      : json(test::read_json(test::own("client-refuse.json"))),
        callee(crypto::SigningKey::from_seed(test::unhex(json["responder"], "ed25519_seed"))),
        call(call_hash(test::text(json, "call"))) {}

  ClientRefuse refusal() const {
    std::string text(test::text(json, "refuse"));
    JsonTape tape;
    const auto message = decode_from_server(*tape.parse(text));
    REQUIRE(message);
    return std::get<ClientRefuse>(*message);
  }
  Id caller() const {
    std::string text(test::text(json, "call"));
    JsonTape tape;
    return *Id::parse(decode_handshake(*tape.parse(text))->src);
  }

  rapidjson::Document json;
  crypto::SigningKey callee;
  crypto::Digest call;
};

bool decodes(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  REQUIRE(root);
  return decode_from_server(*root).has_value();
}

}  // namespace

TEST_CASE("refusal: the known answer, byte for byte, made and checked") {
  const Known known;
  const Id callee = Id::of(known.callee.public_key());
  CHECK(callee.text() == test::text(known.json["responder"], "id"));
  const auto made = sign_refusal(known.callee, known.caller(), known.call, ErrorCode::unsupported_suite);
  CHECK(encode(made) == test::text(known.json, "refuse"));
  CHECK(verify_refusal(known.refusal(), callee, known.call));
}

TEST_CASE("attack 43: a refusal by another id, of another call, with another code or signature is ignored") {
  const Known known;
  const Id callee = Id::of(known.callee.public_key());
  test::FixedRng rng(4);
  const auto mallory = crypto::SigningKey::generate(rng);

  const auto by_mallory = sign_refusal(mallory, known.caller(), known.call, ErrorCode::busy);
  CHECK_FALSE(verify_refusal(by_mallory, callee, known.call));
  auto as_callee = by_mallory;
  as_callee.src = callee;
  CHECK_FALSE(verify_refusal(as_callee, callee, known.call));

  auto other_code = known.refusal();
  other_code.code = ErrorCode::busy;
  CHECK_FALSE(verify_refusal(other_code, callee, known.call));
  auto other_call = known.call;
  other_call[0] ^= 1;
  CHECK_FALSE(verify_refusal(known.refusal(), callee, other_call));
  auto renamed = known.refusal();
  renamed.to = other_call;
  CHECK_FALSE(verify_refusal(renamed, callee, other_call));
  auto flipped = known.refusal();
  flipped.signature[9] ^= 1;
  CHECK_FALSE(verify_refusal(flipped, callee, known.call));
}

TEST_CASE("refusal: only four codes are sent and accepted") {
  using enum ErrorCode;
  for (const ErrorCode code : {unsupported_suite, unsupported_version, busy, handshake_failed})
    CHECK(refusal_code(code) == code);
  for (const ErrorCode code : {bad_frame, bad_message, banned, internal, name_invalid})
    CHECK(refusal_code(code) == handshake_failed);

  const Known known;
  const std::string text(test::text(known.json, "refuse"));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string out = text;
    return out.replace(out.find(from), from.size(), to);
  };
  CHECK(decodes(text));
  CHECK(decodes(with("unsupported-suite", "busy")));
  CHECK_FALSE(decodes(with("unsupported-suite", "banned")));
  CHECK_FALSE(decodes(with("unsupported-suite", "tea-time")));
  CHECK_FALSE(decodes(with("\"to\":\"", "\"to\":\"A")));
  CHECK_FALSE(decodes(with("\"signature\":\"", "\"signature\":\"A")));
  CHECK_FALSE(decodes(with("\"code\"", "\"coda\"")));
}
