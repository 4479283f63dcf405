// What was given to an owner, and to whom letters are refused.
#include "server/relay/session_mail.h"

#include <doctest/doctest.h>

#include "support/some_id.h"

namespace sims::server {

using test::id;

TEST_CASE("a window has room for 50 items and 256 KiB; an ack frees what it covers") {
  MailWindow window;
  CHECK(window.empty());
  CHECK(window.worth_asking(0));
  for (std::uint64_t seq = 10; seq < 60; ++seq) {
    CHECK(window.fits(100));
    window.add(seq, {{static_cast<std::uint8_t>(seq)}, 1'000 + seq}, 100);
  }
  CHECK_FALSE(window.fits(1));
  CHECK(window.bytes_left() == proto::mail_window_bytes - 5'000);
  CHECK(window.acked(9).empty());
  const auto items = window.acked(34);
  REQUIRE(items.size() == 25);
  CHECK(items.front().hash[0] == 10);
  CHECK(items.front().number == 1'010);
  CHECK(items.back().hash[0] == 34);
  CHECK(window.items_left(0) == 25);
  CHECK(window.items_left(20) == 5);
  CHECK(window.items_left(60) == 0);
  CHECK_FALSE(window.worth_asking(1));
  CHECK(window.worth_asking(0));
  window.add(60, {}, window.bytes_left() - 1);
  CHECK(window.fits(1));
  CHECK_FALSE(window.fits(2));
  CHECK_FALSE(window.worth_asking(0));
  window.add(61, {}, 1'000);
  CHECK(window.bytes_left() == 0);
  CHECK(window.acked(UINT64_MAX).size() == 27);
  CHECK(window.empty());
  CHECK(window.bytes_left() == proto::mail_window_bytes);
}

TEST_CASE("a refusal ends by itself, and 10,000 of them cost little") {
  RefusedLetters refused;
  refused.add(id(1), proto::ErrorCode::busy, 500, 0);
  CHECK(refused.find(id(1), 499) == proto::ErrorCode::busy);
  CHECK(refused.find(id(2), 0) == std::nullopt);
  CHECK(refused.find(id(1), 500) == std::nullopt);
  CHECK(refused.empty());
  for (std::uint32_t n = 0; n < 10'000; ++n)
    refused.add(id(n), proto::ErrorCode::mailbox_full, static_cast<std::int64_t>(n) + 10,
                static_cast<std::int64_t>(n));
  CHECK(refused.size() < 1'000);
  CHECK(refused.find(id(9'999), 9'999) == proto::ErrorCode::mailbox_full);
}

}  // namespace sims::server
