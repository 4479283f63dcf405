// The outbox: texts from queued to delivered, lost sessions, limits, and keys that changed.
#include "client/conversation/outbox.h"

#include "proto/wire/content.h"

#include <doctest/doctest.h>

using namespace sims;
using namespace sims::client;

namespace {

Id id(char first) {
  std::string text(Id::length, 'A');
  text[0] = first;
  return Id::shaped(text).value();
}
const Id key = id('k'), other = id('o');

Outbox with(std::size_t count, std::size_t body = 1) {
  Outbox box;
  for (std::size_t i = 1; i <= count; ++i) {
    proto::TextContent content;
    content.body = std::string(body, 'x');
    box.add(i, i, key, content);
  }
  return box;
}

}  // namespace

TEST_CASE("texts go in order, from queued to delivered") {
  Outbox box = with(2);
  auto* first = box.next(key);
  REQUIRE(first);
  CHECK(first->serial == 1);
  box.sent(*first, 0, 10, 5);
  auto* second = box.next(key);
  REQUIRE(second);
  CHECK(second->serial == 2);
  CHECK(box.waiting(key));
  box.sent(*second, 1, 12, 6);
  CHECK_FALSE(box.next(key));
  CHECK_FALSE(box.waiting(key));
  CHECK(box.oldest_in_flight() == 5);

  CHECK(box.server_took(9).empty());
  auto took = box.server_took(11);
  REQUIRE(took.size() == 1);
  CHECK(took[0]->serial == 1);
  CHECK(took[0]->delivery == Delivery::sent);
  CHECK(box.server_took(11).empty());  // reported once

  auto done = box.delivered(1);
  REQUIRE(done);
  CHECK(done->serial == 2);
  CHECK(done->delivery == Delivery::delivered);
  CHECK_FALSE(box.delivered(1));
  CHECK_FALSE(box.delivered(7));
  CHECK(box.size() == 1);
}

TEST_CASE("a lost session queues texts in flight again, in order, with their own serials") {
  Outbox box = with(3);
  for (std::uint64_t m = 0; m < 3; ++m)
    box.sent(*box.next(key), m, m, 0);
  box.server_took(0);
  REQUIRE(box.delivered(1));
  auto changed = box.requeue();
  REQUIRE(changed.size() == 1);  // the other was shown as queued all the time
  CHECK(changed[0]->serial == 1);
  CHECK(changed[0]->delivery == Delivery::queued);
  CHECK_FALSE(box.delivered(0));  // an ack of the old session
  CHECK_FALSE(box.carries(2));
  CHECK(box.next(key)->serial == 1);
  box.sent(*box.next(key), 0, 5, 0);
  CHECK(box.next(key)->serial == 3);
}

TEST_CASE("texts in flight are limited") {
  Outbox many = with(200);
  std::size_t flying = 0;
  while (auto* entry = many.next(key))
    many.sent(*entry, flying, flying, 0), ++flying;
  CHECK(flying == Outbox::window);
  REQUIRE(many.delivered(0));
  CHECK(many.next(key));

  Outbox big = with(20, 16'384);
  flying = 0;
  while (auto* entry = big.next(key))
    big.sent(*entry, flying, flying, 0), ++flying;
  CHECK(flying == Outbox::window_bytes / 16'384);
}

TEST_CASE("a text that the server refuses leaves, the rest stays") {
  Outbox box = with(2);
  box.sent(*box.next(key), 0, 40, 0);
  box.sent(*box.next(key), 1, 41, 0);
  CHECK(box.carries(40));
  auto gone = box.take(40);
  REQUIRE(gone);
  CHECK(gone->serial == 1);
  CHECK_FALSE(box.take(40));
  CHECK(box.size() == 1);
}

TEST_CASE("attack 28: a text goes only to the key that it was typed for") {
  Outbox box = with(2);
  CHECK_FALSE(box.next(other));
  CHECK_FALSE(box.ready(other));
  CHECK_FALSE(box.waiting(other));
  CHECK(box.held(other) == 2);
  CHECK(box.held(key) == 0);
  proto::TextContent content;
  box.add(3, 3, other, content);
  CHECK(box.next(other)->serial == 3);
  const auto held = box.take_held(other);
  REQUIRE(held.size() == 2);
  CHECK(held[0].serial == 1);
  CHECK(box.size() == 1);
  CHECK(box.held(other) == 0);
}

TEST_CASE("a letter: out, posted, at the relay; a session takes it again only if it is asked to") {
  Outbox box = with(2);
  auto* first = box.next_letter(key);
  REQUIRE(first);
  first->mail = MailDelivery{};
  first->mail->message = "letter";
  first->mail->letters.push_back({0, crypto::sha256({bytes_of("token")}), SecretBytes(bytes_of("key"))});
  CHECK(first->letter_out());
  CHECK(box.next_letter(key)->row == 2);
  CHECK(box.next(key) == first);  // nobody has it yet
  CHECK(box.next_to_post(key) == first);
  box.posted(*first, 7);
  CHECK_FALSE(box.next(key));  // nor may the second pass it
  CHECK(box.next(key, true) == first);
  CHECK_FALSE(box.waiting(key));
  CHECK_FALSE(box.next_to_post(key));
  CHECK(box.any_posted());
  CHECK(box.posted_as(7) == first);
  CHECK_FALSE(box.carries(7));
  CHECK_FALSE(box.may_post(true));
  CHECK(box.may_post(false));

  box.link_lost();
  CHECK_FALSE(box.any_posted());
  CHECK(box.next_to_post(key) == first);
  box.posted(*first, 3);
  CHECK(box.posted_up_to(2).empty());
  REQUIRE(box.posted_up_to(3).size() == 1);
  box.unpost(*first);
  first->mail->message.clear();
  first->mail->mailed_unix_ms = 1;
  CHECK(first->at_relay());
  CHECK(box.any_by_letter(key));
  CHECK(box.next(key)->row == 2);  // the peer is given the first one
  CHECK(box.next(key, true) == first);
  CHECK(box.find_letter(key, crypto::sha256({bytes_of("token")})) == first);
  CHECK_FALSE(box.find_letter(other, crypto::sha256({bytes_of("token")})));
  CHECK_FALSE(box.find_letter(key, crypto::sha256({bytes_of("another")})));

  REQUIRE(box.take_row(1));
  CHECK_FALSE(box.any_by_letter(key));
}

TEST_CASE("letters have a window, and taking one out makes room") {
  Outbox box = with(Outbox::window + 5);
  for (std::uint64_t seq = 0; box.may_post(false); ++seq) {
    auto* entry = box.next_letter(key);
    REQUIRE(entry);
    entry->mail = MailDelivery{};
    entry->mail->message = "letter";
    box.posted(*entry, seq);
  }
  CHECK(box.posted_up_to(1'000).size() == Outbox::window);
  REQUIRE(box.take_row(1));
  CHECK(box.may_post(false));
  CHECK(box.take_held(other).size() == Outbox::window + 4);
  CHECK_FALSE(box.any_posted());
}
