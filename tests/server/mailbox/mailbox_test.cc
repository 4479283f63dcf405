// The contract of Mailbox and Prekeys, over both implementations.
#include <algorithm>

#include "server/mailbox/mail_fixture.h"

namespace sims {
namespace {

using namespace sims::test;
using proto::PrekeyUse;
using server::MailBound;
using server::MailKind;
using server::MailLimits;
using server::PutFate;

#define BOTH InMemory, OnDisk

std::string bytes(std::size_t size, std::uint32_t n = 0) {
  auto out = std::to_string(n);
  out.resize(size, 'x');
  return out;
}

template <class Kind>
server::MailStats kind_stats(Kind& kind) {
  return box_of(kind).stats();
}

// --- letters --------------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("letters and receipts wait in order, byte for byte, each in its owner's box", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  std::string binary = "b";
  binary += '\0';
  binary += "\xff";
  CHECK(box.fate(letter(1, 2, "a")) == PutFate::stored);
  CHECK(box.fate(letter(3, 2, "other")) == PutFate::stored);
  CHECK(box.fate(receipt(1, 4, binary)) == PutFate::stored);
  CHECK(box.fate(letter(1, 2, "c")) == PutFate::stored);
  const auto taken = box.take(1);
  REQUIRE(taken.items.size() == 3);
  CHECK_FALSE(taken.more);
  CHECK(taken.items[0].bytes == "a");
  CHECK(taken.items[0].kind == MailKind::letter);
  CHECK(taken.items[0].hash == hash_of("a"));
  CHECK(taken.items[1].bytes == binary);
  CHECK(taken.items[1].kind == MailKind::receipt);
  CHECK(taken.items[2].bytes == "c");
  CHECK(taken.items[0].number < taken.items[1].number);
  CHECK(taken.items[1].number < taken.items[2].number);
  CHECK(box.all(3) == "other");
  CHECK(box.all(99) == "");
}

TEST_CASE_TEMPLATE(
    "a letter that waits already is known, also in one batch with itself; once acked it is new", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  CHECK(box.fate(letter(1, 2, "a")) == PutFate::stored);
  CHECK(box.fate(letter(1, 2, "a")) == PutFate::known);
  CHECK(box.fate(letter(3, 2, "a")) == PutFate::stored);  // another owner
  auto& asked = box_of(kind);
  asked.put(101, letter(1, 2, "b"), a_time);
  asked.put(102, letter(1, 2, "b"), a_time);
  kind.run();
  const auto answers = asked.take_answers();
  REQUIRE(answers.size() == 2);
  CHECK(std::get<server::PutAnswer>(answers[0]).fate == PutFate::stored);
  CHECK(std::get<server::PutAnswer>(answers[1]).fate == PutFate::known);
  CHECK(box.all(1) == "a b");
  box.strike(1, {hash_of("a")});
  CHECK(box.fate(letter(1, 2, "a")) == PutFate::stored);
  CHECK(box.all(1) == "b a");
}

TEST_CASE_TEMPLATE("a box is taken in pages, by count and by bytes, one item at least", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  for (std::uint32_t n = 0; n < 5; ++n)
    CHECK(box.fate(letter(1, 2, bytes(100, n))) == PutFate::stored);
  auto page = box.take(1, 0, 2);
  CHECK(page.items.size() == 2);
  CHECK(page.more);
  page = box.take(1, page.items.back().number, 3);
  CHECK(page.items.size() == 3);
  CHECK_FALSE(page.more);
  CHECK(page.items[0].bytes == bytes(100, 2));
  CHECK(box.take(1, page.items.back().number).items.empty());
  CHECK(box.take(1, 0, 100, 300).items.size() == 3);
  CHECK(box.take(1, 0, 100, 299).items.size() == 2);
  CHECK(box.take(1, 0, 100, 299).more);
  CHECK(box.take(1, 0, 100, 1).items.size() == 1);
  CHECK(box.take(1, 0, 100, 500).items.size() == 5);
  CHECK_FALSE(box.take(1, 0, 100, 500).more);
}

TEST_CASE_TEMPLATE("items are struck off by hash, counted in taken, and their numbers don't come again", Kind,
                   BOTH) {
  Kind kind;
  Asker box(kind);
  for (const auto* text : {"a", "b", "c"})
    box.put(letter(1, 2, text));
  box.put(letter(3, 2, "a"));
  const auto last = box.take(1).items.back().number;
  CHECK_FALSE(box.strike(1, {hash_of("c"), hash_of("a"), hash_of("not there"), hash_of("a")}).failed);
  CHECK(box.all(1) == "b");
  CHECK(box.all(3) == "a");
  CHECK(box.status(1).taken == 2);
  CHECK(box.status(1).waiting == 1);
  CHECK(box.status(3).taken == 0);
  CHECK_FALSE(box.strike(99, {hash_of("a")}).failed);
  box.strike(1, {hash_of("b")});
  box.put(letter(1, 2, "d"));
  CHECK(box.take(1).items.at(0).number > last);
  CHECK(box.take(1, last).items.size() == 1);
  CHECK(box.status(1).taken == 3);
}

// A relay asks again after a strike that may have been done, while a sender without an ack puts again.
TEST_CASE_TEMPLATE("bytes that were put again after their owner was given them stay", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  box.put(letter(1, 2, "a"));
  const std::vector<server::GivenItem> first{{hash_of("a"), box.take(1).items.at(0).number}};
  CHECK_FALSE(box.strike(1, first).failed);
  box.put(letter(1, 2, "a"));
  CHECK_FALSE(box.strike(1, first).failed);
  CHECK(box.all(1) == "a");
  CHECK(box.status(1).taken == 1);
}

TEST_CASE_TEMPLATE("a question counts the changes of its owner that were asked for before it", Kind, BOTH) {
  Kind kind;
  auto& box = box_of(kind);
  box.put(1, letter(1, 2, "a"), a_time);
  box.strike(2, id(1), given({hash_of("a")}));
  box.status(3, id(1));
  box.put(4, letter(1, 2, "b"), a_time);
  box.take(5, id(1), 0, 10, 1'000);
  kind.run();
  const auto answers = box.take_answers();
  REQUIRE(answers.size() == 5);
  for (const auto& answer : answers) {
    if (const auto* status = std::get_if<server::StatusAnswer>(&answer)) CHECK(status->status.taken == 1);
    if (const auto* take = std::get_if<server::TakeAnswer>(&answer)) {
      REQUIRE(take->items.size() == 1);
      CHECK(take->items[0].bytes == "b");
    }
  }
}

// --- bounds ---------------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("51: one owner's letters are bounded in number and bytes, with room again after an ack",
                   Kind, BOTH) {
  MailLimits limits;
  limits.owner_letters = 20;
  limits.owner_bytes = 1'000;
  Kind kind(limits);
  Asker box(kind);
  for (std::uint32_t n = 0; n < 20; ++n)
    CHECK(box.fate(letter(1, 10 + n, bytes(10, n))) == PutFate::stored);
  const auto over = box.put(letter(1, 50, "over"));
  CHECK(over.fate == PutFate::full);
  CHECK(over.bound == MailBound::owner);
  CHECK(box.fate(letter(1, 10, bytes(10, 0))) == PutFate::known);
  CHECK(box.fate(receipt(1, 50, "receipts have room of their own")) == PutFate::stored);
  CHECK(box.fate(letter(2, 50, "another box")) == PutFate::stored);
  box.strike(1, {hash_of(bytes(10, 3))});
  CHECK(box.fate(letter(1, 50, bytes(811))) == PutFate::full);  // 190 of 1,000 bytes are there
  CHECK(box.fate(letter(1, 50, bytes(810))) == PutFate::stored);
  CHECK(box.summary(1).letters == 20);
}

TEST_CASE_TEMPLATE("51: one sender's letters in a box are bounded in number and bytes", Kind, BOTH) {
  MailLimits limits;
  limits.sender_letters = 4;
  limits.sender_bytes = 100;
  Kind kind(limits);
  Asker box(kind);
  for (std::uint32_t n = 0; n < 4; ++n)
    CHECK(box.fate(letter(1, 2, bytes(10, n))) == PutFate::stored);
  const auto over = box.put(letter(1, 2, "over"));
  CHECK(over.fate == PutFate::full);
  CHECK(over.bound == MailBound::sender);
  CHECK(box.fate(letter(1, 3, "another sender")) == PutFate::stored);
  CHECK(box.fate(letter(4, 2, "another box")) == PutFate::stored);
  box.strike(1, {hash_of(bytes(10, 0))});
  CHECK(box.fate(letter(1, 2, bytes(71))) == PutFate::full);
  CHECK(box.fate(letter(1, 2, bytes(70))) == PutFate::stored);
}

TEST_CASE_TEMPLATE("51: the last fifth of a box is for senders with fewer than 10 letters there", Kind,
                   BOTH) {
  MailLimits limits;
  limits.owner_letters = 50;
  limits.owner_bytes = 10'000;
  Kind kind(limits);
  Asker box(kind);
  for (std::uint32_t n = 0; n < 40; ++n)
    CHECK(box.fate(letter(1, 2, bytes(10, n))) == PutFate::stored);
  const auto over = box.put(letter(1, 2, "over"));
  CHECK(over.fate == PutFate::full);
  CHECK(over.bound == MailBound::last_fifth);
  for (std::uint32_t n = 0; n < 10; ++n)
    CHECK(box.fate(letter(1, 3, bytes(10, 100 + n))) == PutFate::stored);
  CHECK(box.put(letter(1, 3, "over")).bound == MailBound::owner);
  CHECK(box.put(letter(1, 4, "over")).bound == MailBound::owner);
  // By bytes: 8,000 of 10,000 are there, one sender has 10 letters, another 9.
  for (std::uint32_t n = 0; n < 10; ++n)
    CHECK(box.fate(letter(5, 2, bytes(700, n))) == PutFate::stored);
  for (std::uint32_t n = 0; n < 9; ++n)
    CHECK(box.fate(letter(5, 3, bytes(100, 100 + n))) == PutFate::stored);
  CHECK(box.put(letter(5, 2, bytes(101, 200))).bound == MailBound::last_fifth);
  CHECK(box.fate(letter(5, 2, bytes(100, 200))) == PutFate::stored);
  CHECK(box.fate(letter(5, 3, bytes(2'000, 201))) == PutFate::stored);
}

TEST_CASE_TEMPLATE("51: a newcomer's letters are bounded over all boxes", Kind, BOTH) {
  MailLimits limits;
  limits.newcomer_letters = 3;
  Kind kind(limits);
  Asker box(kind);
  const auto from_newcomer = [](std::uint32_t owner, const char* text) {
    auto put = letter(owner, 2, text);
    put.newcomer = true;
    return put;
  };
  CHECK(box.fate(from_newcomer(1, "a")) == PutFate::stored);
  CHECK(box.fate(from_newcomer(3, "b")) == PutFate::stored);
  CHECK(box.fate(from_newcomer(4, "c")) == PutFate::stored);
  const auto over = box.put(from_newcomer(5, "d"));
  CHECK(over.fate == PutFate::full);
  CHECK(over.bound == MailBound::newcomer);
  CHECK(box.fate(letter(5, 2, "after a day")) == PutFate::stored);
  box.strike(5, {hash_of("after a day")});
  box.strike(3, {hash_of("b")});
  CHECK(box.fate(from_newcomer(5, "d")) == PutFate::stored);
}

TEST_CASE_TEMPLATE("51: receipts have bounds of their own, past which they are dropped", Kind, BOTH) {
  MailLimits limits;
  limits.owner_receipts = 6;
  limits.sender_receipts = 4;
  Kind kind(limits);
  Asker box(kind);
  for (std::uint32_t n = 0; n < 4; ++n)
    CHECK(box.fate(receipt(1, 2, bytes(300, n))) == PutFate::stored);
  auto over = box.put(receipt(1, 2, "over"));
  CHECK(over.fate == PutFate::dropped);
  CHECK(over.bound == MailBound::sender);
  for (std::uint32_t n = 0; n < 2; ++n)
    CHECK(box.fate(receipt(1, 3, bytes(300, 10 + n))) == PutFate::stored);
  over = box.put(receipt(1, 4, "over"));
  CHECK(over.fate == PutFate::dropped);
  CHECK(over.bound == MailBound::owner);
  CHECK(box.fate(letter(1, 2, "letters have room of their own")) == PutFate::stored);
  CHECK(kind_stats(kind).dropped_receipts == 2);
  // Padded ones, each with room for 512 bytes.
  CHECK(box.put(receipt(5, 2, bytes(4 * 512 + 1))).bound == MailBound::sender);
  CHECK(box.fate(receipt(5, 2, bytes(4 * 512))) == PutFate::stored);
}

TEST_CASE_TEMPLATE("51: the bound on everything holds, and frees itself", Kind, BOTH) {
  MailLimits limits;
  limits.total_bytes = 1 << 20;
  Kind kind(limits);
  Asker box(kind);
  std::uint32_t stored = 0;
  server::PutAnswer answer;
  for (; stored < 200; ++stored) {
    answer = box.put(letter(stored % 7, 99, bytes(16'384, stored)));
    if (answer.fate != PutFate::stored) break;
  }
  CHECK(answer.fate == PutFate::full);
  CHECK(answer.bound == MailBound::total);
  CHECK(stored > 40);
  CHECK(stored < 64);
  auto long_keys = prekeys(1, 20);
  for (auto& key : long_keys)
    key.key.assign(1'024, 1);
  using Fate = server::PublishAnswer::Fate;
  CHECK(box.publish(1, long_keys).fate == Fate::failed);
  CHECK(box.publish(1, {}).fate == Fate::stored);
  const auto dropped = box.put(receipt(1, 2, bytes(512 * 100)));
  CHECK(dropped.fate == PutFate::dropped);
  CHECK(dropped.bound == MailBound::total);
  for (std::uint32_t n = 0; n < 7; ++n)
    box.done([&](auto& asked, auto ticket) { asked.purge(ticket, id(n)); });
  CHECK(box.fate(letter(1, 99, bytes(16'384, stored))) == PutFate::stored);
  CHECK(box.publish(1, long_keys).fate == Fate::stored);
}

TEST_CASE_TEMPLATE("no letter overtakes one that was refused, until the caller has heard of it", Kind, BOTH) {
  MailLimits limits;
  limits.sender_bytes = 100;
  Kind kind(limits);
  Asker asker(kind);
  auto& box = box_of(kind);
  box.put(1'001, letter(1, 2, bytes(101)), a_time);
  box.put(1'002, letter(1, 2, "small"), a_time);
  box.put(1'003, letter(1, 3, "another sender"), a_time);
  box.put(1'004, letter(4, 2, "another box"), a_time);
  box.put(1'005, receipt(1, 2, "a receipt"), a_time);
  kind.run();
  box.put(1'006, letter(1, 2, "smaller"), a_time);
  kind.run();
  std::vector<std::pair<server::Ticket, PutFate>> fates;
  for (const auto& answer : box.take_answers())
    fates.emplace_back(std::get<server::PutAnswer>(answer).ticket, std::get<server::PutAnswer>(answer).fate);
  std::ranges::sort(fates);
  CHECK(fates == std::vector<std::pair<server::Ticket, PutFate>>{{1'001, PutFate::full},
                                                                 {1'002, PutFate::full},
                                                                 {1'003, PutFate::stored},
                                                                 {1'004, PutFate::stored},
                                                                 {1'005, PutFate::stored},
                                                                 {1'006, PutFate::full}});
  CHECK(asker.fate(letter(1, 2, "small")) == PutFate::stored);
}

TEST_CASE_TEMPLATE("new limits hold from the next letter on", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  CHECK(box.fate(letter(1, 2, "a")) == PutFate::stored);
  MailLimits limits;
  limits.owner_letters = 1;
  box_of(kind).set_limits(limits);
  CHECK(box.put(letter(1, 2, "b")).bound == MailBound::owner);
}

// --- age, administrators --------------------------------------------------------------------------

TEST_CASE_TEMPLATE("items expire after the limit's days, and are not counted in taken", Kind, BOTH) {
  MailLimits limits;
  limits.days = 2;
  Kind kind(limits);
  Asker box(kind);
  box.put(letter(1, 2, "future"), a_time + 9 * a_day);  // a clock was wrong
  for (std::uint32_t n = 0; n < 1'200; ++n)
    box_of(kind).put(1'000 + n, letter(1, 2 + n % 3, bytes(10, n)), a_time);
  kind.run();
  all_answers(box_of(kind));
  box.put(receipt(1, 2, "receipt"), a_time);
  box.put(letter(1, 2, "young"), a_time + 1);
  CHECK(box.expire(a_time + 2 * a_day - 1) == 0);
  CHECK(box.expire(a_time + 2 * a_day) == 1'201);
  CHECK(box.all(1) == "future young");
  CHECK(box.status(1).taken == 0);
  CHECK(box.status(1).waiting == 2);
  CHECK(box.summary(1).senders == 1);
  CHECK(box.expire(a_time + 2 * a_day + 1) == 1);
  CHECK(box.expire(a_time + 11 * a_day) == 1);
  CHECK(kind_stats(kind).expired == 1'203);
  CHECK(kind_stats(kind).letters == 0);
}

TEST_CASE_TEMPLATE("a box is summed up, purged and forgotten", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  CHECK(box.summary(1).oldest_unix_s == 0);
  box.put(letter(1, 2, "aa"), a_time);
  box.put(letter(1, 3, "bbb"), a_time + 5);
  box.put(receipt(1, 4, "r"), a_time + 6);
  box.put(letter(2, 1, "from 1"), a_time + 7);
  box.publish(1, prekeys(1, 3));
  box.strike(1, {hash_of("aa")});
  auto sum = box.summary(1);
  CHECK(sum.letters == 1);
  CHECK(sum.receipts == 1);
  CHECK(sum.bytes == 4);
  CHECK(sum.oldest_unix_s == a_time + 5);
  CHECK(sum.senders == 2);
  CHECK(sum.prekeys.taken == 1);
  REQUIRE(sum.prekeys.left.size() == 1);
  CHECK(sum.prekeys.left[0].once == 3);
  CHECK(kind_stats(kind).letters == 2);
  CHECK(kind_stats(kind).receipts == 1);
  CHECK(kind_stats(kind).bytes == 10);
  CHECK(kind_stats(kind).prekeys == 3);
  CHECK(kind_stats(kind).oldest_unix_s == a_time + 5);
  const auto purge = [&](auto& asked, auto ticket) { asked.purge(ticket, id(1)); };
  CHECK(box.done(purge).removed == 2);
  CHECK(box.done(purge).removed == 0);
  sum = box.summary(1);
  CHECK(sum.letters + sum.receipts + sum.bytes + sum.senders == 0);
  CHECK(sum.prekeys.taken == 1);
  CHECK(sum.prekeys.left.size() == 1);
  box.put(letter(1, 2, "again"));
  CHECK(box.done([&](auto& asked, auto ticket) { asked.forget(ticket, id(1)); }).removed == 1);
  CHECK(box.status(1).taken == 0);
  CHECK(box.status(1).left.empty());
  CHECK_FALSE(box.status(1).last);
  CHECK(box.all(1) == "");
  CHECK(box.all(2) == "from 1");
  box.strike(2, {hash_of("from 1")});
  CHECK(kind_stats(kind).letters == 0);
  CHECK(kind_stats(kind).prekeys == 0);
  CHECK(box.fate(letter(1, 2, "anew")) == PutFate::stored);
}

// --- prekeys --------------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("prekeys are added once, a many key replaces the earlier one of its suite", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  auto status = box.publish(1, {}).status;
  CHECK(status.left.empty());
  CHECK_FALSE(status.last);
  status = box.publish(1, {prekey(1), prekey(2), prekey(50, ecdhe, PrekeyUse::many), prekey(3, rsa)}).status;
  REQUIRE(status.left.size() == 2);
  CHECK(status.left[0].suite == ecdhe);
  CHECK(status.left[0].once == 2);
  CHECK(status.left[0].many);
  CHECK(status.left[1].suite == rsa);
  CHECK(status.left[1].once == 1);
  CHECK_FALSE(status.left[1].many);
  CHECK(status.last == prekey(3).number);
  // Again, after the answer was lost.
  status = box.publish(1, {prekey(1), prekey(2), prekey(50, ecdhe, PrekeyUse::many), prekey(3, rsa)}).status;
  CHECK(status.left[0].once == 2);
  CHECK(status.last == prekey(3).number);
  status = box.publish(1, {prekey(51, ecdhe, PrekeyUse::many), prekey(52, ecdhe, PrekeyUse::many)}).status;
  CHECK(status.left[0].once == 2);
  CHECK(status.last == prekey(52).number);
  for (int n = 0; n < 2; ++n)
    box.claim(1, 9);
  const auto claimed = box.claim(1, 9);
  REQUIRE(claimed.prekey);
  CHECK(number_of(*claimed.prekey) == 52);
  CHECK(claimed.prekey->use == PrekeyUse::many);
  CHECK(claimed.prekey->expires == prekey(52).expires);
  CHECK(claimed.prekey->key == prekey(52).key);
  CHECK(claimed.prekey->signature == prekey(52).signature);
}

TEST_CASE_TEMPLATE("over the counts of a suite nothing changes", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  using Fate = server::PublishAnswer::Fate;
  CHECK(box.publish(1, prekeys(1, 100)).fate == Fate::stored);
  CHECK(box.publish(1, {prekey(200, ecdhe, PrekeyUse::many)}).fate == Fate::stored);
  CHECK(box.publish(1, {prekey(201, ecdhe, PrekeyUse::many), prekey(101)}).fate == Fate::too_many);
  CHECK(box.status(1).last == prekey(200).number);
  CHECK(box.status(1).left[0].once == 100);
  CHECK(box.publish(1, prekeys(90, 100)).fate == Fate::stored);  // they are there
  CHECK(box.publish(1, prekeys(301, 310, rsa)).fate == Fate::stored);
  CHECK(box.publish(1, prekeys(311, 311, rsa)).fate == Fate::too_many);
  CHECK(box.publish(1, {prekey(400, rsa, PrekeyUse::many)}).fate == Fate::too_many);
  CHECK(box.publish(1, {prekey(401, "NO_SUCH_SUITE")}).fate == Fate::too_many);
  CHECK(box.publish(1, prekeys(500, 600), true).fate == Fate::too_many);
  CHECK(box.status(1).left[0].once == 100);
  CHECK(box.publish(1, prekeys(500, 599), true).fate == Fate::stored);
  REQUIRE(box.status(1).left.size() == 1);
  CHECK(box.status(1).left[0].once == 100);
  CHECK_FALSE(box.status(1).left[0].many);
  CHECK(kind_stats(kind).prekeys == 100);
}

TEST_CASE_TEMPLATE("47: a number that was handed out is never added again, also after fresh", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  box.publish(1, prekeys(1, 2));
  const auto first = box.claim(1, 9).prekey;
  REQUIRE(first);
  box.publish(1, prekeys(1, 2));
  CHECK(box.status(1).left[0].once == 1);
  box.publish(1, prekeys(1, 2), true);
  CHECK(box.status(1).left[0].once == 1);
  const auto second = box.claim(1, 9).prekey;
  REQUIRE(second);
  CHECK(first->number != second->number);
  box.publish(1, prekeys(1, 2), true);
  CHECK(box.status(1).left.empty());
  CHECK_FALSE(box.claim(1, 9).prekey);
  CHECK(box.publish(2, prekeys(1, 2)).status.left[0].once == 2);  // another owner's
}

TEST_CASE_TEMPLATE("a claim hands out a key of the first suite for which there is one", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  CHECK_FALSE(box.claim(1, 9).prekey);
  CHECK_FALSE(box.claim(1, 9).few_left);
  box.publish(1, {prekey(1, rsa), prekey(2), prekey(3, ecdhe, PrekeyUse::many)});
  CHECK(number_of(*box.claim(1, 9, {"NO_SUCH_SUITE", rsa, ecdhe}).prekey) == 1);
  CHECK(number_of(*box.claim(1, 9, {rsa, ecdhe}).prekey) == 2);
  CHECK(number_of(*box.claim(1, 9, {rsa, ecdhe}).prekey) == 3);
  CHECK(number_of(*box.claim(1, 9, {rsa, ecdhe}).prekey) == 3);
  CHECK_FALSE(box.claim(1, 9, {rsa}).prekey);
}

TEST_CASE_TEMPLATE(
    "50: one asker gets 5 once keys of an owner in an hour, of both suites together, then the many key", Kind,
    BOTH) {
  Kind kind;
  Asker box(kind);
  auto keys = prekeys(1, 30);
  keys.push_back(prekey(50, ecdhe, PrekeyUse::many));
  box.publish(1, keys);
  box.publish(1, prekeys(101, 110, rsa));
  const auto use = [&](std::uint32_t asker, std::vector<std::string> suites, std::uint64_t later = 0) {
    const auto key = box.claim(1, asker, std::move(suites), a_time + later).prekey;
    return key ? static_cast<int>(key->use) : 0;
  };
  for (int n = 0; n < 3; ++n)
    CHECK(use(9, {ecdhe}) == 1);
  for (int n = 0; n < 2; ++n)
    CHECK(use(9, {rsa}, 1'000) == 1);
  CHECK(use(9, {ecdhe}, 1'000) == 2);
  CHECK(use(9, {rsa, ecdhe}, 1'000) == 2);
  CHECK(use(9, {rsa}, 3'599) == 0);
  CHECK(use(10, {rsa}) == 1);  // another asker
  CHECK(use(9, {ecdhe}, 3'600) == 1);
  for (int n = 0; n < 2; ++n)
    CHECK(use(9, {ecdhe}, 3'600) == 1);
  CHECK(use(9, {ecdhe}, 3'600) == 2);
}

TEST_CASE_TEMPLATE("an owner is told when a claim leaves it with few", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  box.publish(1, prekeys(1, 11));
  CHECK_FALSE(box.claim(1, 8).few_left);
  CHECK(box.claim(1, 9).few_left);
}

TEST_CASE_TEMPLATE("50: asks for the last resort, which stays, do not have its owner told", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  box.publish(1, {prekey(1), prekey(2, ecdhe, PrekeyUse::many)});
  CHECK(box.claim(1, 8).few_left);
  const auto many = box.claim(1, 9);
  CHECK(many.prekey);
  CHECK_FALSE(many.few_left);
}

TEST_CASE_TEMPLATE("prekeys are dropped when they expire, and their numbers forgotten", Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  box.publish(1,
              {prekey(1, ecdhe, PrekeyUse::once, a_time + 10), prekey(2, ecdhe, PrekeyUse::many, a_time + 10),
               prekey(3, ecdhe, PrekeyUse::once, a_time), prekey(4, rsa, PrekeyUse::once, a_time + 10)});
  CHECK(box.status(1).left[0].once == 1);  // number 3 had expired
  CHECK(box.claim(1, 9, {rsa}).prekey);
  CHECK_FALSE(box.claim(1, 9, {ecdhe}, a_time + 10).prekey);
  CHECK(box.claim(1, 9, {ecdhe}, a_time + 9).prekey);
  box.expire(a_time + 10);
  CHECK(box.status(1).left.empty());
  CHECK(kind_stats(kind).prekeys == 0);
  CHECK(box.publish(1, {prekey(4)}, false, a_time + 11).status.left[0].once == 1);
}

TEST_CASE_TEMPLATE("70: after an older mail.db was put back all prekeys are dropped, and their owners see it",
                   Kind, BOTH) {
  Kind kind;
  Asker box(kind);
  box.put(letter(1, 2, "a"));
  box.publish(1, prekeys(1, 3));
  box.publish(2, prekeys(1, 4));
  const auto given = box.claim(1, 9).prekey;
  CHECK(box.done([&](auto& asked, auto ticket) { asked.drop_all(ticket); }).removed == 6);
  CHECK(box.status(1).left.empty());
  CHECK_FALSE(box.status(2).last);
  CHECK(kind_stats(kind).prekeys == 0);
  CHECK(box.all(1) == "a");
  CHECK(box.publish(1, prekeys(1, 3)).status.left[0].once == 2);  // one was handed out
}

TEST_CASE("a mailbox in memory: its disk fails, is in doubt, and is put back") {
  using Disk = server::MemoryMailbox::Disk;
  InMemory kind;
  Asker box(kind);
  box.publish(1, prekeys(1, 3));
  CHECK(box.fate(letter(1, 2, "a")) == PutFate::stored);
  const auto older = kind.box.snapshot();

  kind.box.set_disk(Disk::failing);
  CHECK(box.fate(letter(1, 2, "b")) == PutFate::failed);
  CHECK(box.strike(1, {hash_of("a")}).failed);
  CHECK(box.claim(1, 9).failed);
  CHECK(box.publish(1, prekeys(4, 5)).fate == server::PublishAnswer::Fate::failed);
  CHECK(box.all(1) == "a");
  CHECK(box.status(1).left[0].once == 3);

  kind.box.set_disk(Disk::doubtful);
  CHECK(box.fate(letter(1, 2, "b")) == PutFate::failed);
  CHECK_FALSE(box.claim(1, 9).prekey);
  CHECK(box.strike(1, {hash_of("a")}).failed);
  kind.box.set_disk(Disk::working);
  CHECK(box.all(1) == "b");
  CHECK(box.fate(letter(1, 2, "b")) == PutFate::known);
  CHECK(box.status(1).left[0].once == 2);

  kind.box.put_back(older);
  CHECK(box.all(1) == "a");
  CHECK(box.status(1).left[0].once == 3);
  CHECK(box.status(1).taken == 0);
}

}  // namespace
}  // namespace sims
