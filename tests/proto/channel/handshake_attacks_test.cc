// Attacks on the handshake of sims-protocol(7), section 3. The numbers are the rows of ATTACKS.md.
#include <doctest/doctest.h>

#include "base/base64.h"
#include "proto/channel/handshake_pair.h"
#include "proto/channel/key_schedule.h"
#include "proto/labels.h"

using namespace sims;
using namespace sims::proto;
using test::field_of;
using test::Pair;
using test::replaced;
using Cause = HandshakeFailure::Cause;

namespace {

const HandshakeKind kinds[] = {HandshakeKind::client_server, HandshakeKind::client_client};

std::vector<std::string> recorded(HandshakeKind kind, std::uint64_t seed = 1) {
  Pair pair(kind, crypto::default_suites(), crypto::default_suites(), seed);
  pair.run();
  REQUIRE(pair.both_done());
  return pair.frames;
}

// The result of feed(): how many lines were taken, and whether the handshake completed.
struct Fed {
  std::size_t taken = 0;
  bool done = false;
  std::optional<HandshakeFailure> failure;
};
// Feeds lines until the first refusal.
Fed feed(Handshake& side, const std::vector<std::string>& lines) {
  Fed out;
  for (const std::string& line : lines) {
    auto answer = side.receive(line);
    if (!answer) {
      out.failure = std::move(answer).error();
      break;
    }
    ++out.taken;
  }
  out.done = side.done() && !out.failure;
  return out;
}

std::string b64(ByteView bytes) {
  return base64_encode(bytes, Base64::standard);
}

// The phase 2 as an attacker changes it: its `to` names the call of this phase 1.
std::string answering(const std::string& phase_2, const std::string& phase_1) {
  return replaced(phase_2, field_of(phase_2, "to"), b64(call_hash(phase_1)));
}

}  // namespace

TEST_CASE("attack 9: a line deleted, doubled or injected in any phase ends the handshake at that line") {
  const std::vector<std::string> strange = {
      R"({"type":"ping"})",
      R"({"type":"x"})",
      "{}",
      "x",
      "{\"type\":\"secure\",\"sa-data\":{\"epoch\":0,\"seq\":0},\"payload\":\"\"}",
      R"({"type":"list","limit":1})"};
  for (const HandshakeKind kind : kinds) {
    const auto frames = recorded(kind);
    for (const Role role : {Role::initiator, Role::responder}) {
      const auto fresh = [&](const std::vector<std::string>& lines) {
        Pair pair(kind);
        if (role == Role::initiator) pair.initiator->start();
        return feed(role == Role::initiator ? *pair.initiator : *pair.responder, lines);
      };
      const int first = role == Role::initiator ? 1 : 0;
      const std::vector<std::string> clean = {frames[first], frames[first + 2], frames[first + 4]};
      REQUIRE(fresh(clean).done);  // with the same secrets the recording itself is accepted
      for (std::size_t at = 0; at < 3; ++at) {
        CAPTURE(at);
        auto lines = clean;
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
        auto fed = fresh(lines);
        CHECK_FALSE(fed.done);
        CHECK(fed.taken == at);
        lines = clean;
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), clean[at]);
        CHECK(fresh(lines).taken == at + 1);
        for (const std::string& line : strange) {
          lines = clean;
          lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), line);
          fed = fresh(lines);
          CHECK_FALSE(fed.done);
          CHECK(fed.taken == at);
          CHECK(fed.failure->cause == Cause::protocol);
        }
      }
    }
  }
}

TEST_CASE("attack 9: with any byte of phases 1 to 5 changed, the two sides never both connect") {
  test::FixedRng rng(3);
  for (int round = 0; round < 150; ++round) {
    Pair pair(kinds[rng.pick(2)], {&test::ecdhe()});
    const int target = static_cast<int>(rng.pick(5)) + 1;
    bool changed = false;
    pair.run([&](int phase, std::string frame) {
      if (phase != target) return frame;
      const std::size_t at = rng.pick(frame.size());
      switch (rng.pick(3)) {
        case 0:
          frame[at] = static_cast<char>(frame[at] ^ (1 << rng.pick(7)));
          break;
        case 1:
          frame.erase(at, 1);
          break;
        default:
          frame.insert(at, " ");
          break;
      }
      changed = true;
      return frame;
    });
    CHECK(changed);
    CHECK(pair.failure);
    CHECK_FALSE(pair.initiator->done());
  }
}

TEST_CASE("attack 10: suite and version downgrades show in phase 4 at the latest") {
  const std::string e = "\"ECDHE_WITH_AES_128_CBC_SHA256\"", r = "\"RSA_WITH_AES_128_CBC_SHA256\"";
  struct Row {
    int phase;
    std::string from, to;
    int fails_at;
  };
  const Row rows[] = {
      {1, e + "," + r, r, 4},            // the better suite removed from the offer
      {1, e + "," + r, r + "," + e, 4},  // the order reversed
      {1, e + "," + r, e, 4},            // the offer shortened, the choice unchanged
      {1, "[1]", "[1,0]", 4},            // a version inserted
      {1, "\"nonce\"", "\"extra\":0,\"nonce\"", 4},
      {2, e, r, 3},  // the choice changed: I goes on with RSA, R sees another suite
      {2, e, "\"NONE\"", 2},
      {2, "\"version\":1", "\"version\":0", 2},
      {3, "\"status\":\"ok\"", "\"status\":\"ok\",\"x\":1", 4},
  };
  for (const HandshakeKind kind : kinds) {
    for (const Row& row : rows) {
      CAPTURE(row.from);
      CAPTURE(row.to);
      for (const bool renames : {false, true}) {
        Pair pair(kind);
        pair.run([&](int phase, std::string frame) {
          if (phase == 2 && row.phase == 1 && renames) return answering(frame, pair.frames[0]);
          return phase == row.phase ? replaced(frame, row.from, row.to) : frame;
        });
        CHECK(pair.failed_at == (row.phase == 1 && !renames ? 2 : row.fails_at));
        CHECK_FALSE(pair.both_done());
      }
    }
  }
  // The choice changed to RSA for I, and back to ECDHE for R.
  Pair pair(HandshakeKind::client_server);
  pair.run([&](int phase, std::string frame) {
    if (phase == 2 || phase == 4) return replaced(frame, e, r);
    return phase == 3 ? replaced(frame, r, e) : frame;
  });
  CHECK(pair.failed_at == 4);
}

TEST_CASE("attack 5: phase 5 of an earlier login is refused under new nonces") {
  for (const HandshakeKind kind : kinds) {
    const auto old = recorded(kind);
    Pair now(kind);
    now.r_side.ephemerals.random.next();  // R's nonce and key are new, I's lines are old
    const auto fed = feed(*now.responder, {old[0], old[2], old[4]});
    CHECK(fed.taken == 2);
    CHECK(fed.failure->code == ErrorCode::handshake_failed);
    // An initiator with a new nonce refuses R's lines of an earlier login.
    for (const bool renamed : {false, true}) {
      Pair again(kind);
      again.i_side.ephemerals.random.next();
      const auto call = again.initiator->start();
      const auto phase_2 = renamed ? answering(old[1], call) : old[1];
      const auto answered = feed(*again.initiator, {phase_2, old[3], old[5]});
      CHECK(answered.taken == (renamed ? 1 : 0));
      CHECK(answered.failure->code == ErrorCode::handshake_failed);
    }
  }
}

TEST_CASE("attack 5: a phase 2 that names another call is no answer") {
  for (const HandshakeKind kind : kinds) {
    const auto old = recorded(kind);
    Pair pair(kind);
    pair.i_side.ephemerals.random.next();  // another nonce, so another call
    const auto phase_1 = pair.initiator->start();
    std::string text = old[1];
    JsonTape tape;
    const auto late = decode_handshake(*tape.parse(text));
    REQUIRE(late);
    CHECK(*late->to == call_hash(old[0]));
    CHECK(pair.initiator->answers_another_call(*late));

    text = *pair.responder->receive(phase_1);
    const auto mine = decode_handshake(*tape.parse(text));
    CHECK(*mine->to == call_hash(phase_1));
    CHECK_FALSE(pair.initiator->answers_another_call(*mine));
    const auto fed = feed(*pair.initiator, {old[1]});  // between client and server it ends the handshake
    CHECK(fed.taken == 0);
    CHECK(fed.failure->code == ErrorCode::handshake_failed);
    CHECK(fed.failure->detail == "phase 2: an answer to another call");
  }
}

TEST_CASE("attack 4: a confirm or signature of one phase is refused in the other") {
  for (const HandshakeKind kind : kinds) {
    const auto frames = recorded(kind);
    const auto late = [&](const std::string& phase5) {
      Pair pair(kind);
      const auto fed = feed(*pair.responder, {frames[0], frames[2], phase5});
      CHECK(fed.taken == 2);
      CHECK(fed.failure->code == ErrorCode::handshake_failed);
    };
    late(replaced(frames[4], field_of(frames[4], "confirm"), field_of(frames[5], "confirm")));
    late(replaced(frames[4], field_of(frames[4], "signature"), field_of(frames[3], "signature")));
    Pair pair(kind);
    pair.initiator->start();
    const auto fed =
        feed(*pair.initiator,
             {frames[1], frames[3],
              replaced(frames[5], field_of(frames[5], "confirm"), field_of(frames[4], "confirm"))});
    CHECK(fed.taken == 2);
    CHECK(fed.failure->code == ErrorCode::handshake_failed);
  }
}

TEST_CASE("attack 4: lines of one kind of handshake are refused in the other") {
  // Nonces, keys and names are the same; the transcripts differ from their first label on.
  CHECK(transcript_start(HandshakeKind::client_server) != transcript_start(HandshakeKind::client_client));
  Pair pair(HandshakeKind::client_client);
  CHECK_FALSE(pair.responder->receive(recorded(HandshakeKind::client_server)[0]));
}

TEST_CASE("attack 11: a man in the middle who signs with his own key is refused") {
  for (const HandshakeKind kind : kinds) {
    // Mallory signs R's phase 4 again under R's id: the signature is not R's.
    Pair pair(kind);
    test::FixedRng rng(77);
    const auto mallory = crypto::SigningKey::generate(rng);
    crypto::Digest t = transcript_start(kind);
    pair.run([&](int phase, std::string frame) {
      if (phase == 4) {
        const auto key = *base64_decode(field_of(frame, "key"), Base64::standard);
        frame =
            replaced(frame, field_of(frame, "signature"), b64(sign_key(Role::responder, mallory, t, key)));
      }
      t = transcript_next(t, frame);
      return frame;
    });
    CHECK(pair.failed_at == 4);
    CHECK(pair.failure->code == ErrorCode::handshake_failed);

    // The same with I's phase 5.
    Pair other(kind);
    t = transcript_start(kind);
    other.run([&](int phase, std::string frame) {
      if (phase == 5) {
        const auto key = *base64_decode(field_of(frame, "key"), Base64::standard);
        frame =
            replaced(frame, field_of(frame, "signature"), b64(sign_key(Role::initiator, mallory, t, key)));
      }
      t = transcript_next(t, frame);
      return frame;
    });
    CHECK(other.failed_at == 5);
    CHECK(other.failure->code == ErrorCode::handshake_failed);
  }
}

TEST_CASE("attack 11: sessions bridged over one Z have different keys; signatures cover the id") {
  test::FixedRng rng(5);
  Secret<48> z;
  rng.fill(z.writable());
  const Bytes key(120, 4);
  const auto t_a = transcript_next(transcript_start(HandshakeKind::client_server), "{\"id\":\"a\"}");
  const auto t_b = transcript_next(transcript_start(HandshakeKind::client_server), "{\"id\":\"b\"}");
  const auto k_a = master_secret(test::ecdhe(), z.view(), t_a, key);
  CHECK_FALSE(crypto::equal(k_a.view(), master_secret(test::ecdhe(), z.view(), t_b, key).view()));
  CHECK_FALSE(crypto::equal(k_a.view(), master_secret(test::rsa(), z.view(), t_a, key).view()));
  CHECK_FALSE(crypto::equal(k_a.view(), master_secret(test::ecdhe(), z.view(), t_a, Bytes(120, 5)).view()));
  CHECK(crypto::equal(k_a.view(), master_secret(test::ecdhe(), z.view(), t_a, key).view()));
}

TEST_CASE("attack 12: our own nonce, key or id sent back is refused") {
  for (const HandshakeKind kind : kinds) {
    std::string nonce;
    Pair pair(kind);
    pair.run([&](int phase, std::string frame) {
      if (phase == 1) nonce = field_of(frame, "nonce");
      return phase == 2 ? replaced(frame, field_of(frame, "nonce"), nonce) : frame;
    });
    CHECK(pair.failed_at == 2);
    CHECK(pair.failure->code == ErrorCode::handshake_failed);

    // R's own ephemeral key sent as I's, with a genuine signature over it.
    Pair mirror(kind, {&test::ecdhe()});
    crypto::Digest t = transcript_start(kind);
    std::string key;
    mirror.run([&](int phase, std::string frame) {
      if (phase == 4) key = field_of(frame, "key");
      if (phase == 5) {
        const auto signature =
            sign_key(Role::initiator, mirror.i_side.key, t, *base64_decode(key, Base64::standard));
        frame = replaced(frame, field_of(frame, "key"), key);
        frame = replaced(frame, field_of(frame, "signature"), b64(signature));
      }
      t = transcript_next(t, frame);
      return frame;
    });
    CHECK(mirror.failed_at == 5);
    CHECK(mirror.failure->code == ErrorCode::handshake_failed);
    CHECK(mirror.failure->detail == "phase 5: the key is our own");
  }
  // A whole line reflected.
  Pair pair(HandshakeKind::client_server);
  CHECK_FALSE(pair.initiator->receive(pair.initiator->start()));
}

namespace {

// An initiator made by hand. It signs and confirms correctly any bytes that it must send as its key.
struct HandMade {
  explicit HandMade(const crypto::Suite& suite_used)
      : suite(suite_used), pair(HandshakeKind::client_server, {&suite}) {
    t = transcript_start(HandshakeKind::client_server);
    std::string frame = pair.initiator->start();
    for (int phase = 1; phase <= 4; ++phase) {
      t = transcript_next(t, frame);
      if (phase == 4) break;
      frame = *(phase % 2 == 1 ? *pair.responder : *pair.initiator).receive(frame);
    }
    spki = *base64_decode(field_of(frame, "key"), Base64::standard);
  }
  Result<std::string, HandshakeFailure> send(const Bytes& key, ByteView z, bool good_confirm = true,
                                             bool good_signature = true) {
    HandshakeFrame frame;
    frame.phase = 5;
    frame.name = "alice";
    frame.id = pair.i_side.id().str();
    frame.ciphers = {std::string(suite.name)};
    frame.key = key;
    frame.signature = sign_key(Role::initiator, pair.i_side.key, t, key);
    if (!good_signature) (*frame.signature)[9] ^= 1;
    const auto master = master_secret(suite, z, t, key);
    const auto k_init = crypto::hkdf_expand<32>(master.view(), labels::confirm_initiator);
    frame.confirm = crypto::hmac(k_init.view(), {t, crypto::sha256({key}), *frame.signature});
    if (!good_confirm) (*frame.confirm)[0] ^= 1;
    return pair.responder->receive(encode(frame));
  }

  const crypto::Suite& suite;
  Pair pair;
  crypto::Digest t;
  Bytes spki;
};

void check_refused(HandMade& side, const Result<std::string, HandshakeFailure>& outcome) {
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().cause == Cause::protocol);
  CHECK(outcome.error().code == ErrorCode::handshake_failed);
  CHECK(side.pair.responder->expected_phase() == 0);
  CHECK_FALSE(side.pair.responder->done());
}

}  // namespace

TEST_CASE("attack 15: a wrong RSA ciphertext gives the error and state of a wrong confirm") {
  const Bytes z(32, 9);
  {
    HandMade good(test::rsa());
    const auto key = crypto::rsa_encrypt(good.spki, z, good.pair.i_side.ephemerals.random);
    REQUIRE(good.send(*key, z));
    CHECK(good.pair.responder->done());
  }
  HandMade wrong_confirm(test::rsa());
  const auto genuine =
      crypto::rsa_encrypt(wrong_confirm.spki, z, wrong_confirm.pair.i_side.ephemerals.random);
  const auto reference = wrong_confirm.send(*genuine, z, false);
  check_refused(wrong_confirm, reference);

  Bytes flipped = *genuine, low = *genuine, big(512, 0xff), zero(512, 0), one(512, 0);
  flipped[100] ^= 0x20;
  low[511] ^= 1;
  one[511] = 1;
  const Bytes modulus(wrong_confirm.spki.begin() + 33, wrong_confirm.spki.begin() + 545);
  const auto short_z =
      crypto::rsa_encrypt(wrong_confirm.spki, Bytes(31, 9), wrong_confirm.pair.i_side.ephemerals.random);
  const auto long_z =
      crypto::rsa_encrypt(wrong_confirm.spki, Bytes(33, 9), wrong_confirm.pair.i_side.ephemerals.random);
  for (const Bytes& key :
       {flipped, low, big, zero, one, modulus, *short_z, *long_z, Bytes(511, 1), Bytes(513, 1), Bytes()}) {
    CAPTURE(key.size());
    HandMade side(test::rsa());
    const auto outcome = side.send(key, z);
    check_refused(side, outcome);
    if (key.size() == 512) CHECK(outcome.error().detail == reference.error().detail);
  }
}

TEST_CASE("attack 42: a wrong signature, a wrong key and a wrong confirm give the same error") {
  const Bytes z(48, 9);
  HandMade signature(test::ecdhe());
  check_refused(signature, signature.send(signature.spki, z, true, false));
  test::FixedRng rng(8);
  const auto own = crypto::P384Key::generate(rng);
  const auto good_point = crypto::p384_to_spki(own.public_point());
  for (Bytes key : {Bytes(), Bytes(120, 0), Bytes(119, 1), Bytes(good_point.begin(), good_point.end())}) {
    HandMade side(test::ecdhe());
    check_refused(side, side.send(key, z));
  }
  Bytes off_curve(good_point.begin(), good_point.end());
  off_curve.back() ^= 1;
  HandMade side(test::ecdhe());
  check_refused(side, side.send(off_curve, z));
}

TEST_CASE("attack 20: bytes moved between neighbouring fields of a signature or confirm") {
  test::FixedRng rng(6);
  const auto identity = crypto::SigningKey::generate(rng);
  const Id id = Id::of(identity.public_key());
  crypto::Digest t = crypto::sha256({bytes_of("t")});
  Bytes key(120, 1);
  const auto signature = sign_key(Role::initiator, identity, t, key);
  // The last byte of the transcript and the first of the key change places. Each part has a fixed size, so no
  // other split gives the same input.
  std::swap(t.back(), key.front());
  CHECK_FALSE(verify_key(Role::initiator, id, t, key, signature));
  // The texts of key and signature of phase 5 exchange a byte, so do name and id: the transcript differs.
  Pair pair(HandshakeKind::client_server);
  pair.run([](int phase, std::string frame) {
    if (phase != 1) return frame;
    return replaced(frame, "\"name\":\"alice\",\"id\":\"", "\"id\":\"alice\",\"name\":\"");
  });
  CHECK(pair.failed_at == 1);
}

TEST_CASE("attack 19: keys, nonces and signatures have one encoding") {
  for (const char* name : {"key", "signature", "confirm"}) {
    const auto frames = recorded(HandshakeKind::client_server);
    const std::string value = field_of(frames[4], name);
    std::vector<std::string> bad = {value + "=", " " + value, value + "\\n",
                                    value.substr(0, value.size() - 1)};
    if (value.ends_with("=")) {
      std::string loose = value;
      loose[loose.find('=') - 1] ^= 1;
      bad.push_back(loose);
    }
    for (const std::string& spelling : bad) {
      Pair pair(HandshakeKind::client_server);
      const auto fed = feed(*pair.responder, {frames[0], frames[2], replaced(frames[4], value, spelling)});
      CHECK(fed.taken == 2);
    }
  }
}

TEST_CASE("attack 16: junk RSA keys in phase 4, properly signed, are refused") {
  const auto offer = [](const std::function<Bytes(Bytes)>& junk) {
    Pair pair(HandshakeKind::client_server, {&test::rsa()});
    crypto::Digest t = transcript_start(HandshakeKind::client_server);
    pair.run([&](int phase, std::string frame) {
      if (phase == 4) {
        const std::string old = field_of(frame, "key");
        const Bytes key = junk(*base64_decode(old, Base64::standard));
        frame = replaced(frame, old, b64(key));
        frame = replaced(frame, field_of(frame, "signature"),
                         b64(sign_key(Role::responder, pair.r_side.key, t, key)));
      }
      t = transcript_next(t, frame);
      return frame;
    });
    return pair.failed_at == 4 && pair.failure->code == ErrorCode::handshake_failed;
  };
  CHECK_FALSE(offer([](Bytes key) { return key; }));
  CHECK(offer([](Bytes key) {
    key.push_back(0);
    return key;
  }));
  CHECK(offer([](Bytes key) {
    key.pop_back();
    return key;
  }));
  CHECK(offer([](Bytes key) {
    key.back() = 3;
    return key;
  }));  // e
  CHECK(offer([](Bytes key) {
    key[544] &= 0xfe;
    return key;
  }));  // even
  CHECK(offer([](Bytes key) {
    key[33] &= 0x7f;
    return key;
  }));  // 4095 bits
  CHECK(offer([](Bytes) { return Bytes(550, 0); }));
  CHECK(offer([](Bytes) { return Bytes(); }));
}
