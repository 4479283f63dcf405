// Attacks of an evil server on an end-to-end session, through the messages that it forwards. The numbers are
// the rows of ATTACKS.md.
#include "proto/channel/secure.h"
#include "proto/limits.h"
#include "proto/session/peer_checks.h"

namespace {

using namespace sims;
using namespace sims::test;

// A session after a few messages: both sides have sent, `late` has not arrived, and `next` is in flight.
struct Scene {
  explicit Scene(const crypto::Suite& suite) : pair(suite) {
    pass(*pair.alice, *pair.bob, "hello", pair.now);
    pass(*pair.bob, *pair.alice, "hello back", pair.now);
    late = com_of(pair.alice->seal("late", pair.now).message);
    pass(*pair.alice, *pair.bob, "on time", pair.now);
    pass(*pair.bob, *pair.alice, "again", pair.now);
    next = com_of(pair.alice->seal("next", pair.now).message);
  }
  void check_all_well() {
    pair.now.steady_ms += 10'000;  // failed ratchet steps are allowed again
    CHECK(pair.bob->open(next, pair.now)->plaintext == "next");
    CHECK(pair.bob->open(late, pair.now)->plaintext == "late");
    pass(*pair.bob, *pair.alice, "fine", pair.now);
    pass(*pair.alice, *pair.bob, "fine", pair.now);
  }
  PeerPair pair;
  ClientCom late, next;
};

// Requires that the message is refused for any reason and changes nothing. The time moves on, so that the
// refusal is not for the rate of failures.
void check_refused_anyhow(Scene& scene, const ClientCom& com) {
  scene.pair.now.steady_ms += 1'000;
  const auto before = scene.pair.bob->state_digest();
  auto opened = scene.pair.bob->open(com, scene.pair.now);
  CHECK_FALSE(opened);
  if (!opened) CHECK(opened.error() != OpenError::rate_limited);
  CHECK(scene.pair.bob->state_digest() == before);
}

template <class Bytes>
void for_each_flip(Bytes& bytes, auto&& check) {
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    CAPTURE(bit);
    const auto mask = static_cast<typename Bytes::value_type>(1 << bit % 8);
    bytes[bit / 8] ^= mask;
    check();
    bytes[bit / 8] ^= mask;
  }
}

// Every valid id that differs from this one in one bit.
void for_each_near_id(Id& id, auto&& check) {
  const Id genuine = id;
  std::string text = genuine.str();
  int tried = 0;
  for_each_flip(text, [&] {
    auto near = Id::shaped(text);
    if (!near) return;
    id = *near;
    check();
    ++tried;
  });
  id = genuine;
  CHECK(tried > 100);
}

}  // namespace

TEST_CASE("attack 4: protocol confusion: a value of one kind never passes as another") {
  for (const auto* suite : both_suites()) {
    Scene s(*suite);
    auto sealed = s.pair.bob->seal("to alice", s.pair.now);
    auto com = com_of(sealed.message);
    auto ack = ack_of(s.pair.alice->open(com, s.pair.now)->ack);
    auto close = decode_as<ClientDisconnect>(s.pair.alice->close("x"));

    // A com's verification in its ack, and an ack's or a close's verification in a com.
    auto forged_ack = ack;
    forged_ack.verification = com.verification;
    CHECK_FALSE(s.pair.bob->take_ack(forged_ack));
    forged_ack.verification = close.verification;
    CHECK_FALSE(s.pair.bob->take_ack(forged_ack));
    for (const auto& verification : {ack.verification, close.verification}) {
      auto forged = s.next;
      forged.verification = verification;
      check_refused_anyhow(s, forged);
    }
    for (const auto& verification : {ack.verification, s.next.verification}) {
      auto forged = close;
      forged.verification = verification;
      CHECK_FALSE(s.pair.bob->verify_close(forged));
    }
    // A token of SECURE as a com's token, even under the same K.
    SecureSender sender(secure_chain(MasterSecret(s.pair.master), true));
    std::string frame;
    sender.seal("{\"type\":\"ping\"}", 0, frame);
    auto forged = s.next;
    const auto at = frame.find("\"payload\":\"") + 11;
    forged.data = frame.substr(at, frame.find('"', at) - at);
    check_refused_anyhow(s, forged);
    CHECK(s.pair.bob->take_ack(ack) == sealed.id);
    s.check_all_well();
  }
}

TEST_CASE("attack 8: reflection: a side never accepts its own messages as the other's") {
  for (const auto* suite : both_suites()) {
    Scene s(*suite);
    auto sealed = s.pair.bob->seal("mine", s.pair.now);
    auto mine = com_of(sealed.message);
    check_refused(*s.pair.bob, mine, OpenError::forged, s.pair.now);
    std::swap(mine.src, mine.dst);
    check_refused_anyhow(s, mine);
    mine.id = s.next.id;
    check_refused_anyhow(s, mine);

    auto ack = ack_of(s.pair.alice->open(com_of(sealed.message), s.pair.now)->ack);
    CHECK_FALSE(s.pair.alice->take_ack(ack));
    std::swap(ack.src, ack.dst);
    CHECK_FALSE(s.pair.alice->take_ack(ack));
    CHECK_FALSE(s.pair.bob->take_ack(ack));
    s.check_all_well();
  }
}

TEST_CASE("attack 8: replay: acked again and not shown in its session, refused in the next one") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite), next(*suite, 2);
    auto sealed = pair.alice->seal("once", pair.now);
    auto com = com_of(sealed.message);
    auto first = pair.bob->open(com, pair.now), second = pair.bob->open(com, pair.now);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(second->duplicate);
    CHECK(second->ack == first->ack);
    check_refused(*next.bob, com, OpenError::forged, next.now);
    auto sealed_next = next.alice->seal("once", next.now);
    CHECK(sealed_next.id == sealed.id);
    CHECK_FALSE(next.alice->take_ack(ack_of(first->ack)));
    next.now.steady_ms += 10'000;
    CHECK(next.bob->open(com_of(sealed_next.message), next.now));
  }
}

TEST_CASE("attack 20: field splice: a value moved to the neighbouring field changes the HMAC") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite);
    pass(*pair.alice, *pair.bob, "first", pair.now);
    pass(*pair.bob, *pair.alice, "second", pair.now);
    if (suite == &rsa()) pair.rekey();
    auto skipped = com_of(pair.alice->seal("third", pair.now).message);
    auto genuine = com_of(pair.alice->seal("fourth", pair.now).message);
    CHECK(genuine.ratchet.pn == 1);
    CHECK(genuine.ratchet.n == 1);
    CHECK(genuine.id == 2);

    auto check = [&](auto&& change) {
      auto com = genuine;
      change(com);
      pair.now.steady_ms += 1'000;
      const auto before = pair.bob->state_digest();
      CHECK_FALSE(pair.bob->open(com, pair.now));
      CHECK(pair.bob->state_digest() == before);
    };
    check([](ClientCom& c) { std::swap(c.src, c.dst); });
    check([](ClientCom& c) { c.ratchet.n = 2, c.id = 1; });
    check([](ClientCom& c) { c.ratchet.pn = 2, c.ratchet.n = 0; });
    check([&](ClientCom& c) { c.data = skipped.data; });
    check([&](ClientCom& c) { c.ratchet.n = skipped.ratchet.n, c.id = skipped.id; });
    // The token's end moves into R: without R's fixed length the HMAC's input would be the same.
    check([](ClientCom& c) { c.data.resize(c.data.size() - 4); });
    if (suite == &rsa()) check([](ClientCom& c) { c.ratchet.epoch = 0, c.ratchet.n = 1 << 16; });
    pair.now.steady_ms += 10'000;
    CHECK(pair.bob->open(genuine, pair.now));

    auto ack = ack_of(pair.bob->open(skipped, pair.now)->ack);
    auto forged = ack;
    std::swap(forged.src, forged.dst);
    CHECK_FALSE(pair.alice->take_ack(forged));
    forged = ack;
    forged.id = genuine.id;
    CHECK_FALSE(pair.alice->take_ack(forged));
    CHECK(pair.alice->take_ack(ack) == skipped.id);

    auto close = decode_as<ClientDisconnect>(pair.alice->close("AAAA"));
    close.reason = "AAA";
    CHECK_FALSE(pair.bob->verify_close(close));
  }
}

TEST_CASE("attack 21: header tamper: the verification covers every bit of every field") {
  for (const auto* suite : both_suites()) {
    Scene s(*suite);
    for (const auto& genuine : {s.late, s.next}) {
      ClientCom com = genuine;
      auto refused = [&] { check_refused_anyhow(s, com); };
      if (com.ratchet.key) for_each_flip(*com.ratchet.key, refused);
      auto flip_number = [&](std::uint64_t& number) {
        for (int bit = 0; bit < 64; ++bit) {
          CAPTURE(bit);
          number ^= std::uint64_t{1} << bit;
          refused();
          number ^= std::uint64_t{1} << bit;
        }
      };
      if (com.ratchet.epoch) flip_number(*com.ratchet.epoch);
      flip_number(com.ratchet.pn);
      flip_number(com.ratchet.n);
      flip_number(com.id);
      for_each_near_id(com.src, refused);
      for_each_near_id(com.dst, refused);
      for_each_flip(com.verification, refused);
      if (com.id == s.late.id) for_each_flip(com.data, refused);  // for s.next each flip costs a ratchet step
    }
    s.check_all_well();
  }
}

TEST_CASE("attack 21: an altered copy of an opened message gets no second ack") {
  for (const auto* suite : both_suites()) {
    Scene s(*suite);
    ClientCom com = s.next;
    REQUIRE(s.pair.bob->open(com, s.pair.now));
    auto refused = [&] { check_refused(*s.pair.bob, com, OpenError::forged, s.pair.now); };
    if (com.ratchet.key) for_each_flip(*com.ratchet.key, refused);
    for (auto* number : {&com.ratchet.pn, &com.ratchet.n}) {
      *number ^= 1;
      refused();
      *number ^= 1;
    }
    for_each_near_id(com.src, refused);
    for_each_near_id(com.dst, refused);
    for_each_flip(com.verification, refused);
    for_each_flip(com.data, refused);
    CHECK(s.pair.bob->open(com, s.pair.now)->duplicate);
  }
}

TEST_CASE("attack 21: a header of the other suite or of no suite is refused") {
  for (const auto* suite : both_suites()) {
    Scene s(*suite);
    auto com = s.next;
    com.ratchet.key.reset();
    com.ratchet.epoch.reset();
    check_refused(*s.pair.bob, com, OpenError::forged, s.pair.now);
    com.ratchet.key.emplace();
    com.ratchet.epoch = 0;
    check_refused(*s.pair.bob, com, OpenError::forged, s.pair.now);
    com = s.next;
    if (com.ratchet.key) {
      com.ratchet.key.reset();
      com.ratchet.epoch = 0;
    } else {
      com.ratchet.epoch.reset();
      com.ratchet.key.emplace();
    }
    check_refused(*s.pair.bob, com, OpenError::forged, s.pair.now);
    s.check_all_well();
  }
}

TEST_CASE("attack 22: nothing changes before a message is verified") {
  for (const auto* suite : both_suites()) {
    Scene s(*suite);
    auto far = s.next;
    far.ratchet.n = 999;
    check_refused_anyhow(s, far);
    auto corrupt = s.late;
    corrupt.verification[0] ^= 1;
    check_refused_anyhow(s, corrupt);
    corrupt = s.late;
    corrupt.data[40] = corrupt.data[40] == 'A' ? 'B' : 'A';
    check_refused_anyhow(s, corrupt);
    if (s.next.ratchet.key) {
      auto forged = s.next;
      FixedRng random(99);
      forged.ratchet.key = crypto::p384_compress(crypto::P384Key::generate(random).public_point());
      check_refused_anyhow(s, forged);
      forged.ratchet.n = 500;
      check_refused_anyhow(s, forged);
      forged.ratchet.key->fill(0xff);  // not a point of the curve
      check_refused_anyhow(s, forged);
    }
    s.check_all_well();
  }
}

TEST_CASE("attack 23: claimed message numbers cannot exhaust the skipped keys") {
  for (const auto* suite : both_suites()) {
    Scene s(*suite);
    const auto kept = s.pair.bob->skipped_keys();
    for (std::uint64_t n : {std::uint64_t{1'004}, std::uint64_t{0xffffffff}}) {
      auto com = s.next;
      com.ratchet.n = n;
      check_refused(*s.pair.bob, com, OpenError::too_far, s.pair.now);
    }
    auto com = s.next;
    com.ratchet.n = std::uint64_t{1} << 32;
    check_refused(*s.pair.bob, com, OpenError::forged, s.pair.now);
    if (suite == &ecdhe()) {
      com = s.next;
      com.ratchet.pn = 0xffffffff;
      check_refused(*s.pair.bob, com, OpenError::too_far, s.pair.now);
      com.ratchet.pn = 0;  // fewer than have arrived: an impossible header
      check_refused(*s.pair.bob, com, OpenError::forged, s.pair.now);
    }
    CHECK(s.pair.bob->skipped_keys() == kept);
    s.check_all_well();
  }
}

TEST_CASE("attack 23: 5,000 forged keys with pn = 1,000 cost five ratchet steps, then one a second") {
  Scene s(ecdhe());
  auto& bob = *s.pair.bob;
  const auto before = bob.state_digest();
  FixedRng random(7);
  auto com = s.next;
  com.ratchet.pn = 1'000;
  int tried = 0, limited = 0;
  for (int i = 0; i < 5'000; ++i) {
    random.fill(*com.ratchet.key);
    com.ratchet.key->front() = 2;
    com.id = s.next.id + static_cast<std::uint64_t>(i);
    auto opened = bob.open(com, s.pair.now);
    REQUIRE_FALSE(opened);
    (opened.error() == OpenError::rate_limited ? limited : tried) += 1;
  }
  CHECK(tried == failed_dh_burst);
  CHECK(limited == 5'000 - failed_dh_burst);
  CHECK(bob.state_digest() == before);
  CHECK(bob.skipped_keys() == 1);  // for the scene's late message

  // The genuine next message is not tried either until a second has passed. Messages that need no step go on.
  check_refused(bob, s.next, OpenError::rate_limited, s.pair.now);
  CHECK(bob.open(s.late, s.pair.now));
  s.pair.now.steady_ms += 999;
  check_refused(bob, s.next, OpenError::rate_limited, s.pair.now);
  s.pair.now.steady_ms += 1;
  CHECK(bob.open(s.next, s.pair.now));
}

TEST_CASE("attack 23: genuine ratchet steps are not limited") {
  PeerPair pair(ecdhe());
  for (int i = 0; i < 3 * failed_dh_burst; ++i) {
    pass(*pair.alice, *pair.bob, "ping", pair.now);
    pass(*pair.bob, *pair.alice, "pong", pair.now);
  }
}

TEST_CASE("attack 24: of a bad message among good ones only the bad one is lost") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite);
    int shown = 0;
    for (int i = 0; i < 10; ++i) {
      auto com = com_of(pair.alice->seal("x", pair.now).message);
      if (i == 4) com.data[50] ^= 1;
      auto opened = pair.bob->open(com, pair.now);
      CHECK(opened.has_value() == (i != 4));
      shown += opened.has_value();
    }
    CHECK(shown == 9);
    CHECK(pair.bob->skipped_keys() == 1);
    pass(*pair.bob, *pair.alice, "go on", pair.now);
  }
}

TEST_CASE("attack 29: forged and replayed acks never mark a message delivered") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite), other(*suite, 2);
    auto one = pair.alice->seal("one", pair.now), two = pair.alice->seal("two", pair.now);
    auto ack = ack_of(pair.bob->open(com_of(one.message), pair.now)->ack);
    const auto before = pair.alice->state_digest();
    auto refused = [&](const PeerAck& forged) {
      CHECK_FALSE(pair.alice->take_ack(forged));
      CHECK(pair.alice->state_digest() == before);
    };
    auto forged = ack;
    for_each_flip(forged.verification, [&] { refused(forged); });
    for_each_flip(forged.data, [&] { refused(forged); });
    for_each_near_id(forged.src, [&] { refused(forged); });
    for_each_near_id(forged.dst, [&] { refused(forged); });
    for (std::uint64_t id : {two.id, std::uint64_t{2}, max_json_integer}) {
      forged.id = id;
      refused(forged);
    }
    // Another message's token hash, as the server could compute it.
    forged = ack;
    forged.id = two.id;
    forged.data = crypto::sha256({bytes_of(com_of(two.message).data)});
    refused(forged);
    // An ack of another session for the same id.
    auto elsewhere = other.alice->seal("one", other.now);
    refused(ack_of(other.bob->open(com_of(elsewhere.message), other.now)->ack));

    CHECK(pair.alice->take_ack(ack) == one.id);
    CHECK_FALSE(pair.alice->take_ack(ack));
  }
}
