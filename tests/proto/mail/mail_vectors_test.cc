// The known answers of mail, byte for byte in both directions: prekeys, letters, receipts, and what is
// refused.
#include <doctest/doctest.h>

#include "proto/mail/mail_pair.h"
#include "proto/mail/mail_schedule.h"

using namespace sims;
using namespace sims::test;

TEST_CASE("mail vectors: the prekeys are made from their secrets") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    for (const auto& one : v.json["prekeys"].GetArray()) {
      const std::string text = json_text(one["prekey"]);
      const Prekey expected = read_prekey(text).value();
      CHECK(hex(prekey_signed_input(expected)) == test::text(one, "signed"));
      FixedEphemerals ephemerals;
      ephemerals.random.push(expected.number);
      if (one.HasMember("p384_private"))
        ephemerals.push_p384(unhex(one, "p384_private"));
      else
        ephemerals.push_rsa(unpem(test::text(one, "rsa_private_pem")));
      const auto made = make_prekey(v.suite, expected.use, expected.expires, v.bob, ephemerals);
      REQUIRE(made);
      CHECK(encode(made->record) == text);
      CHECK(hex(made->secret.view()) == hex(MailVectors::secret(one).view()));
      CHECK(v.checked(made->record).record().number == expected.number);
    }
  }
}

TEST_CASE("mail vectors: the letters are written from their secrets, and their receipts prove them") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    for (const auto& session : v.json["sessions"].GetArray()) {
      FixedEphemerals ephemerals;
      ephemerals.random.push(unhex(session, "nonce"));
      if (session.HasMember("p384_private")) {
        ephemerals.push_p384(unhex(session, "p384_private"));
      } else {
        ephemerals.random.push(unhex(session, "Z"));
        ephemerals.random.push(unhex(session, "oaep_seed"));
      }
      const auto& letters = session["letters"].GetArray();
      const Prekey& prekey = v.key_of(letter_of(text(letters[0], "letter"))).record;
      auto sender = MailSender::open(v.checked(prekey), v.alice, ephemerals, v.made);
      REQUIRE(sender);
      for (std::uint64_t m = 0; m < letters.Size(); ++m)
        for (const auto& one : letters) {
          if (one["order"].GetUint64() != m) continue;
          const auto sealed = sender->seal(text(one, "plaintext"), v.made);
          CHECK(sealed.message == text(one, "letter"));
          CHECK(sealed.awaited.id == m);
          CHECK(proves_delivery(receipt_of(text(one, "receipt")), v.alice_id, sealed.awaited));
        }
    }
  }
}

TEST_CASE("mail vectors: the letters are opened in the order in which they came, and receipted") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    for (const auto& json : v.json["sessions"].GetArray()) {
      std::optional<MailSession> session;
      for (const auto& one : json["letters"].GetArray()) {
        const ClientMail letter = letter_of(text(one, "letter"));
        const OwnPrekey& key = v.key_of(letter);
        const auto tm = mail_transcript(v.alice_id, v.bob_id, key.record, letter.header.nonce);
        CHECK(hex(tm) == text(json, "tm"));
        CHECK(hex(mail_chain(v.suite, unhex(json, "Z"), tm, letter.header.key).key.view()) ==
              text(json, "chain"));
        OpenedLetter opened;
        if (!session) {
          CHECK_FALSE(refuse_unread(letter, &key.record, std::nullopt));
          auto first = v.open(letter);
          REQUIRE(first);
          opened = std::move(first->letter);
          session = std::move(first->session);
        } else {
          session = MailSession::from_bytes(session->to_bytes().view());
          REQUIRE(session);
          auto later = session->open(letter);
          REQUIRE(later);
          opened = std::move(*later);
        }
        CHECK(opened.plaintext == text(one, "plaintext"));
        CHECK(opened.receipt == text(one, "receipt"));
      }
      CHECK(session->to_bytes().size() == 66);  // no skipped key
    }
  }
}

TEST_CASE("attack 47: mail vectors: each prekey to refuse is refused, for its reason") {
  const std::map<std::string_view, std::optional<PrekeyFault>> reasons = {
      {"signature", PrekeyFault::signature},
      {"another's signature", PrekeyFault::signature},
      {"use changed", PrekeyFault::signature},
      {"expires changed", PrekeyFault::signature},
      {"suite changed", PrekeyFault::signature},
      {"number changed", PrekeyFault::signature},
      {"expired over a day ago", PrekeyFault::expired},
      {"number of 15 bytes", std::nullopt},
      {"key off the curve", PrekeyFault::key}};
  for (const char* file : mail_files) {
    const MailVectors v(file);
    for (const auto& one : v.json["prekeys_refused"].GetArray()) {
      const std::string why(text(one, "why"));
      CAPTURE(why);
      REQUIRE(reasons.contains(why));
      const auto prekey = read_prekey(json_text(one["prekey"]));
      CHECK(prekey.has_value() == reasons.at(why).has_value());
      if (!prekey) continue;
      const auto checked = check_prekey(*prekey, v.bob_id, v.bob_id, crypto::default_suites(), v.now);
      REQUIRE_FALSE(checked);
      // An RSA key for many sessions is refused before its signature is looked at.
      const bool many = prekey->use == PrekeyUse::many && !v.suite.many_prekey;
      CHECK(checked.error() == (many ? PrekeyFault::use : *reasons.at(why)));
    }
  }
}

TEST_CASE(
    "attack 46: mail vectors: each letter to refuse is refused, also by a session, and changes nothing") {
  const std::map<std::string_view, LetterRefusal> reasons = {
      {"src is another's", LetterRefusal::signature},   {"id moved", LetterRefusal::verification},
      {"id over 99", LetterRefusal::past_session},      {"nonce", LetterRefusal::signature},
      {"signature", LetterRefusal::signature},          {"key", LetterRefusal::signature},
      {"verification", LetterRefusal::verification},    {"token", LetterRefusal::verification},
      {"unknown prekey", LetterRefusal::unknown_prekey}};
  for (const char* file : mail_files) {
    const MailVectors v(file);
    const auto& letters = v.json["sessions"][1]["letters"];
    std::size_t refused = 0;
    for (const auto& one : v.json["refused"].GetArray()) {
      const std::string why(text(one, "why"));
      CAPTURE(why);
      REQUIRE(reasons.contains(why));
      const ClientMail letter = letter_of(text(one, "letter"));
      const OwnPrekey* key = v.find(letter.header.number);
      const auto unread = refuse_unread(letter, key ? &key->record : nullptr, std::nullopt);
      const LetterRefusal expected = reasons.at(why);
      ++refused;
      if (expected == LetterRefusal::unknown_prekey || expected == LetterRefusal::past_session) {
        CHECK(unread == expected);
        CHECK_FALSE(counts_against_sender(expected));
      } else {
        CHECK_FALSE(unread);
        CHECK(counts_against_sender(expected));
      }
      if (key == nullptr) continue;
      const auto first = v.open(letter);
      REQUIRE_FALSE(first);
      CHECK(first.error() == expected);

      MailSession session = std::move(v.open(letter_of(text(letters[1], "letter")))->session);  // M 0
      const auto before = hex(session.to_bytes().view());
      const auto later = session.open(letter);
      REQUIRE_FALSE(later);
      CHECK(later.error() == expected);
      CHECK(hex(session.to_bytes().view()) == before);
      CHECK(session.open(letter_of(text(letters[0], "letter"))));
    }
    CHECK(refused >= 9);
  }
}

TEST_CASE(
    "attack 47: mail vectors: a `once` key opened a second time, by another sender and nonce, is refused") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    const ClientMail first = letter_of(text(v.json["sessions"][0]["letters"][0], "letter"));
    const ClientMail second = letter_of(text(v.json["second_opener"], "letter"));
    CHECK(second.src == v.carol_id);
    const Prekey& key = v.key_of(second).record;
    CHECK_FALSE(refuse_unread(second, &key, std::nullopt));
    CHECK(v.open(second));
    CHECK(refuse_unread(second, &key, opener_of(first)) == LetterRefusal::used_prekey);
    CHECK_FALSE(refuse_unread(first, &key, opener_of(first)));
    CHECK_FALSE(counts_against_sender(LetterRefusal::used_prekey));
  }
}

TEST_CASE("mail vectors: the signed receipt of a letter that could not be opened") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    const ClientMail letter = letter_of(text(v.json["unopened"], "letter"));
    const std::string receipt(text(v.json["unopened"], "receipt"));
    CHECK(encode(sign_unopened(letter, v.bob)) == receipt);
    CHECK(proves_unopened(receipt_of(receipt), v.alice_id, v.bob_id, token_hash(letter)));
  }
}
