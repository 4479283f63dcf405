// The known answers of sims/connect-*.json and the handshakes of sims/client-connect-*.json: both sides, with
// injected secrets, byte for byte.
#include <doctest/doctest.h>

#include "base/base64.h"
#include "proto/channel/handshake.h"
#include "proto/channel/key_schedule.h"
#include "proto/channel/secure.h"
#include "proto/channel/transport.h"
#include "proto/labels.h"
#include "proto/wire/decode.h"
#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::proto;

namespace {

struct Known {
  explicit Known(const char* file) : json(test::read_json(test::own(file))) {
    for (const auto& frame : json["frames"].GetArray())
      frames.emplace_back(frame.GetString());
    kind =
        test::text(json, "kind") == "connect" ? HandshakeKind::client_server : HandshakeKind::client_client;
    suite = crypto::find_suite(test::text(json, "suite"));
    for (const auto& name : {"initiator", "responder"})
      keys.push_back(crypto::SigningKey::from_seed(test::unhex(json[name], "ed25519_seed")));
    const bool rsa = json["responder"].HasMember("rsa_private_pem");
    sources[0].random.push(test::unhex(json["initiator"], "nonce"));
    sources[1].random.push(test::unhex(json["responder"], "nonce"));
    if (rsa) {
      sources[0].random.push(test::unhex(json, "Z"));
      sources[0].random.push(test::unhex(json["initiator"], "oaep_seed"));
      sources[1].push_rsa(test::unpem(test::text(json["responder"], "rsa_private_pem")));
    } else {
      sources[0].push_p384(test::unhex(json["initiator"], "p384_private"));
      sources[1].push_p384(test::unhex(json["responder"], "p384_private"));
    }
  }

  HandshakeOptions options(Role role) {
    const bool first = role == Role::initiator;
    HandshakeOptions out;
    out.kind = kind;
    out.role = role;
    out.identity = &keys[first ? 0 : 1];
    out.name = test::text(json[first ? "initiator" : "responder"], "name");
    // The initiator offers the suites of the recorded phase 1; the responder takes any.
    out.suites = crypto::default_suites();
    if (first) {
      rapidjson::Document offer;
      offer.Parse(frames[0].c_str());
      out.suites.clear();
      for (const auto& name : offer["ciphers"].GetArray())
        out.suites.push_back(crypto::find_suite(name.GetString()));
    }
    if (first || kind == HandshakeKind::client_client) out.peer = Id::of(keys[first ? 1 : 0].public_key());
    return out;
  }
  Handshake make(Role role) { return Handshake(options(role), source(role)); }
  test::FixedEphemerals& source(Role role) { return sources[role == Role::initiator ? 0 : 1]; }

  rapidjson::Document json;
  std::vector<std::string> frames;
  HandshakeKind kind;
  const crypto::Suite* suite = nullptr;
  std::vector<crypto::SigningKey> keys;
  test::FixedEphemerals sources[2];
};

void check_result(const Known& known, HandshakeResult result, Role role) {
  const bool first = role == Role::initiator;
  CHECK(result.suite == known.suite);
  CHECK(result.role == role);
  CHECK(result.self.text() == test::text(known.json[first ? "initiator" : "responder"], "id"));
  CHECK(result.peer.text() == test::text(known.json[first ? "responder" : "initiator"], "id"));
  CHECK(result.peer_name == test::text(known.json[first ? "responder" : "initiator"], "name"));
  CHECK(test::hex(result.master.view()) == test::text(known.json, "K"));
  CHECK(test::hex(result.transcript) == known.json["transcript"][5].GetString());
  const bool ratchet = known.suite->rekeying == crypto::Rekeying::double_ratchet;
  CHECK(result.ratchet_key.has_value() == ratchet);
  CHECK(result.peer_ratchet_key.has_value() == ratchet);
}

const char* const files[] = {"connect-ecdhe.json", "connect-rsa.json", "client-connect-ecdhe.json",
                             "client-connect-rsa.json"};

}  // namespace

TEST_CASE("handshake: known answers as initiator") {
  for (const char* file : files) {
    CAPTURE(file);
    Known known(file);
    Handshake initiator = known.make(Role::initiator);
    CHECK(initiator.start() == known.frames[0]);
    CHECK(initiator.expected_phase() == 2);
    CHECK(initiator.receive(known.frames[1]) == known.frames[2]);
    CHECK(initiator.suite() == known.suite);
    CHECK(initiator.next_is_heavy());
    CHECK(initiator.receive(known.frames[3]) == known.frames[4]);
    CHECK_FALSE(initiator.next_is_heavy());
    CHECK(initiator.receive(known.frames[5]) == std::string());
    REQUIRE(initiator.done());
    check_result(known, initiator.take_result(), Role::initiator);
    CHECK(known.sources[0].random.queued() == 0);
  }
}

TEST_CASE("handshake: known answers as responder") {
  for (const char* file : files) {
    CAPTURE(file);
    Known known(file);
    Handshake responder = known.make(Role::responder);
    CHECK_FALSE(responder.next_is_heavy());
    CHECK(responder.receive(known.frames[0]) == known.frames[1]);
    CHECK(responder.next_is_heavy());
    CHECK(responder.receive(known.frames[2]) == known.frames[3]);
    CHECK(responder.next_is_heavy());
    CHECK(responder.receive(known.frames[4]) == known.frames[5]);
    REQUIRE(responder.done());
    check_result(known, responder.take_result(), Role::responder);
  }
}

TEST_CASE("handshake: known transcripts, master secrets and confirm keys") {
  for (const char* file : files) {
    CAPTURE(file);
    const Known known(file);
    crypto::Digest t = transcript_start(known.kind);
    crypto::Digest t4{}, t5{};
    for (rapidjson::SizeType i = 0; i <= 6; ++i) {
      CHECK(test::hex(t) == known.json["transcript"][i].GetString());
      if (i == 4) t4 = t;
      if (i == 5) t5 = t;
      if (i < 6) t = transcript_next(t, known.frames[i]);
    }
    std::string phase5 = known.frames[4];
    JsonTape tape;
    const auto frame = decode_handshake(*tape.parse(phase5));
    REQUIRE(frame);
    const auto master = master_secret(*known.suite, test::unhex(known.json, "Z"), t4, frame->key);
    CHECK(test::hex(master.view()) == test::text(known.json, "K"));
    const auto k_init = crypto::hkdf_expand<32>(master.view(), labels::confirm_initiator);
    const auto k_resp = crypto::hkdf_expand<32>(master.view(), labels::confirm_responder);
    CHECK(test::hex(k_init.view()) == test::text(known.json, "k_init"));
    CHECK(test::hex(k_resp.view()) == test::text(known.json, "k_resp"));
    CHECK(crypto::hmac(k_init.view(), {t4, crypto::sha256({frame->key}), *frame->signature}) ==
          *frame->confirm);
    CHECK(known.frames[5].find(base64_encode(crypto::hmac(k_resp.view(), {t5}), Base64::standard)) !=
          std::string::npos);
  }
}

TEST_CASE("SECURE: known frames of both directions, sealed and opened, across epochs") {
  for (const char* file : {"connect-ecdhe.json", "connect-rsa.json"}) {
    const Known known(file);
    const MasterSecret master(test::unhex(known.json, "K"));
    const auto time = known.json["token_time"].GetUint64();
    for (const bool to_server : {true, false}) {
      CAPTURE(file);
      CAPTURE(to_server);
      SecureSender sender(secure_chain(master, to_server));
      SecureReceiver receiver(secure_chain(master, to_server));
      JsonTape tape;
      std::string line, opened;
      std::uint64_t highest = 0;
      for (const auto& step : known.json[to_server ? "client_to_server" : "server_to_client"].GetArray()) {
        const std::uint64_t seq = step["seq"].GetUint64();
        // The file leaves out these messages. Any text will do: the keys depend on their number only.
        while (sender.count() < seq) {
          line.clear();
          sender.seal("{\"type\":\"ping\"}", time, line);
          line.pop_back();
          REQUIRE(receiver.open(*decode_secure(*tape.parse(line)), opened));
          CHECK(opened == "{\"type\":\"ping\"}");
        }
        line.clear();
        sender.seal(test::text(step, "plaintext"), time, line);
        CHECK(line == std::string(test::text(step, "frame")) + "\n");
        std::string theirs(test::text(step, "frame"));
        REQUIRE(receiver.open(*decode_secure(*tape.parse(theirs)), opened));
        CHECK(opened == test::text(step, "plaintext"));
        highest = seq;
      }
      CHECK(highest >= 200);
      CHECK(receiver.count() == highest + 1);
    }
  }
}

TEST_CASE(
    "transport: known connections as client and as server, each with the other side's bytes from the file") {
  constexpr Now now{0, 1'767'225'600'000};
  for (const char* file : {"connect-ecdhe.json", "connect-rsa.json"}) {
    for (const Role role : {Role::initiator, Role::responder}) {
      CAPTURE(file);
      const bool client = role == Role::initiator;
      CAPTURE(client);
      Known known(file);
      REQUIRE(known.json["token_time"].GetUint64() == now.unix_s());
      Transport transport(known.options(role), known.source(role));
      Scratch scratch;
      std::string out, expected, theirs, message;
      for (std::size_t i = 0; i < 6; ++i)
        (client == (i % 2 == 0) ? expected : theirs) += known.frames[i] + "\n";
      const auto& sends = known.json[client ? "client_to_server" : "server_to_client"];
      const auto& receives = known.json[client ? "server_to_client" : "client_to_server"];
      if (client) transport.start(out);
      ByteView input = bytes_of(theirs);
      for (auto event = transport.poll(input, scratch, now, out); event.kind == Transport::Event::Kind::work;
           event = transport.poll(input, scratch, now, out)) {
        event.work->run();
        transport.complete(std::move(event.work), now, out);
      }
      CHECK(out == expected);
      REQUIRE(transport.connected());
      for (rapidjson::SizeType i = 0; i < 3; ++i) {  // seq 0, 1, 2
        out.clear();
        transport.send(test::text(sends[i], "plaintext"), now, out);
        CHECK(out == std::string(test::text(sends[i], "frame")) + "\n");
        theirs = std::string(test::text(receives[i], "frame")) + "\n";
        input = bytes_of(theirs);
        CHECK(transport.poll(input, scratch, now, out).message == test::text(receives[i], "plaintext"));
      }
    }
  }
}
