// The budget of letters that fail: 10 an hour and sender, of the senders that failed last.
#include <doctest/doctest.h>

#include "client/mail/letter_work.h"

using namespace sims;
using client::FailedLetters;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

proto::Id id(std::uint64_t number) {
  std::string text(proto::Id::length, 'A');
  for (std::size_t i = 0; i < 10; ++i, number /= 26)
    text[i] = static_cast<char>('a' + number % 26);
  return proto::Id::shaped(text).value();
}

}  // namespace

TEST_CASE("the eleventh failed letter in an hour is over the budget, in any hour; others are not") {
  FailedLetters failed;
  CHECK_FALSE(failed.over(id(1), 0));
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(failed.over(id(1), i * 1'000));
    failed.add(id(1), i * 1'000);
  }
  CHECK(failed.over(id(1), 10'000));
  CHECK_FALSE(failed.over(id(2), 10'000));
  CHECK(failed.over(id(1), hour_ms - 1));
  CHECK_FALSE(failed.over(id(1), hour_ms));
  failed.add(id(1), hour_ms);
  CHECK(failed.over(id(1), hour_ms));
  CHECK_FALSE(failed.over(id(1), 3 * hour_ms));
}

TEST_CASE("made-up senders push out the sender that failed longest ago") {
  FailedLetters failed;
  for (int i = 0; i < 10; ++i)
    failed.add(id(1), 0);
  for (std::uint64_t n = 2; n <= 1'000; ++n)
    failed.add(id(n), 1);
  CHECK(failed.over(id(1), 2));
  failed.add(id(2'000), 2);
  CHECK_FALSE(failed.over(id(1), 2));
}
