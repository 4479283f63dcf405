// Mail sessions of both sides: letters in any order, each once, what is stored of a session, and its end.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "proto/limits.h"
#include "proto/mail/mail_pair.h"

using namespace sims;
using namespace sims::test;

namespace {

std::vector<MailSender::Sealed> seal_all(MailSender& sender, std::size_t count, Now now) {
  std::vector<MailSender::Sealed> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(sender.seal("letter " + std::to_string(i), now));
  return out;
}

std::string stored(const MailSession& session) {
  return hex(session.to_bytes().view());
}

}  // namespace

TEST_CASE("mail sessions: 100 letters open in any order, each once, through a store in between") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    for (const std::uint64_t order : {0, 1, 2, 3}) {
      auto sender = v.sender(v.alice, v.keys[0].record, order);
      const auto sealed = seal_all(sender, letters_per_session, v.now);
      CHECK(sender.spent(v.now));
      std::vector<std::size_t> turn(letters_per_session);
      std::iota(turn.begin(), turn.end(), 0);
      FixedRng rng(order);
      if (order == 1) std::reverse(turn.begin(), turn.end());
      if (order > 1)
        for (std::size_t i = turn.size() - 1; i > 0; --i)
          std::swap(turn[i], turn[rng.pick(i + 1)]);

      std::optional<MailSession> session;
      for (const std::size_t m : turn) {
        const ClientMail letter = letter_of(sealed[m].message);
        OpenedLetter opened;
        if (!session) {
          auto first = v.open(letter);
          REQUIRE(first);
          opened = std::move(first->letter);
          session = std::move(first->session);
        } else {
          REQUIRE_FALSE(session->finished());
          session = MailSession::from_bytes(session->to_bytes().view());
          REQUIRE(session);
          auto later = session->open(letter);
          REQUIRE(later);
          opened = std::move(*later);
        }
        CHECK(opened.plaintext == "letter " + std::to_string(m));
        CHECK(proves_delivery(receipt_of(opened.receipt), v.alice_id, sealed[m].awaited));
        const auto before = stored(*session);
        const auto twice = session->open(letter);
        REQUIRE_FALSE(twice);
        CHECK(twice.error() == LetterRefusal::again);
        CHECK(stored(*session) == before);
        CHECK(receipt_of(opened.receipt).data == token_hash(letter));
      }
      REQUIRE(session);
      CHECK(session->finished());
      const auto left = session->to_bytes();
      CHECK(left.size() == 66);
      CHECK(hex(left.view().last(32)) == std::string(64, '0'));  // the chain's key is gone
    }
  }
}

TEST_CASE("mail sessions: a sender's session ends after 100 letters or a day by either clock") {
  const MailVectors v("mail-ecdhe.json");
  auto sender = v.sender(v.alice, v.keys[0].record, 1);
  Now later = v.made;
  later.steady_ms += mail_session_s * 1'000 - 1;
  CHECK_FALSE(sender.spent(later));
  later.steady_ms += 1;
  CHECK(sender.spent(later));
  later = v.made;
  later.unix_ms += mail_session_s * 1'000;
  CHECK(sender.spent(later));
  later.unix_ms = 0;  // the clock was put back
  CHECK_FALSE(sender.spent(later));
  for (std::size_t i = 0; i < letters_per_session; ++i) {
    CHECK_FALSE(sender.spent(v.made));
    CHECK(sender.seal("x", v.made).awaited.id == i);
  }
  CHECK(sender.spent(v.made));
}

TEST_CASE("mail sessions: the letters of one session share its header; those of two share nothing") {
  const MailVectors v("mail-ecdhe.json");
  auto one = v.sender(v.alice, v.keys[1].record, 1), two = v.sender(v.alice, v.keys[1].record, 2);
  const auto a = letter_of(one.seal("x", v.now).message), b = letter_of(one.seal("x", v.now).message);
  const auto c = letter_of(two.seal("x", v.now).message);
  CHECK((a.header.nonce == b.header.nonce && a.header.key == b.header.key));
  CHECK(a.header.signature == b.header.signature);
  CHECK((a.header.nonce != c.header.nonce && a.header.key != c.header.key));
  CHECK((a.data != b.data && a.data != c.data));
  CHECK(opener_of(a) == opener_of(b));
  CHECK(opener_of(a) != opener_of(c));
  CHECK(v.open(a));
  CHECK(v.open(c));
}

TEST_CASE("mail sessions: a stored session of another form is not taken") {
  const MailVectors v("mail-ecdhe.json");
  auto sender = v.sender(v.alice, v.keys[0].record, 1);
  const auto sealed = seal_all(sender, 4, v.now);
  const auto first = v.open(letter_of(sealed[3].message));
  REQUIRE(first);
  const auto secret = first->session.to_bytes();
  const Bytes good(secret.view().begin(), secret.view().end());
  REQUIRE(good.size() == 66 + 3 * 33);
  CHECK(MailSession::from_bytes(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(MailSession::from_bytes(ByteView(good).first(size)).has_value() ==
          (size >= 66 && (size - 66) % 33 == 0));
  const auto with = [&good](std::size_t at, std::uint8_t value) {
    Bytes changed = good;
    changed[at] = value;
    return MailSession::from_bytes(changed).has_value();
  };
  CHECK_FALSE(with(0, 2));  // version
  CHECK(with(33, 100));     // next M
  CHECK_FALSE(with(33, 101));
  CHECK_FALSE(with(33, 2));       // under a skipped key
  CHECK_FALSE(with(66, 1));       // twice
  CHECK_FALSE(with(66, 2));       // not ascending
  CHECK_FALSE(with(66 + 66, 4));  // not skipped
}
