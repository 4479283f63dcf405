// PeerSession between two honest sides, over a network that delays, loses, repeats and reorders.
#include <set>

#include "proto/limits.h"
#include "proto/session/peer_checks.h"

namespace {

using namespace sims;
using namespace sims::test;

// One direction of a network: messages in flight, delivered in any order, some lost, some twice.
struct Flight {
  std::uint64_t id;
  std::string plaintext, message;
};

class Direction {
 public:
  Direction(PeerSession& from, PeerSession& to, FixedRng& random) : from_(from), to_(to), random_(random) {}

  void send(Now now) {
    Flight f;
    f.plaintext = "message " + std::to_string(count_++) + std::string(random_.pick(200), ' ');
    auto sealed = from_.seal(f.plaintext, now);
    f.id = sealed.id;
    f.message = sealed.message;
    CHECK(f.id == count_ - 1);
    flying_.push_back(std::move(f));
  }

  void turn(Now now) {
    if (flying_.empty()) return;
    const auto at = random_.pick(2) ? 0 : random_.pick(flying_.size());
    const auto what = random_.pick(20);
    if (what == 0) {  // lost
      flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    }
    deliver(flying_[at], now);
    if (what > 2) flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(at));  // else it arrives again
  }

  void drain(Now now) {
    for (const auto& f : flying_)
      deliver(f, now);
    flying_.clear();
  }
  std::size_t flying() const { return flying_.size(); }

 private:
  void deliver(const Flight& f, Now now) {
    const bool first = opened_.insert(f.id).second;
    CAPTURE(f.id);
    auto opened = to_.open(com_of(f.message), now);
    REQUIRE(opened);
    CHECK(opened->id == f.id);
    CHECK(opened->duplicate == !first);
    CHECK(opened->plaintext == (first ? f.plaintext : ""));
    auto delivered = from_.take_ack(ack_of(opened->ack));
    CHECK(delivered.has_value() == first);  // only the first ack counts
    if (first) CHECK(delivered == f.id);
  }

  PeerSession& from_;
  PeerSession& to_;
  FixedRng& random_;
  std::uint64_t count_ = 0;
  std::vector<Flight> flying_;
  std::set<std::uint64_t> opened_;
};

// Delivers the re-key's frames in order, with random delays.
class SlowRekey {
 public:
  SlowRekey(PeerPair& pair, FixedRng& random) : pair_(pair), random_(random) {}

  void turn() {
    if (random_.pick(15) > 0) return;
    if (frame_.empty()) {
      if (pair_.bob->wants_rekey()) frame_ = pair_.bob->start_rekey(pair_.fresh_key());
      return;
    }
    if (pair_.bob->takes_rekey(5) && !pair_.alice->takes_rekey(6)) {
      frame_ = pair_.alice->receive_rekey(frame_).value();
      return;
    }
    // Phase 6 arrives before bob's messages of the new epoch: the connection keeps the order.
    auto six = pair_.bob->receive_rekey(frame_).value();
    CHECK(pair_.alice->receive_rekey(six).value().empty());
    frame_.clear();
  }

 private:
  PeerPair& pair_;
  FixedRng& random_;
  std::string frame_;
};

void converse(PeerPair& pair, std::uint64_t seed, int turns) {
  FixedRng random(seed);
  Direction there(*pair.alice, *pair.bob, random), back(*pair.bob, *pair.alice, random);
  SlowRekey rekey(pair, random);
  for (int i = 0; i < turns; ++i) {
    pair.now.steady_ms += 10;
    auto& direction = random.pick(2) ? there : back;
    if (direction.flying() < 30 && random.pick(5) < 3)
      direction.send(pair.now);
    else
      direction.turn(pair.now);
    rekey.turn();
    CHECK(pair.alice->skipped_keys() <= max_skipped_keys);
    CHECK(pair.bob->skipped_keys() <= max_skipped_keys);
  }
  there.drain(pair.now);
  back.drain(pair.now);
}

}  // namespace

TEST_CASE("a conversation over a bad network: ECDHE") {
  PeerPair pair(ecdhe());
  converse(pair, 11, 1'200);
  CHECK(pair.alice->epoch() > 20);
}

TEST_CASE("a conversation over a bad network: RSA, with re-keys while messages are in flight") {
  PeerPair pair(rsa());
  converse(pair, 12, 4'000);
  CHECK(pair.alice->epoch() >= 8);
  CHECK(pair.alice->epoch() == pair.bob->epoch());
}

TEST_CASE("either side may speak first") {
  for (const auto* suite : both_suites()) {
    PeerPair one(*suite), two(*suite);
    pass(*one.alice, *one.bob, "alice first", one.now);
    pass(*one.bob, *one.alice, "then bob", one.now);
    pass(*two.bob, *two.alice, "bob first", two.now);
    pass(*two.alice, *two.bob, "then alice", two.now);
  }
}

TEST_CASE("ECDHE: the key changes with every round trip, and only then") {
  PeerPair pair(ecdhe());
  std::set<ByteArray<49>> keys;
  for (int i = 0; i < 5; ++i) {
    auto first = com_of(pair.alice->seal("one", pair.now).message),
         second = com_of(pair.alice->seal("two", pair.now).message);
    CHECK(first.ratchet.key == second.ratchet.key);
    CHECK(second.ratchet.n == 1);
    CHECK(first.ratchet.pn == (i == 0 ? 0 : 2));
    CHECK(keys.insert(*first.ratchet.key).second);
    CHECK(pair.bob->open(first, pair.now));
    auto answer = com_of(pair.bob->seal("back", pair.now).message);
    CHECK(keys.insert(*answer.ratchet.key).second);
    CHECK(pair.alice->open(answer, pair.now));
  }
  CHECK(keys.size() == 10);
}

TEST_CASE("no two messages share a token, an IV or a verification") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite);
    std::set<std::string> tokens, ivs;
    std::set<crypto::Digest> verifications;
    for (int i = 0; i < 50; ++i) {
      auto com = com_of((i % 2 ? pair.alice : pair.bob)->seal("the same", pair.now).message);
      tokens.insert(com.data);
      ivs.insert(com.data.substr(12, 22));  // bytes 9 to 25 of the token
      verifications.insert(com.verification);
    }
    CHECK(tokens.size() == 50);
    CHECK(ivs.size() == 50);
    CHECK(verifications.size() == 50);
  }
}

TEST_CASE("a message that comes twice gets the same ack and is shown once, also much later") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite);
    auto com = com_of(pair.alice->seal("hello", pair.now).message);
    auto first = pair.bob->open(com, pair.now);
    REQUIRE(first);
    for (int i = 0; i < 20; ++i)
      pass(*pair.alice, *pair.bob, "more", pair.now);
    const auto before = pair.bob->state_digest();
    auto again = pair.bob->open(com, pair.now);
    REQUIRE(again);
    CHECK(again->duplicate);
    CHECK(again->plaintext.empty());
    CHECK(again->ack == first->ack);
    CHECK(pair.bob->state_digest() == before);
  }
}

TEST_CASE("a duplicate is old once its ack is forgotten") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite);
    auto com = com_of(pair.alice->seal("hello", pair.now).message);
    REQUIRE(pair.bob->open(com, pair.now));
    for (std::size_t i = 1; i < remembered_acks; ++i)
      pass(*pair.alice, *pair.bob, "more", pair.now);
    CHECK(pair.bob->open(com, pair.now)->duplicate);
    pass(*pair.alice, *pair.bob, "one too many", pair.now);
    check_refused(*pair.bob, com, OpenError::old, pair.now);
    // The same once its ratchet key is forgotten.
    pass(*pair.bob, *pair.alice, "a round trip", pair.now);
    pass(*pair.alice, *pair.bob, "another key", pair.now);
    check_refused(*pair.bob, com, OpenError::old, pair.now);
  }
}

TEST_CASE("skipping 1,000 messages is allowed, 1,001 is too far") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite);
    std::vector<ClientCom> coms;
    for (int i = 0; i <= 1'001; ++i)
      coms.push_back(com_of(pair.alice->seal("x", pair.now).message));
    check_refused(*pair.bob, coms[1'001], OpenError::too_far, pair.now);
    CHECK(pair.bob->skipped_keys() == 0);
    CHECK(pair.bob->open(coms[1'000], pair.now));
    CHECK(pair.bob->skipped_keys() == 1'000);
    CHECK(pair.bob->open(coms[0], pair.now));
    CHECK(pair.bob->open(coms[1'001], pair.now));
    CHECK(pair.bob->open(coms[999], pair.now));
    CHECK(pair.bob->skipped_keys() == 998);
  }
}

TEST_CASE("ECDHE: the limit of skipped messages is for both chains together") {
  PeerPair pair(ecdhe());
  pass(*pair.alice, *pair.bob, "first", pair.now);
  std::vector<ClientCom> lost, next;
  for (int i = 0; i < 600; ++i)
    lost.push_back(com_of(pair.alice->seal("x", pair.now).message));
  pass(*pair.bob, *pair.alice, "a round trip", pair.now);
  for (int i = 0; i < 402; ++i)
    next.push_back(com_of(pair.alice->seal("y", pair.now).message));
  check_refused(*pair.bob, next[401], OpenError::too_far, pair.now);
  CHECK(pair.bob->open(next[400], pair.now));
  CHECK(pair.bob->skipped_keys() == 1'000);
  CHECK(pair.bob->open(lost[599], pair.now));
}

TEST_CASE("skipped keys are bounded, and the oldest is dropped first") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite);
    std::vector<ClientCom> coms;
    for (int i = 0; i < 3'000; ++i)
      coms.push_back(com_of(pair.alice->seal("x", pair.now).message));
    for (int i : {899, 1'799, 2'699}) {
      CHECK(pair.bob->open(coms[static_cast<std::size_t>(i)], pair.now));
      CHECK(pair.bob->skipped_keys() <= max_skipped_keys);
    }
    CHECK(pair.bob->skipped_keys() == max_skipped_keys);
    // 2,697 were skipped (ids 899, 1,799, 2,699 were not): the last 1,000 of them are kept.
    check_refused(*pair.bob, coms[0], OpenError::old, pair.now);
    check_refused(*pair.bob, coms[1'697], OpenError::old, pair.now);
    CHECK(pair.bob->open(coms[1'698], pair.now));
    CHECK(pair.bob->open(coms[2'698], pair.now));
  }
}

TEST_CASE("an ack proves one message delivered, once; forget() stops waiting") {
  PeerPair pair(ecdhe());
  auto one = pair.alice->seal("one", pair.now), two = pair.alice->seal("two", pair.now);
  auto ack_one = ack_of(pair.bob->open(com_of(one.message), pair.now)->ack);
  auto ack_two = ack_of(pair.bob->open(com_of(two.message), pair.now)->ack);
  CHECK(pair.alice->take_ack(ack_two) == two.id);
  CHECK_FALSE(pair.alice->take_ack(ack_two));
  pair.alice->forget(one.id);
  CHECK_FALSE(pair.alice->take_ack(ack_one));
}

TEST_CASE("awaited acks are bounded: the oldest is forgotten") {
  PeerPair pair(ecdhe());
  std::vector<std::string> acks;
  for (int i = 0; i < 4'097; ++i) {
    auto sealed = pair.alice->seal("x", pair.now);
    if (i < 2) acks.push_back(pair.bob->open(com_of(sealed.message), pair.now)->ack);
  }
  CHECK_FALSE(pair.alice->take_ack(ack_of(acks[0])));
  CHECK(pair.alice->take_ack(ack_of(acks[1])) == 1);
}

TEST_CASE("only the other side accepts a close") {
  for (const auto* suite : both_suites()) {
    PeerPair pair(*suite), next(*suite, 2);
    auto from_alice = decode_as<ClientDisconnect>(pair.alice->close("bye \"bob\"\n"));
    auto from_bob = decode_as<ClientDisconnect>(pair.bob->close(""));
    CHECK(from_alice.reason == "bye \"bob\"\n");
    CHECK(pair.bob->verify_close(from_alice));
    CHECK(pair.alice->verify_close(from_bob));
    CHECK_FALSE(pair.alice->verify_close(from_alice));
    CHECK_FALSE(next.bob->verify_close(from_alice));
    std::swap(from_alice.src, from_alice.dst);  // reflected
    CHECK_FALSE(pair.alice->verify_close(from_alice));
    std::swap(from_alice.src, from_alice.dst);
    from_alice.reason += "!";
    CHECK_FALSE(pair.bob->verify_close(from_alice));
  }
}

TEST_CASE("a close is verified with K's key of the sender's direction") {
  PeerPair pair(ecdhe());
  for (auto [session, label] :
       {std::pair(&*pair.alice, "SIMS/1 close initiator"), std::pair(&*pair.bob, "SIMS/1 close responder")}) {
    auto close = decode_as<ClientDisconnect>(session->close("going home"));
    const auto key = crypto::hkdf_expand<32>(pair.master, label);
    CHECK(close.verification ==
          crypto::hmac(key.view(),
                       {bytes_of(close.src.text()), bytes_of(close.dst.text()), bytes_of("going home")}));
  }
}

TEST_CASE("a reason that is too long is cut between characters and verified") {
  PeerPair pair(ecdhe());
  std::string reason = "x";
  while (reason.size() < 2 * max_error_text)
    reason += "\xc3\xb1";  // n with tilde: byte 512 is in the middle of a character
  auto close = decode_as<ClientDisconnect>(pair.alice->close(reason));
  CHECK(close.reason == reason.substr(0, max_error_text - 1));
  CHECK(pair.bob->verify_close(close));
}

TEST_CASE("a session may be moved") {
  PeerPair pair(rsa());
  PeerSession bob = std::move(*pair.bob);
  pass(*pair.alice, bob, "hello", pair.now);
  pair.bob = std::move(bob);
  pass(*pair.bob, *pair.alice, "hello", pair.now);
  CHECK(pair.bob->peer() == Id::of(pair.alice_identity.public_key()));
  CHECK(pair.bob->role() == Role::responder);
  CHECK(pair.bob->suite().name == rsa().name);
}
