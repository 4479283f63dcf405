// Prekeys: made by their owner, and everything that an asker checks.
#include "proto/mail/prekey.h"

#include <doctest/doctest.h>

#include <set>

#include "proto/limits.h"
#include "proto/mail/mail_pair.h"
#include "proto/mail/mail_schedule.h"

using namespace sims;
using namespace sims::test;

namespace {

constexpr std::uint64_t in_a_day = 1'767'225'600 + 86'400;

std::optional<PrekeyFault> fault_of(const MailVectors& v, const Prekey& prekey, Now now) {
  const auto checked = check_prekey(prekey, v.bob_id, v.bob_id, crypto::default_suites(), now);
  if (checked) return std::nullopt;
  return checked.error();
}

Now at(std::uint64_t unix_s) {
  return {5, static_cast<std::int64_t>(unix_s * 1'000)};
}

Prekey resigned(Prekey prekey, const crypto::SigningKey& by) {
  prekey.signature = by.sign(prekey_signed_input(prekey));
  return prekey;
}

}  // namespace

TEST_CASE("prekeys: one that was made is accepted, and is no other's") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    FixedEphemerals source;
    const auto one = make_prekey(v.suite, PrekeyUse::once, in_a_day, v.bob, source);
    const auto two = make_prekey(v.suite, PrekeyUse::once, in_a_day, v.bob, source);
    REQUIRE((one && two));
    CHECK(one->record.number != two->record.number);
    CHECK_FALSE(fault_of(v, one->record, v.made));
    CHECK(one->record.expires == in_a_day);
    CHECK(one->record.suite == v.suite.name);
    const auto checked = v.checked(one->record);
    CHECK((checked.owner() == v.bob_id && &checked.suite() == &v.suite));
    source.no_rsa = true;
    CHECK(make_prekey(v.suite, PrekeyUse::once, in_a_day, v.bob, source).has_value() == v.suite.many_prekey);
  }
}

TEST_CASE("prekeys: a private half comes back from a store only in its suite's size") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    const ByteView secret = v.keys[0].secret.view();
    const auto again = PrekeySecret::from_bytes(v.suite, secret);
    REQUIRE(again);
    CHECK(hex(again->view()) == hex(secret));
    CHECK(hex(again->clone().view()) == hex(secret));
    CHECK_FALSE(PrekeySecret::from_bytes(v.suite, secret.first(secret.size() - 1)));
    CHECK_FALSE(PrekeySecret::from_bytes(v.suite, {}));
  }
}

TEST_CASE("attack 47: a prekey is taken until a day after it has expired, and no longer") {
  const MailVectors v("mail-ecdhe.json");
  const Prekey& prekey = v.keys[0].record;
  CHECK_FALSE(fault_of(v, prekey, at(prekey.expires)));
  CHECK_FALSE(fault_of(v, prekey, at(prekey.expires + 86'400)));
  CHECK(fault_of(v, prekey, at(prekey.expires + 86'401)) == PrekeyFault::expired);
}

TEST_CASE("attack 47: a prekey of another owner is refused, whoever's it is said to be") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    const Prekey carols = resigned(v.keys[0].record, v.carol);
    CHECK(fault_of(v, carols, v.now) == PrekeyFault::signature);
    const auto suites = crypto::default_suites();
    CHECK(check_prekey(carols, v.carol_id, v.carol_id, suites, v.now));
    const auto swapped = check_prekey(carols, v.carol_id, v.bob_id, suites, v.now);
    REQUIRE_FALSE(swapped);
    CHECK(swapped.error() == PrekeyFault::not_asked_for);
    CHECK_FALSE(check_prekey(carols, v.bob_id, Id(), suites, v.now));
  }
}

TEST_CASE("attack 47: a prekey with any field altered is refused, and so is each bit of its signature") {
  for (const char* file : mail_files) {
    const MailVectors v(file);
    const Prekey& good = v.keys[0].record;
    std::vector<Prekey> altered(5, good);
    altered[0].number[15] ^= 1;
    altered[1].suite = v.suite.many_prekey ? "RSA_WITH_AES_128_CBC_SHA256" : "ECDHE_WITH_AES_128_CBC_SHA256";
    altered[2].expires -= 1;
    altered[3].key = v.keys[1].record.key;
    altered[4].signature = v.keys[1].record.signature;
    for (std::size_t bit = 0; bit < 512; bit += 37) {
      altered.push_back(good);
      altered.back().signature[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    }
    for (const Prekey& prekey : altered)
      CHECK(fault_of(v, prekey, v.now) == PrekeyFault::signature);
    Prekey many = good;
    many.use = PrekeyUse::many;
    CHECK(fault_of(v, many, v.now) == (v.suite.many_prekey ? PrekeyFault::signature : PrekeyFault::use));
  }
}

TEST_CASE("attack 47: what its owner signed is refused as well: a suite not asked for, a wrong use or key") {
  const MailVectors ecdhe("mail-ecdhe.json"), rsa("mail-rsa.json");
  Prekey many = rsa.keys[0].record;
  many.use = PrekeyUse::many;
  CHECK(fault_of(rsa, resigned(many, rsa.bob), rsa.now) == PrekeyFault::use);

  const auto only_rsa =
      check_prekey(ecdhe.keys[0].record, ecdhe.bob_id, ecdhe.bob_id, {&rsa.suite}, ecdhe.now);
  REQUIRE_FALSE(only_rsa);
  CHECK(only_rsa.error() == PrekeyFault::suite);
  Prekey none = ecdhe.keys[0].record;
  none.suite = "NONE";
  CHECK(fault_of(ecdhe, resigned(none, ecdhe.bob), ecdhe.now) == PrekeyFault::suite);

  for (const MailVectors* v : {&ecdhe, &rsa}) {
    const Prekey& good = v->keys[0].record;
    const Bytes& other = (v == &ecdhe ? rsa : ecdhe).keys[0].record.key;
    Bytes longer = good.key, shorter = good.key, prefix = good.key, last = good.key;
    longer.push_back(0);
    shorter.pop_back();
    prefix[10] ^= 1;
    last.back() ^= 1;
    for (const Bytes& key : {other, longer, shorter, prefix, last, Bytes()}) {
      Prekey wrong = good;
      wrong.key = key;
      CHECK(fault_of(*v, resigned(wrong, v->bob), v->now) == PrekeyFault::key);
    }
  }
}

TEST_CASE("prekeys: each fault has words of its own") {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(PrekeyFault::key); ++i)
    words.insert(explain(static_cast<PrekeyFault>(i)));
  CHECK(words.size() == 6);
  CHECK_FALSE(words.contains(""));
}
