// The RSA suite's re-key: when it starts, messages in flight, lost and altered frames.
#include "base/base64.h"
#include "proto/limits.h"
#include "proto/session/peer_checks.h"

namespace {

using namespace sims;
using namespace sims::test;

void chat(PeerPair& pair, int messages) {
  for (int i = 0; i < messages; ++i) {
    if (i % 2)
      pass(*pair.bob, *pair.alice, "from bob", pair.now);
    else
      pass(*pair.alice, *pair.bob, "from alice", pair.now);
  }
}

// Requires that the frame is refused and changes nothing in the session.
void check_frame_refused(PeerSession& session, std::string_view frame) {
  const auto before = session.state_digest();
  CHECK_FALSE(session.receive_rekey(frame));
  CHECK(session.state_digest() == before);
}

// For a frame of an abandoned attempt. Requires that it is ignored: no answer, no error, no change.
void check_frame_ignored(PeerSession& session, std::string_view frame) {
  const auto before = session.state_digest();
  const auto answer = session.receive_rekey(frame);
  REQUIRE(answer);
  CHECK(answer->empty());
  CHECK(session.state_digest() == before);
}

std::vector<int> taken_by(const PeerSession& session) {
  std::vector<int> out;
  for (int phase = 1; phase <= 6; ++phase)
    if (session.takes_rekey(phase)) out.push_back(phase);
  return out;
}

// The value of a field; empty if the frame has none.
std::string field_if_any(const std::string& frame, const std::string& name) {
  const bool there = frame.find("\"" + name + "\":\"") != frame.npos;
  return there ? field_of(frame, name) : "";
}

// While this is set, the initiator with the suite row below sends a junk ciphertext.
bool junk = false;
std::optional<crypto::InitiatorShare> maybe_junk(ByteView spki, crypto::EphemeralSource& source) {
  auto share = rsa().make_initiator_share(spki, source);
  if (junk && share) share->key.back() ^= 1;
  return share;
}

}  // namespace

TEST_CASE("a re-key is due after 100 messages of both directions, and counts each once") {
  PeerPair pair(rsa());
  auto twice = com_of(pair.alice->seal("twice", pair.now).message);
  CHECK(pair.bob->open(twice, pair.now));
  chat(pair, 98);
  CHECK(pair.bob->open(twice, pair.now)->duplicate);
  twice.verification[0] ^= 1;
  CHECK_FALSE(pair.bob->open(twice, pair.now));
  CHECK_FALSE(pair.bob->wants_rekey());
  chat(pair, 1);
  CHECK(pair.bob->wants_rekey());
  CHECK_FALSE(pair.alice->wants_rekey());  // only the responder starts one

  auto late = com_of(pair.alice->seal("late", pair.now).message);
  pair.rekey();
  CHECK(pair.alice->epoch() == 1);
  CHECK(pair.bob->epoch() == 1);
  CHECK_FALSE(pair.bob->wants_rekey());
  CHECK(pair.bob->open(late, pair.now));  // counts for its own epoch
  chat(pair, 99);
  CHECK_FALSE(pair.bob->wants_rekey());
  chat(pair, 1);
  CHECK(pair.bob->wants_rekey());
}

TEST_CASE("messages stay in the old epoch until phase 6, and late ones open after it") {
  PeerPair pair(rsa());
  chat(pair, 4);
  auto alice_late = com_of(pair.alice->seal("late", pair.now).message);
  auto bob_late = com_of(pair.bob->seal("late", pair.now).message);
  CHECK(taken_by(*pair.alice) == std::vector{4});
  CHECK(taken_by(*pair.bob).empty());

  auto four = pair.bob->start_rekey(pair.fresh_key());
  CHECK(taken_by(*pair.bob) == std::vector{5});
  pass(*pair.bob, *pair.alice, "after 4", pair.now);
  auto five = pair.alice->receive_rekey(four).value();
  CHECK(taken_by(*pair.alice) == std::vector{4, 6});
  auto between = com_of(pair.alice->seal("after 5", pair.now).message);
  CHECK(between.ratchet.epoch == 0);
  auto six = pair.bob->receive_rekey(five).value();
  CHECK(taken_by(*pair.bob).empty());
  auto early = com_of(pair.bob->seal("after 6", pair.now).message);
  CHECK(early.ratchet.epoch == 1);
  CHECK(early.ratchet.pn == 4);
  CHECK(early.ratchet.n == 0);
  CHECK(pair.bob->open(between, pair.now)->plaintext == "after 5");
  CHECK(pair.alice->receive_rekey(six).value().empty());
  CHECK(taken_by(*pair.alice) == std::vector{4});

  CHECK(pair.alice->open(early, pair.now)->plaintext == "after 6");
  CHECK(pair.alice->open(bob_late, pair.now)->plaintext == "late");
  chat(pair, 4);
  CHECK(pair.bob->open(alice_late, pair.now)->plaintext == "late");
  CHECK(pair.alice->skipped_keys() == 0);
  CHECK(pair.bob->skipped_keys() == 0);
}

TEST_CASE("the first message of an epoch says how many of the last epoch are missing") {
  PeerPair pair(rsa());
  std::vector<ClientCom> held;
  for (int i = 0; i < 5; ++i)
    held.push_back(com_of(pair.alice->seal("held", pair.now).message));
  pair.rekey();
  auto first = com_of(pair.alice->seal("first", pair.now).message);
  auto forged = first;
  forged.ratchet.pn = 1'001;
  check_refused(*pair.bob, forged, OpenError::too_far, pair.now);
  forged.ratchet.pn = 6;
  check_refused(*pair.bob, forged, OpenError::forged, pair.now);
  CHECK(pair.bob->open(held[2], pair.now));
  forged.ratchet.pn = 2;  // fewer than have arrived
  check_refused(*pair.bob, forged, OpenError::forged, pair.now);
  CHECK(pair.bob->open(first, pair.now));
  CHECK(pair.bob->skipped_keys() == 4);
  for (int i : {4, 0, 3, 1})
    CHECK(pair.bob->open(held[static_cast<std::size_t>(i)], pair.now));
  CHECK(pair.bob->skipped_keys() == 0);
}

TEST_CASE("late messages open up to two epochs back, even if none of the epochs between arrived") {
  PeerPair pair(rsa());
  std::vector<ClientCom> late;  // two of each epoch
  for (int epoch = 0; epoch < 4; ++epoch) {
    if (epoch > 0) pair.rekey();
    for (int i = 0; i < 2; ++i)
      late.push_back(com_of(pair.alice->seal("late", pair.now).message));
  }
  check_refused(*pair.bob, late[0], OpenError::old, pair.now);
  CHECK(pair.bob->open(late[6], pair.now));  // epoch 3 gives the length of 2
  CHECK(pair.bob->open(late[3], pair.now));  // epoch 1 is kept
  CHECK(pair.bob->open(late[5], pair.now));  // epoch 2 gives the length of 1
  CHECK(pair.bob->open(late[4], pair.now));
  CHECK(pair.bob->open(late[2], pair.now));
  CHECK(pair.bob->open(late[7], pair.now));
  CHECK(pair.bob->skipped_keys() == 0);
}

TEST_CASE("attack 24: altered re-key frames change nothing, and the genuine ones work afterwards") {
  PeerPair pair(rsa());
  chat(pair, 2);
  auto four = pair.bob->start_rekey(pair.fresh_key());
  auto altered = [](const std::string& frame, auto&& check) {
    for (std::size_t at = 0; at<frame.size(); at += at> 250 && at + 250 < frame.size() ? 41 : 1) {
      CAPTURE(at);
      auto copy = frame;
      copy[at] = copy[at] == 'A' ? 'B' : 'A';
      check(copy);
    }
    check(frame.substr(0, frame.size() - 1));
    check(replaced(frame, "\"phase\":", "\"phase\":1"));
    check("");
  };
  altered(four, [&](const std::string& bad) { check_frame_refused(*pair.alice, bad); });
  auto five = pair.alice->receive_rekey(four).value();
  // The signature does not cover the confirm: an altered confirm is tested below.
  const auto confirm = field_of(five, "confirm");
  altered(five, [&](const std::string& bad) {
    if (bad.size() == five.size() && field_if_any(bad, "signature") == field_of(five, "signature") &&
        field_if_any(bad, "key") == field_of(five, "key") && bad.find("\"confirm\"") != std::string::npos &&
        field_if_any(bad, "confirm") != confirm)
      return;
    check_frame_refused(*pair.bob, bad);
  });
  auto six = pair.bob->receive_rekey(five).value();
  altered(six, [&](const std::string& bad) { check_frame_refused(*pair.alice, bad); });
  CHECK(pair.alice->receive_rekey(six).value().empty());
  chat(pair, 4);
  CHECK(pair.alice->epoch() == 1);
}

TEST_CASE("attack 4, 8: re-key frames out of order, reflected or of another session are refused") {
  PeerPair pair(rsa()), other(rsa(), 2);
  auto four = pair.bob->start_rekey(pair.fresh_key());
  check_frame_refused(*pair.bob, four);     // reflected
  check_frame_refused(*other.alice, four);  // another transcript
  auto swapped = four;
  const auto bob = pair.alice->peer().str(), alice = pair.bob->peer().str();
  swapped = replaced(replaced(swapped, "\"src\":\"" + bob, "\"src\":\"" + alice), "\"dst\":\"" + alice,
                     "\"dst\":\"" + bob);
  check_frame_refused(*pair.bob, swapped);
  check_frame_refused(*pair.alice, replaced(four, "RSA_WITH", "ECDHE_WITH"));

  auto five = pair.alice->receive_rekey(four).value();
  check_frame_refused(*pair.alice, five);
  check_frame_refused(*pair.bob, four);
  auto six = pair.bob->receive_rekey(five).value();
  check_frame_refused(*pair.bob, five);  // only once
  check_frame_refused(*pair.bob, six);
  CHECK(pair.alice->receive_rekey(six).value().empty());
  check_frame_refused(*pair.alice, six);
  check_frame_refused(*pair.alice, four);  // of the previous epoch
  chat(pair, 2);
}

TEST_CASE("attack 4: a confirm of phase 6 fails in phase 5, which ends only the attempt") {
  PeerPair pair(rsa());
  pair.rekey();
  auto five = pair.alice->receive_rekey(pair.bob->start_rekey(pair.fresh_key())).value();
  FixedRng random(3);
  ByteArray<32> other;
  random.fill(other);
  CHECK_FALSE(pair.bob->receive_rekey(
      replaced(five, field_of(five, "confirm"), base64_encode(other, Base64::standard))));
  CHECK(taken_by(*pair.bob).empty());  // the key is wiped after one decryption
  check_frame_refused(*pair.bob, five);
  chat(pair, 4);
  CHECK(pair.bob->epoch() == 1);
  pair.rekey();
  chat(pair, 4);
  CHECK(pair.bob->epoch() == 2);
}

TEST_CASE("a ciphertext that does not decrypt fails like a wrong confirm, and the next attempt works") {
  crypto::Suite row = rsa();
  row.make_initiator_share = maybe_junk;
  PeerPair pair(row, rsa(), 1);
  chat(pair, 100);
  junk = true;
  auto five = pair.alice->receive_rekey(pair.bob->start_rekey(pair.fresh_key())).value();
  auto refused = pair.bob->receive_rekey(five);
  junk = false;
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::handshake_failed);
  CHECK_FALSE(pair.bob->wants_rekey());  // not immediately
  chat(pair, 9);
  CHECK_FALSE(pair.bob->wants_rekey());
  chat(pair, 1);
  CHECK(pair.bob->wants_rekey());
  pair.rekey();
  chat(pair, 4);
  CHECK(pair.alice->epoch() == 1);
}

TEST_CASE("a re-key with a lost frame is tried again, later each time") {
  PeerPair pair(rsa());
  chat(pair, 100);
  std::string lost_five;
  for (int messages : {10, 20, 40}) {
    CHECK(pair.bob->wants_rekey());
    auto four = pair.bob->start_rekey(pair.fresh_key());
    if (messages != 10) lost_five = pair.alice->receive_rekey(four).value();  // else phase 4 is lost
    chat(pair, messages - 1);
    CHECK_FALSE(pair.bob->wants_rekey());
    chat(pair, 1);
  }
  CHECK(pair.bob->wants_rekey());
  auto four = pair.bob->start_rekey(pair.fresh_key());
  check_frame_ignored(*pair.bob, lost_five);  // arrives late, for a wiped key
  auto five = pair.alice->receive_rekey(four).value();
  auto six = pair.bob->receive_rekey(five).value();
  CHECK(pair.alice->receive_rekey(six).value().empty());
  chat(pair, 4);
  pair.rekey();  // works only if both transcripts are still the same
  chat(pair, 100);
  CHECK(pair.alice->epoch() == 2);
  // Failures of one epoch do not delay the next re-key.
  static_cast<void>(pair.bob->start_rekey(pair.fresh_key()));
  CHECK_FALSE(pair.bob->wants_rekey());
  chat(pair, 10);
  CHECK(pair.bob->wants_rekey());
}

TEST_CASE("a lost phase 6 is replaced by the first message of the new epoch") {
  PeerPair pair(rsa());
  chat(pair, 100);
  auto late = com_of(pair.bob->seal("late", pair.now).message);
  auto five = pair.alice->receive_rekey(pair.bob->start_rekey(pair.fresh_key())).value();
  const auto six = pair.bob->receive_rekey(five).value();
  pass(*pair.alice, *pair.bob, "still of the old epoch", pair.now);
  auto first = com_of(pair.bob->seal("first", pair.now).message);
  CHECK(first.ratchet.epoch == 1);
  for (auto* part : {&first.data[70], &first.data.back()}) {
    const char was = std::exchange(*part, *part == 'A' ? 'B' : 'A');
    check_refused(*pair.alice, first, OpenError::forged, pair.now);
    *part = was;
  }
  auto too_early = first;
  too_early.ratchet.epoch = 2;
  check_refused(*pair.alice, too_early, OpenError::forged, pair.now);
  CHECK(pair.alice->epoch() == 0);
  CHECK(pair.alice->open(first, pair.now)->plaintext == "first");
  CHECK(pair.alice->epoch() == 1);
  CHECK(taken_by(*pair.alice) == std::vector{4});
  check_frame_refused(*pair.alice, six);  // arrives late
  CHECK(pair.alice->open(late, pair.now)->plaintext == "late");
  CHECK(com_of(pair.alice->seal("x", pair.now).message).ratchet.epoch == 1);
  pair.rekey();  // works only if both transcripts are the same
  chat(pair, 4);
  CHECK(pair.alice->epoch() == 2);
}

TEST_CASE("phase 6 is lost and only I talks: R owes a message after 10, 20, 40, ... old ones") {
  PeerPair pair(rsa());
  chat(pair, 4);
  CHECK_FALSE(pair.bob->owes_word_of_epoch());
  auto five = pair.alice->receive_rekey(pair.bob->start_rekey(pair.fresh_key())).value();
  static_cast<void>(pair.bob->receive_rekey(five).value());
  std::string word;
  for (int messages : {10, 20, 40}) {
    for (int i = 0; i < messages; ++i) {
      CHECK_FALSE(pair.bob->owes_word_of_epoch());
      pass(*pair.alice, *pair.bob, "on and on", pair.now);
    }
    CHECK(pair.bob->owes_word_of_epoch());
    CHECK_FALSE(pair.alice->owes_word_of_epoch());
    word = pair.bob->seal("a word", pair.now).message;
    CHECK_FALSE(pair.bob->owes_word_of_epoch());
  }
  CHECK(pair.alice->open(com_of(word), pair.now));
  CHECK(pair.alice->epoch() == 1);
  for (int i = 0; i < 97; ++i)
    pass(*pair.alice, *pair.bob, "of the new one", pair.now);
  CHECK_FALSE(pair.bob->owes_word_of_epoch());
  CHECK(pair.bob->wants_rekey());  // after these and R's three messages
}

TEST_CASE("attack 79: an abandoned phase 4, replayed or late, does not replace the completed one") {
  PeerPair pair(rsa());
  const auto given_up = pair.bob->start_rekey(pair.fresh_key());
  std::string late_five;
  SUBCASE("replayed") {
    late_five = pair.alice->receive_rekey(given_up).value();
  }
  SUBCASE("late") {}
  const auto five = pair.alice->receive_rekey(pair.bob->start_rekey(pair.fresh_key())).value();
  if (!late_five.empty()) check_frame_ignored(*pair.bob, late_five);
  static_cast<void>(pair.bob->receive_rekey(five).value());  // phase 6 is withheld
  CHECK(pair.alice->receive_rekey(given_up).value() != five);
  pass(*pair.bob, *pair.alice, "of the new epoch", pair.now);
  CHECK(pair.alice->epoch() == 1);
}

TEST_CASE("at twice its length an epoch is overdue at both sides, until the keys change") {
  PeerPair pair(rsa());
  chat(pair, 199);
  CHECK_FALSE(pair.alice->rekey_overdue());
  chat(pair, 1);
  CHECK(pair.alice->rekey_overdue());
  CHECK(pair.bob->rekey_overdue());
  pair.rekey();
  CHECK_FALSE(pair.alice->rekey_overdue());
  CHECK_FALSE(pair.bob->rekey_overdue());
}

TEST_CASE("a phase 4 that comes twice gets the same answer") {
  PeerPair pair(rsa());
  auto four = pair.bob->start_rekey(pair.fresh_key());
  auto five = pair.alice->receive_rekey(four).value();
  CHECK(pair.alice->receive_rekey(four).value() == five);
  CHECK(pair.alice->receive_rekey(pair.bob->receive_rekey(five).value()).value().empty());
  chat(pair, 2);
}

TEST_CASE("a close is verified although one side is an epoch behind") {
  PeerPair pair(rsa());
  auto five = pair.alice->receive_rekey(pair.bob->start_rekey(pair.fresh_key())).value();
  auto six = pair.bob->receive_rekey(five).value();
  CHECK(pair.alice->verify_close(decode_as<ClientDisconnect>(pair.bob->close("x"))));
  CHECK(pair.bob->verify_close(decode_as<ClientDisconnect>(pair.alice->close("x"))));
}

TEST_CASE("the ECDHE suite has no re-key") {
  PeerPair pair(ecdhe()), other(rsa());
  CHECK_FALSE(pair.bob->wants_rekey());
  CHECK(taken_by(*pair.alice).empty());
  check_frame_refused(*pair.alice, other.bob->start_rekey(other.fresh_key()));
}
