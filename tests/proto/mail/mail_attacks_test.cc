// Letters and receipts that somebody forged, altered, replayed or moved to another session (attacks 46 to 49,
// 66).
#include <doctest/doctest.h>

#include <functional>

#include "proto/channel/key_schedule.h"
#include "proto/labels.h"
#include "proto/mail/mail_pair.h"
#include "proto/mail/mail_schedule.h"
#include "proto/session/message_keys.h"
#include "proto/session/peer_pair.h"

using namespace sims;
using namespace sims::test;

namespace {

std::string stored(const MailSession& session) {
  return hex(session.to_bytes().view());
}

// Refused by the session, which stays as it is.
LetterRefusal refusal(MailSession& session, const ClientMail& letter) {
  const auto before = stored(session);
  const auto opened = session.open(letter);
  REQUIRE_FALSE(opened);
  CHECK(stored(session) == before);
  return opened.error();
}
LetterRefusal first_refusal(const MailVectors& v, const ClientMail& letter) {
  const auto opened = v.open(letter);
  REQUIRE_FALSE(opened);
  return opened.error();
}

// A session of alice with three letters, of which bob has opened M 1: so one is skipped, one is ahead.
struct Talk {
  explicit Talk(const MailVectors& v, std::size_t key = 0, std::uint64_t seed = 1)
      : sender(v.sender(v.alice, v.keys[key].record, seed)) {
    for (const char* text : {"zero", "one", "two"})
      sealed.push_back(sender.seal(text, v.now));
    auto first = v.open(letter(1));
    REQUIRE(first);
    CHECK(first->letter.plaintext == "one");
    receipt = first->letter.receipt;
    session.emplace(std::move(first->session));
  }
  ClientMail letter(std::size_t m) const { return letter_of(sealed[m].message); }
  void check_genuine_open() {
    CHECK(session->open(letter(0))->plaintext == "zero");
    CHECK(session->open(letter(2))->plaintext == "two");
  }

  MailSender sender;
  std::vector<MailSender::Sealed> sealed;
  std::optional<MailSession> session;
  std::string receipt;
};

void flip(MutableBytes bytes, std::size_t bit) {
  bytes[bit / 8 % bytes.size()] ^= static_cast<std::uint8_t>(1 << bit % 8);
}

}  // namespace

TEST_CASE("attack 46: a letter with any field altered is refused, and the genuine one still opens") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    Talk talk(v);
    using Edit = std::function<void(ClientMail&, std::size_t)>;
    const std::pair<const char*, Edit> edits[] = {
        {"src", [&](ClientMail& m, std::size_t) { m.src = v.carol_id; }},
        {"dst", [&](ClientMail& m, std::size_t) { m.dst = v.carol_id; }},
        {"both", [&](ClientMail& m, std::size_t) { std::swap(m.src, m.dst); }},
        {"id", [&](ClientMail& m, std::size_t i) { m.id = i == 1 ? 3 : i % 100; }},
        {"nonce", [&](ClientMail& m, std::size_t i) { flip(m.header.nonce, i); }},
        {"key", [&](ClientMail& m, std::size_t i) { flip(m.header.key, i * 7); }},
        {"signature", [&](ClientMail& m, std::size_t i) { flip(m.header.signature, i * 7); }},
        {"verification", [&](ClientMail& m, std::size_t i) { flip(m.verification, i); }},
        {"token",
         [&](ClientMail& m, std::size_t i) {
           char& c = m.data[i % m.data.size()];
           c = c == 'A' ? 'B' : 'A';
         }},
        {"no token", [&](ClientMail& m, std::size_t) { m.data.clear(); }},
        {"longer token", [&](ClientMail& m, std::size_t) { m.data += "AAAA"; }},
    };
    for (const auto& [name, edit] : edits) {
      CAPTURE(name);
      for (std::size_t i = 0; i < 40; ++i)
        for (const std::size_t m : {0, 2}) {
          ClientMail letter = talk.letter(m);
          edit(letter, i);
          if (encode(letter) == talk.sealed[m].message || letter.id == 1) continue;
          CHECK(counts_against_sender(refusal(*talk.session, letter)));
          if (i % 20 == 0) CHECK(counts_against_sender(first_refusal(v, letter)));
        }
    }
    ClientMail number = talk.letter(0);
    flip(number.header.number, 3);
    CHECK(v.find(number.header.number) == nullptr);
    CHECK(refuse_unread(number, nullptr, {}) == LetterRefusal::unknown_prekey);
    CHECK(refuse_unread(number, &v.keys[0].record, {}) == LetterRefusal::unknown_prekey);
    CHECK(refusal(*talk.session, number) == LetterRefusal::signature);
    FixedRng rng;
    const auto first = MailSession::open_first(number, v.keys[0], v.bob_id, rng);
    REQUIRE_FALSE(first);
    CHECK(first.error() == LetterRefusal::unknown_prekey);
    talk.check_genuine_open();
  }
}

TEST_CASE("attack 46: a letter past a session's hundredth is refused before any work, and moves no chain") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    Talk talk(v);
    for (const std::uint64_t id :
         {std::uint64_t{100}, std::uint64_t{1} << 32, (std::uint64_t{1} << 53) - 1}) {
      ClientMail letter = talk.letter(2);
      letter.id = id;
      CHECK(refuse_unread(letter, &v.keys[0].record, {}) == LetterRefusal::past_session);
      CHECK(refusal(*talk.session, letter) == LetterRefusal::past_session);
      CHECK(first_refusal(v, letter) == LetterRefusal::past_session);
    }
    talk.check_genuine_open();
  }
}

TEST_CASE("attack 46: a letter replayed is told apart from another letter under its M") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    Talk talk(v);
    CHECK(refusal(*talk.session, talk.letter(1)) == LetterRefusal::again);
    CHECK_FALSE(counts_against_sender(LetterRefusal::again));
    const ClientReceipt kept = receipt_of(talk.receipt);
    CHECK(kept.data == token_hash(talk.letter(1)));
    ClientMail other = talk.letter(1);
    other.data = talk.letter(2).data;
    CHECK(refusal(*talk.session, other) == LetterRefusal::again);
    CHECK(kept.data != token_hash(other));
    talk.check_genuine_open();
  }
}

TEST_CASE("attack 46: parts of one session's letters in another's are refused") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    Talk one(v, 0, 1), two(v, 0, 2), other_key(v, 1, 3);
    for (const Talk* from : {&two, &other_key}) {
      ClientMail letter = one.letter(2);
      letter.header = from->letter(2).header;
      CHECK(refusal(*one.session, letter) == LetterRefusal::signature);
      CHECK(first_refusal(v, letter) == LetterRefusal::verification);
      letter = one.letter(2);
      letter.data = from->letter(2).data;
      CHECK(refusal(*one.session, letter) == LetterRefusal::verification);
      letter.verification = from->letter(2).verification;
      CHECK(refusal(*one.session, letter) == LetterRefusal::verification);
      letter = one.letter(2);
      letter.header.signature = from->letter(2).header.signature;
      CHECK(first_refusal(v, letter) == LetterRefusal::signature);
      letter = one.letter(2);
      letter.header.key = from->letter(2).header.key;
      CHECK(first_refusal(v, letter) == LetterRefusal::signature);
      CHECK(refusal(*one.session, from->letter(2)) == LetterRefusal::signature);
    }
    one.check_genuine_open();
    two.check_genuine_open();
  }
}

TEST_CASE("attack 46: a live message's token in a letter is refused, and the reverse") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    Talk talk(v);
    PeerPair pair(v.suite);
    const auto live = read_message<ClientCom>(pair.alice->seal("live", v.now).message).value();
    ClientMail letter = talk.letter(2);
    letter.data = live.data;
    CHECK(refusal(*talk.session, letter) == LetterRefusal::verification);
    letter.verification = live.verification;
    CHECK(refusal(*talk.session, letter) == LetterRefusal::verification);

    ClientCom com = live;
    com.data = talk.letter(0).data;
    const auto before = pair.bob->state_digest();
    CHECK_FALSE(pair.bob->open(com, v.now));
    com.verification = talk.letter(0).verification;
    CHECK_FALSE(pair.bob->open(com, v.now));
    CHECK(pair.bob->state_digest() == before);
    CHECK(pair.bob->open(live, v.now));
    talk.check_genuine_open();
  }
}

TEST_CASE("attack 46: a token that its sender sealed wrongly is refused though its letter verifies") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    Talk talk(v);
    // Alice herself, who knows the chain, writes M 2 with another token.
    FixedEphemerals ephemerals(1);
    ByteArray<32> nonce;
    ephemerals.random.fill(nonce);
    const auto share = v.suite.make_initiator_share(v.keys[0].record.key, ephemerals);
    const auto tm = mail_transcript(v.alice_id, v.bob_id, v.keys[0].record, nonce);
    Chain chain = mail_chain(v.suite, share->z.view(), tm, share->key);
    chain.step();
    chain.step();
    const MessageKeys keys(chain.step());
    ClientMail letter = talk.letter(2);
    CHECK(keys.verify(letter, header_bytes(letter.header)));
    for (std::string token : {std::string("gAAA"), letter.data.substr(4), talk.letter(0).data}) {
      letter.data = token;
      letter.verification = keys.verification(letter, header_bytes(letter.header));
      CHECK(refusal(*talk.session, letter) == LetterRefusal::token);
    }
    CHECK(counts_against_sender(LetterRefusal::token));
    talk.check_genuine_open();
  }
}

TEST_CASE("attack 46: a receipt proves its own letter, to its own sender, and no other") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    Talk talk(v);
    const ClientReceipt good = receipt_of(talk.receipt);
    const auto proves = [&](const ClientReceipt& receipt, std::size_t m = 1) {
      return proves_delivery(receipt, v.alice_id, talk.sealed[m].awaited);
    };
    CHECK(proves(good));
    CHECK_FALSE(proves(good, 0));
    CHECK_FALSE(proves(good, 2));
    CHECK_FALSE(proves_delivery(good, v.carol_id, talk.sealed[1].awaited));
    for (std::size_t bit = 0; bit < 256; ++bit) {
      ClientReceipt receipt = good;
      flip(receipt.data, bit);
      CHECK_FALSE(proves(receipt));
      receipt = good;
      flip(std::get<LetterDelivered>(receipt.outcome).verification, bit);
      CHECK_FALSE(proves(receipt));
    }
    ClientReceipt receipt = good;
    std::get<LetterDelivered>(receipt.outcome).id = 2;
    CHECK_FALSE(proves(receipt));
    CHECK_FALSE(proves(receipt, 2));
    receipt = good;
    receipt.src = v.carol_id;
    CHECK_FALSE(proves(receipt));
    receipt = good;
    std::swap(receipt.src, receipt.dst);
    CHECK_FALSE(proves(receipt));
    CHECK_FALSE(proves(make_receipt(talk.letter(1), AckKey())));
    CHECK_FALSE(proves(sign_unopened(talk.letter(1), v.bob)));
    // The verification of the letter itself, which the relay has seen, is none of its receipt.
    receipt = good;
    std::get<LetterDelivered>(receipt.outcome).verification = talk.letter(1).verification;
    CHECK_FALSE(proves(receipt));
  }
}

TEST_CASE("attack 46: only its owner can say that a letter was not opened, and only of that letter") {
  const MailVectors v("mail-ecdhe.json");
  Talk talk(v);
  const ClientMail letter = talk.letter(1);
  const auto hash = token_hash(letter);
  const auto proves = [&](const ClientReceipt& receipt) {
    return proves_unopened(receipt, v.alice_id, v.bob_id, hash);
  };
  const ClientReceipt good = sign_unopened(letter, v.bob);
  CHECK(proves(good));
  CHECK_FALSE(proves_unopened(good, v.carol_id, v.bob_id, hash));
  CHECK_FALSE(proves_unopened(good, v.alice_id, v.carol_id, hash));
  CHECK_FALSE(proves_unopened(good, v.alice_id, v.bob_id, token_hash(talk.letter(2))));
  CHECK_FALSE(proves(sign_unopened(letter, v.carol)));
  CHECK_FALSE(proves(sign_unopened(talk.letter(2), v.bob)));
  CHECK_FALSE(proves(receipt_of(talk.receipt)));
  ClientReceipt moved = sign_unopened(talk.letter(2), v.bob);
  moved.data = hash;
  CHECK_FALSE(proves(moved));
  moved = good;
  moved.data = token_hash(talk.letter(2));
  CHECK_FALSE(proves(moved));
  moved = good;
  moved.src = v.carol_id;
  CHECK_FALSE(proves(moved));
  ClientMail of_carol = letter;
  of_carol.src = v.carol_id;
  moved = sign_unopened(of_carol, v.bob);
  moved.dst = v.alice_id;
  CHECK_FALSE(proves(moved));
  for (std::size_t bit = 0; bit < 512; bit += 11) {
    ClientReceipt receipt = good;
    flip(std::get<LetterUnopened>(receipt.outcome).signature, bit);
    CHECK_FALSE(proves(receipt));
  }
}

TEST_CASE("attack 47: a `once` key that the relay hands out twice opens one session") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    const Prekey& key = v.keys[0].record;
    auto alice = v.sender(v.alice, key, 1), again = v.sender(v.alice, key, 2),
         carol = v.sender(v.carol, key, 3);
    const auto first = letter_of(alice.seal("first", v.now).message);
    const auto later = letter_of(alice.seal("later", v.now).message);
    CHECK_FALSE(refuse_unread(first, &key, {}));
    REQUIRE(v.open(first));
    const auto opened_by = opener_of(first);
    CHECK_FALSE(refuse_unread(later, &key, opened_by));
    for (MailSender* other : {&again, &carol})
      CHECK(refuse_unread(letter_of(other->seal("x", v.now).message), &key, opened_by) ==
            LetterRefusal::used_prekey);
    ClientMail stolen = later;  // carol with alice's nonce
    stolen.src = v.carol_id;
    CHECK(refuse_unread(stolen, &key, opened_by) == LetterRefusal::used_prekey);
    if (!v.suite.many_prekey) continue;
    const Prekey& many = v.keys[1].record;
    CHECK(many.use == PrekeyUse::many);
    auto one = v.sender(v.alice, many, 1), two = v.sender(v.carol, many, 2);
    const auto of_one = letter_of(one.seal("x", v.now).message),
               of_two = letter_of(two.seal("x", v.now).message);
    CHECK_FALSE(refuse_unread(of_two, &many, opener_of(of_one)));
    CHECK(v.open(of_one));
    CHECK(v.open(of_two));
  }
}

TEST_CASE("attack 48: the owner's stolen identity key and prekeys write no letter in another's name") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    const Prekey& key = v.keys[0].record;
    FixedEphemerals ephemerals(9);
    ClientMail forged;
    forged.src = v.alice_id;
    forged.dst = v.bob_id;
    forged.header.number = key.number;
    ephemerals.random.fill(forged.header.nonce);
    const auto share = v.suite.make_initiator_share(key.key, ephemerals);
    const auto tm = mail_transcript(v.alice_id, v.bob_id, key, forged.header.nonce);
    forged.header.key = share->key;
    const auto seal = [&](const crypto::Signature& signature) {
      forged.header.signature = signature;
      Chain chain = mail_chain(v.suite, share->z.view(), tm, share->key);
      const MessageKeys keys(chain.step());
      forged.data = keys.seal("forged", v.now.unix_s());
      forged.verification = keys.verification(forged, header_bytes(forged.header));
    };
    seal(sign_key(labels::sender, v.bob, tm, share->key));
    CHECK(first_refusal(v, forged) == LetterRefusal::signature);
    // Alice's signatures for other purposes are of no use: each has a label of its own.
    seal(sign_key(Role::initiator, v.alice, tm, share->key));
    CHECK(first_refusal(v, forged) == LetterRefusal::signature);
    seal(sign_key(labels::sender, v.alice, tm, share->key));
    CHECK(v.open(forged));  // so nothing but the signature was wrong
  }
}

TEST_CASE(
    "attack 48: another's opening signed again opens nothing, and no letter passes for one to another") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    Talk talk(v);
    const Prekey& key = v.keys[0].record;
    // Carol takes alice's nonce and key, signs them as her own, and passes alice's letter for hers.
    ClientMail stolen = talk.letter(0);
    stolen.src = v.carol_id;
    const auto tm = mail_transcript(v.carol_id, v.bob_id, key, stolen.header.nonce);
    stolen.header.signature = sign_key(labels::sender, v.carol, tm, stolen.header.key);
    CHECK(first_refusal(v, stolen) == LetterRefusal::verification);

    // Carol signs bob's prekey as her own. Alice writes to her with it; the letter is given to bob.
    Prekey carols = key;
    carols.signature = v.carol.sign(prekey_signed_input(carols));
    const auto checked = check_prekey(carols, v.carol_id, v.carol_id, {&v.suite}, v.now);
    REQUIRE(checked);
    FixedEphemerals ephemerals(4);
    auto sender = MailSender::open(*checked, v.alice, ephemerals, v.now);
    REQUIRE(sender);
    ClientMail turned = letter_of(sender->seal("to carol", v.now).message);
    CHECK(turned.dst == v.carol_id);
    CHECK(first_refusal(v, turned) == LetterRefusal::signature);
    ClientMail elsewhere = talk.letter(0);
    elsewhere.dst = v.carol_id;
    CHECK(first_refusal(v, elsewhere) == LetterRefusal::signature);  // so no private half was used
    turned.dst = v.bob_id;
    CHECK(first_refusal(v, turned) == LetterRefusal::signature);
    talk.check_genuine_open();
  }
}

TEST_CASE("attack 49: letters given again open no second time; from a store put back, to the same receipt") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    Talk talk(v, v.suite.many_prekey ? 1 : 0);
    const auto backup = talk.session->to_bytes();
    const auto receipt = talk.session->open(talk.letter(2))->receipt;
    talk.session->open(talk.letter(0)).value();
    for (int round = 0; round < 3; ++round)
      for (std::size_t m = 0; m < 3; ++m)
        CHECK(refusal(*talk.session, talk.letter(m)) == LetterRefusal::again);
    auto restored = MailSession::from_bytes(backup.view());
    REQUIRE(restored);
    CHECK(refusal(*restored, talk.letter(1)) == LetterRefusal::again);
    CHECK(restored->open(talk.letter(2))->receipt == receipt);
  }
}

TEST_CASE("attack 66: one text by two senders is two letters, each receipted to its own sender") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    const std::string same = R"({"kind":"text","uid":"Ek4Yxek6epX3jRquVmLPlw","body":"x","sent":1})";
    auto alice = v.sender(v.alice, v.keys[0].record, 1), carol = v.sender(v.carol, v.keys[1].record, 2);
    const auto one = alice.seal(same, v.now), two = carol.seal(same, v.now);
    const auto first = v.open(letter_of(one.message)), second = v.open(letter_of(two.message));
    REQUIRE((first && second));
    CHECK(first->letter.plaintext == second->letter.plaintext);
    const auto to_alice = receipt_of(first->letter.receipt), to_carol = receipt_of(second->letter.receipt);
    CHECK((to_alice.dst == v.alice_id && to_carol.dst == v.carol_id));
    CHECK(proves_delivery(to_alice, v.alice_id, one.awaited));
    CHECK(proves_delivery(to_carol, v.carol_id, two.awaited));
    CHECK_FALSE(proves_delivery(to_carol, v.alice_id, one.awaited));
  }
}
