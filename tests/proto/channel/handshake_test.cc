// The handshake of sims-protocol(7), section 3: honest sides, and every check on a frame.
#include "proto/channel/handshake.h"

#include <doctest/doctest.h>

#include "base/base64.h"
#include "proto/channel/handshake_pair.h"
#include "proto/channel/key_schedule.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::proto;
using test::Pair;
using Cause = HandshakeFailure::Cause;

namespace {
const HandshakeKind kinds[] = {HandshakeKind::client_server, HandshakeKind::client_client};
}

TEST_CASE("handshake: both sides agree on everything, with both kinds and every suite") {
  for (const HandshakeKind kind : kinds) {
    for (const crypto::Suite& suite : crypto::all_suites()) {
      CAPTURE(std::string(suite.name));
      Pair pair(kind, {&suite});
      pair.run();
      REQUIRE(pair.both_done());
      CHECK(pair.frames.size() == 6);
      CHECK(pair.initiator->expected_phase() == 0);
      const auto i = pair.initiator->take_result(), r = pair.responder->take_result();
      CHECK(i.suite == &suite);
      CHECK(r.suite == &suite);
      CHECK(crypto::equal(i.master.view(), r.master.view()));
      CHECK(i.transcript == r.transcript);
      CHECK((i.self == r.peer && r.self == i.peer));
      CHECK(i.peer_name == "bob");
      CHECK(r.peer_name == "alice");
      if (suite.rekeying == crypto::Rekeying::double_ratchet) {
        CHECK(i.ratchet_key->public_point() == *r.peer_ratchet_key);
        CHECK(r.ratchet_key->public_point() == *i.peer_ratchet_key);
      } else {
        CHECK_FALSE((i.ratchet_key || r.ratchet_key || i.peer_ratchet_key || r.peer_ratchet_key));
      }
      for (const std::string& frame : pair.frames)
        CHECK(frame.size() <= 4'096);
    }
  }
}

TEST_CASE("handshake: the responder takes the first of the initiator's suites that it accepts too") {
  const auto *e = &test::ecdhe(), *r = &test::rsa();
  const auto chosen = [](crypto::SuiteList offered, crypto::SuiteList accepted) {
    Pair pair(HandshakeKind::client_server, std::move(offered), std::move(accepted));
    pair.run();
    if (pair.failure) CHECK(pair.failure->code == ErrorCode::unsupported_suite);
    return pair.both_done() ? pair.initiator->suite() : nullptr;
  };
  CHECK(chosen({e, r}, {r, e}) == e);
  CHECK(chosen({r, e}, {e, r}) == r);
  CHECK(chosen({e, r}, {r}) == r);
  CHECK(chosen({e}, {r}) == nullptr);
  CHECK(chosen({r}, {e}) == nullptr);
}

TEST_CASE("handshake: unknown suites in the offer are passed over, NONE and an empty offer are refused") {
  const auto offer = [](const char* ciphers) {
    Pair pair(HandshakeKind::client_server, {&test::ecdhe()});
    pair.run([&](int phase, std::string frame) {
      if (phase == 2)  // as if it answered the original phase 1
        return test::replaced(frame, test::field_of(frame, "to"),
                              base64_encode(call_hash(pair.frames[0]), Base64::standard));
      return phase == 1 ? test::replaced(frame, "\"ECDHE_WITH_AES_128_CBC_SHA256\"", ciphers) : frame;
    });
    return pair;
  };
  const auto refused = [&](const char* ciphers) {
    const Pair pair = offer(ciphers);
    return pair.failed_at == 1 && pair.failure->code == ErrorCode::unsupported_suite;
  };
  CHECK(refused(""));
  CHECK(refused("\"NONE\""));
  CHECK(refused("\"NONE\",\"NULL\",\"ecdhe\",\"ECDHE_WITH_AES_256_GCM_SHA384\""));
  // The suite is found after an unknown one and although it comes twice; phase 4 reveals the changed offer.
  CHECK(offer("\"NEW\",\"ECDHE_WITH_AES_128_CBC_SHA256\",\"ECDHE_WITH_AES_128_CBC_SHA256\"").failed_at == 4);
}

TEST_CASE("handshake: without a ready RSA key it is busy") {
  Pair pair(HandshakeKind::client_server, {&test::rsa()});
  pair.r_side.ephemerals.no_rsa = true;
  pair.run();
  CHECK(pair.failed_at == 3);
  CHECK(pair.failure->code == ErrorCode::busy);
  CHECK(pair.failure->cause == Cause::protocol);
}

TEST_CASE("handshake: a server's key that is unknown, pinned, or not the pinned one") {
  const auto run = [](std::optional<Id> pinned, bool accept) {
    Pair pair(HandshakeKind::client_server);
    auto options = pair.options(Role::initiator, crypto::default_suites());
    options.peer = pinned;
    options.accept_unknown = accept;
    pair.initiator.emplace(std::move(options), pair.i_side.ephemerals);
    pair.run();
    return pair;
  };
  const Pair known(HandshakeKind::client_server);
  const Pair accepted = run(std::nullopt, true);
  CHECK(accepted.both_done());

  const Pair unknown = run(std::nullopt, false);
  CHECK(unknown.failure->cause == Cause::unknown_key);
  CHECK(unknown.failed_at == 4);  // after the server's proof, before ours
  CHECK(unknown.initiator->peer_id() == known.r_side.id());
  CHECK(unknown.initiator->peer_name() == "bob");

  test::FixedRng rng(99);
  const Pair other = run(Id::of(crypto::SigningKey::generate(rng).public_key()), true);
  CHECK(other.failure->cause == Cause::changed_key);
  CHECK(other.failed_at == 2);
  CHECK(other.initiator->peer_id() == known.r_side.id());
  CHECK_FALSE(other.responder->done());
}

TEST_CASE("handshake: an error from the other side ends it, with its code and text") {
  Pair pair(HandshakeKind::client_server);
  pair.run([](int phase, std::string frame) {
    return phase == 4 ? encode_error(ErrorCode::busy, "later") : frame;
  });
  CHECK(pair.failure->cause == Cause::peer_error);
  CHECK(pair.failure->code == ErrorCode::busy);
  CHECK(pair.failure->detail == "later");
  // An unknown code.
  Pair future(HandshakeKind::client_server);
  future.run([](int, const std::string&) { return R"({"type":"error","code":"tea-time","message":"x"})"; });
  CHECK(future.failure->cause == Cause::peer_error);
  CHECK(future.failure->code == ErrorCode::internal);
}

TEST_CASE("handshake: after a failure every frame fails") {
  Pair pair(HandshakeKind::client_server), clean(HandshakeKind::client_server);
  clean.run();
  REQUIRE(clean.both_done());
  CHECK(pair.responder->receive(clean.frames[0]));
  CHECK_FALSE(pair.responder->receive("{}"));
  CHECK(pair.responder->expected_phase() == 0);
  CHECK_FALSE(pair.responder->receive(clean.frames[2]));
  CHECK_FALSE(pair.responder->done());
}

TEST_CASE("handshake: every check of section 3 on a frame's fields, with its code") {
  struct Row {
    int phase;
    std::string from;
    std::string to;
    ErrorCode code;
  };
  using enum ErrorCode;
  const auto check = [](HandshakeKind kind, const Row& row) {
    Pair pair(kind);
    pair.run([&](int phase, std::string frame) {
      return phase == row.phase ? test::replaced(std::move(frame), row.from, row.to) : frame;
    });
    CAPTURE(row.phase);
    CAPTURE(row.from);
    CAPTURE(row.to);
    CHECK(pair.failed_at == row.phase);
    REQUIRE(pair.failure);
    CHECK(pair.failure->cause == Cause::protocol);
    CHECK(to_string(pair.failure->code) == to_string(row.code));
  };
  const std::string alice = Pair(kinds[0]).i_side.id().str(), bob = Pair(kinds[0]).r_side.id().str();
  const std::string weak = "\"id\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"ciphers\"";
  const Row both[] = {
      {1, "[1]", "[2]", unsupported_version},
      {1, "[1]", "[]", unsupported_version},
      {1, "[1]", "1", bad_message},
      {2, "\"version\":1", "\"version\":2", unsupported_version},
      {2, "\"version\":1", "\"version\":[1]", bad_message},
      {1, "\"name\":\"alice\"", "\"name\":\"Alice\"", name_invalid},
      {2, "\"name\":\"bob\"", "\"name\":\"b b\"", name_invalid},
      {1, "\"name\":\"alice\"", "\"name\":7", bad_message},
      {1, "\"phase\":1", "\"phase\":3", bad_message},
      {1, "\"phase\":1", "\"phase\":0", bad_message},
      {1, "\"phase\":1", "\"phase\":7", bad_message},
      {1, "\"phase\":1", "\"phase\":\"1\"", bad_message},
      {1, "\"nonce\":\"", "\"nonce\":\"A", bad_message},
      {2, "\"to\":\"", "\"to\":\"A", bad_message},
      {2, "\"to\":\"", "\"to\":7,\"x\":\"", bad_message},
      {2, ",\"to\":\"", ",\"too\":\"", unsupported_version},  // the first edition had no `to`
      {2, "\"ECDHE_WITH_AES_128_CBC_SHA256\"", "\"NONE\"", unsupported_suite},
      {2, "\"ECDHE_WITH_AES_128_CBC_SHA256\"", "", unsupported_suite},
      {2, "[\"ECDHE_WITH_AES_128_CBC_SHA256\"",
       "[\"RSA_WITH_AES_128_CBC_SHA256\",\"ECDHE_WITH_AES_128_CBC_SHA256\"", unsupported_suite},
      {3, "\"ECDHE_WITH_AES_128_CBC_SHA256\"", "\"RSA_WITH_AES_128_CBC_SHA256\"", bad_message},
      {3, "[\"ECDHE_WITH_AES_128_CBC_SHA256\"", "[", bad_message},
      {3, "[\"ECDHE_WITH_AES_128_CBC_SHA256\"",
       "[\"ECDHE_WITH_AES_128_CBC_SHA256\",\"RSA_WITH_AES_128_CBC_SHA256\"", bad_message},
      {3, "\"ok\"", "\"no\"", bad_message},
      {3, "\"ok\"", "true", bad_message},
      {3, "\"phase\":3", "\"phase\":1", bad_message},
      {4, "\"phase\":4", "\"phase\":6", bad_message},
      {4, "\"signature\":\"", "\"signature\":\"A", bad_message},
      {4, "\"key\":\"MHY", "\"key\":\"MHZ", handshake_failed},
      {4, "\"ECDHE_WITH_AES_128_CBC_SHA256\"", "\"RSA_WITH_AES_128_CBC_SHA256\"", bad_message},
      {5, "\"key\":\"MHY", "\"key\":\"MHZ", handshake_failed},
      {5, "\"phase\":5", "\"phase\":3", handshake_failed},
      {5, "\"ECDHE_WITH_AES_128_CBC_SHA256\"", "\"RSA_WITH_AES_128_CBC_SHA256\"", handshake_failed},
      {5, "\"confirm\":\"", "\"confirm\":\"A", handshake_failed},
      {5, "\"data\"", "\"date\"", handshake_failed},
      {5, "}", "", handshake_failed},
      {6, "\"phase\":6", "\"phase\":5", handshake_failed},
      {6, "\"confirm\"", "\"conform\"", handshake_failed},
  };
  for (const Row& row : both)
    for (const HandshakeKind kind : kinds)
      check(kind, row);

  const Row server[] = {
      {1, "\"connect\"", "\"client-connect\"", bad_message},
      {1, "\"connect\"", "\"list\"", bad_message},
      {1, alice, "short", bad_message},
      {1, ("\"id\":\"" + alice + "\",\"ciphers\""), weak, bad_message},
      {1, alice, bob, bad_message},
      {2, bob, alice, bad_message},
      {3, "\"name\":\"alice\"", "\"name\":\"alicf\"", bad_message},
      {3, alice, bob, bad_message},
      {4, "\"name\":\"bob\"", "\"name\":\"bo\"", bad_message},
      {5, "\"name\":\"alice\"", "\"name\":\"mallory\"", handshake_failed},
      {6, "\"name\":\"bob\"", "\"name\":\"relay\"", handshake_failed},
      {6, bob, alice, handshake_failed},
  };
  for (const Row& row : server)
    check(HandshakeKind::client_server, row);

  const std::string src = "\"src\":\"" + alice, dst = "\"dst\":\"" + bob;
  const std::string src_bob = "\"src\":\"" + bob, dst_alice = "\"dst\":\"" + alice;
  const Row client[] = {
      {1, "\"client-connect\"", "\"connect\"", bad_message},
      {1, src, src_bob, bad_message},
      {1, dst, dst_alice, bad_message},
      {2, src_bob, src, bad_message},
      {3, dst, dst_alice, bad_message},
      {4, src_bob, src, bad_message},
      {5, src, src_bob, handshake_failed},
      {6, dst_alice, dst, handshake_failed},
  };
  for (const Row& row : client)
    check(HandshakeKind::client_client, row);
}

TEST_CASE("handshake: unknown extra fields are ignored, and are part of the transcript") {
  for (const HandshakeKind kind : kinds) {
    // As if the initiator itself had sent the extra fields: a phase 1 made by hand.
    Pair pair(kind);
    const std::string phase1 =
        test::replaced(pair.initiator->start(), "\"data\":{", "\"x\":[{}],\"data\":{\"y\":null,");
    const auto phase2 = pair.responder->receive(phase1);
    REQUIRE(phase2);
    auto hash = transcript_next(transcript_next(transcript_start(kind), phase1), *phase2);
    std::string phase3 =
        "{\"type\":\"connect\",\"phase\":3,\"name\":\"alice\",\"id\":\"" + pair.i_side.id().str() +
        "\",\"ciphers\":[\"ECDHE_WITH_AES_128_CBC_SHA256\"],\"data\":{\"status\":\"ok\"}, \"z\":0}";
    if (kind == HandshakeKind::client_client)
      phase3 = test::replaced(
          test::replaced(phase3, "\"connect\"", "\"client-connect\""), "\"phase\"",
          "\"src\":\"" + pair.i_side.id().str() + "\",\"dst\":\"" + pair.r_side.id().str() + "\",\"phase\"");
    const auto phase4 = pair.responder->receive(phase3);
    REQUIRE(phase4);
    hash = transcript_next(hash, phase3);
    std::string text = *phase4;
    JsonTape tape;
    const auto frame = decode_handshake(*tape.parse(text));
    CHECK(verify_key(Role::responder, pair.r_side.id(), hash, frame->key, *frame->signature));
  }
}
