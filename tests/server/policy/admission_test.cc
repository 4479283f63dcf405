// Admission: connections, handshakes, registrations and logins within their budgets.
#include "server/policy/admission.h"

#include <doctest/doctest.h>

#include "support/fixed_rng.h"

namespace sims {
namespace {

using server::Address;
using server::Admission;
using server::AdmissionSlot;
using server::Budget;
using server::ConnId;
using server::Limits;
using server::Rate;
using server::Refused;

Address at(const std::string& text) {
  return *Address::parse(text);
}

// Draws the lowest number, or the highest below a power of two.
struct Loaded : crypto::Rng {
  explicit Loaded(std::uint8_t b) : byte(b) {}
  void fill(MutableBytes out) override { std::fill(out.begin(), out.end(), byte); }
  std::uint8_t byte;
};

struct Door {
  Admission admission{Rate{2, 10}};
  Limits limits;
  std::int64_t now = 1'000'000;
  ConnId last = 0;
  Loaded luck{0}, bad_luck{0xff};

  Result<Admission::Admitted, Refused> enter(const std::string& address = "192.0.2.1") {
    return admission.admit(++last, at(address), limits, now);
  }
  AdmissionSlot slot(const std::string& address = "192.0.2.1") {
    auto admitted = enter(address);
    REQUIRE(admitted);
    return admitted->slot;
  }
  std::optional<Refused> shakes(AdmissionSlot& g) {
    return admission.may_handshake(g, false, limits, now, luck);
  }
};

TEST_CASE("a budget: a burst, then its rate; nothing is saved up beyond the burst") {
  Budget budget;
  const Rate rate{2, 5};
  int taken = 0;
  for (int i = 0; i < 9; ++i)
    taken += budget.take(rate, 1'000);
  CHECK(taken == 5);
  CHECK_FALSE(budget.take(rate, 1'499));
  CHECK(budget.take(rate, 1'500));
  CHECK_FALSE(budget.take(rate, 1'500));
  CHECK(budget.left(rate, 1'000'000'000) == 5);
  CHECK(budget.spend(rate, 1'000'000'000, 7) == -2);
  CHECK(budget.left(rate, 999) == -2);  // a clock that steps back gives nothing
  CHECK_FALSE(budget.take(rate, 1'000'000'999));
  CHECK(budget.take(rate, 1'000'001'500));
  const Rate slow{20, 20, 3'600'000};
  Budget registrations;
  CHECK(registrations.spend(slow, 0, 20) == 0);
  CHECK_FALSE(registrations.take(slow, 179'999));
  CHECK(registrations.take(slow, 180'000));
}

TEST_CASE("38: a source has a number of connections, all together have one, and leaving makes room") {
  Door d;
  d.limits.connections = 3;
  d.limits.connections_per_address = 2;
  auto first = d.slot("2001:db8::1");
  static_cast<void>(d.slot("2001:db8::2"));
  CHECK(d.enter("2001:db8::3").error() == Refused::address_connections);  // the same /64
  auto third = d.slot("192.0.2.1");
  CHECK(d.enter("192.0.2.2").error() == Refused::connections);
  d.admission.release(third);
  CHECK(d.enter("2001:db8::3").error() == Refused::address_connections);
  d.admission.authenticated(first);
  d.admission.release(first);
  CHECK(d.enter("2001:db8::3"));
  CHECK(d.admission.connections() == 2);
  CHECK(d.admission.unauthenticated() == 2);
}

TEST_CASE("34: the oldest silent connection is evicted, of its source first") {
  Door d;
  d.limits.unauthenticated = 4;
  d.limits.unauthenticated_per_address = 2;
  auto one = d.slot("192.0.2.1");             // 1
  static_cast<void>(d.slot("192.0.2.1"));     // 2
  static_cast<void>(d.slot("192.0.2.2"));     // 3
  CHECK(d.enter("192.0.2.1")->evicted == 1);  // 4
  d.admission.release(one);
  CHECK(d.enter("192.0.2.3")->evicted == std::nullopt);  // 5
  CHECK(d.enter("192.0.2.4")->evicted == 2);             // 6: of all, the oldest
}

TEST_CASE("34: if none is silent, the connection is evicted whose handshake began first") {
  Door d;
  d.limits.unauthenticated_per_address = 2;
  auto one = d.slot(), two = d.slot();  // 1, 2
  CHECK_FALSE(d.shakes(two));
  CHECK(d.enter()->evicted == 1);  // 3
  d.admission.release(one);
  auto four = d.slot();  // 4, for 3
  CHECK_FALSE(d.shakes(four));
  Door e;
  e.limits.unauthenticated = 3;
  auto first = e.slot("192.0.2.1"), second = e.slot("192.0.2.2"), third = e.slot("192.0.2.3");  // 1, 2, 3
  for (AdmissionSlot* g : {&second, &third, &first})
    CHECK_FALSE(e.shakes(*g));
  CHECK(e.enter("192.0.2.4")->evicted == 2);
  e.admission.release(second);
  e.admission.authenticated(third);
  CHECK(e.enter("192.0.2.5")->evicted == std::nullopt);
  CHECK(e.enter("192.0.2.6")->evicted == 4);  // silent, before 1
}

TEST_CASE("35: keys that are costly come from a budget of their own") {
  Door d;
  d.limits.rsa_handshakes_per_address = {2, 2, 60'000};
  const auto costly = [&](const std::string& address) {
    auto g = d.slot(address);
    return d.admission.may_handshake(g, true, d.limits, d.now, d.luck);
  };
  CHECK_FALSE(costly("192.0.2.1"));
  CHECK_FALSE(costly("192.0.2.1"));
  CHECK(costly("192.0.2.1") == Refused::address_handshakes);
  auto cheap = d.slot("192.0.2.1");
  CHECK_FALSE(d.shakes(cheap));
  CHECK_FALSE(costly("192.0.2.2"));
  for (int i = 0; i < 10; ++i)
    CHECK_FALSE(costly("127.0.0.1"));  // exempt
  d.now += 30'000;
  CHECK_FALSE(costly("192.0.2.1"));
  CHECK(costly("192.0.2.1") == Refused::address_handshakes);
}

TEST_CASE("35: handshakes of a source come from its budget, of all from one") {
  Door d;
  d.limits.handshakes_per_address = {1, 3};
  for (int i = 0; i < 3; ++i) {
    auto g = d.slot();
    CHECK_FALSE(d.shakes(g));
  }
  auto more = d.slot(), other = d.slot("192.0.2.2");
  CHECK(d.shakes(more) == Refused::address_handshakes);
  CHECK_FALSE(d.shakes(other));
  d.now += 1'000;
  auto later = d.slot();
  CHECK_FALSE(d.shakes(later));
}

TEST_CASE("35: near the limit of all handshakes some are refused at random, at the limit all") {
  Door d;
  d.limits.handshakes = {1, 16};
  const auto try_it = [&](Loaded& draw) {
    auto g = d.slot();
    return d.admission.may_handshake(g, false, d.limits, d.now, draw);
  };
  for (int i = 0; i < 9; ++i)
    CHECK_FALSE(try_it(d.bad_luck));  // 16 to 8 left: none is refused
  CHECK(try_it(d.bad_luck) == Refused::handshakes);
  for (int i = 0; i < 7; ++i)
    CHECK_FALSE(try_it(d.luck));
  CHECK(try_it(d.luck) == Refused::handshakes);
  // In between, in proportion to the rest of that half.
  Door e;
  e.limits.handshakes = {1, 200};
  e.limits.handshakes_per_address = {1'000, 1'000};
  test::FixedRng rng(7);
  int let_in = 0;
  for (int i = 0; i < 10'000; ++i) {
    auto g = e.slot();
    e.limits.connections_per_address = 20'000;
    let_in += !e.admission.may_handshake(g, false, e.limits, e.now, rng);
    e.admission.release(g);
  }
  CHECK(let_in > 150);
  CHECK(let_in <= 200);
}

TEST_CASE("penalties grow with each failure, shut out above the threshold, fade, and have a maximum") {
  Door d;
  auto g = d.slot();
  const auto fail_for = [&](std::int64_t ms) { d.admission.penalise(*g.source, ms, d.limits, d.now); };
  fail_for(5'000);
  fail_for(5'000);
  fail_for(5'000);
  CHECK(d.enter());  // 15 s: a user who mistypes
  fail_for(5'000);
  CHECK(d.enter().error() == Refused::penalty);
  CHECK(d.enter("192.0.2.2"));
  d.now += 5'000;
  CHECK(d.enter());
  for (int i = 0; i < 1'000; ++i)
    fail_for(5'000);
  d.now += d.limits.penalty_max_ms - 1;
  CHECK(d.enter().error() == Refused::penalty);
  d.now += 1;
  CHECK(d.enter());
  // A lower maximum applies at once.
  fail_for(100'000);
  CHECK(d.enter().error() == Refused::penalty);
  d.limits.penalty_max_ms = 1'000;
  CHECK(d.enter().error() == Refused::penalty);
  d.now += 1'000;
  CHECK(d.enter().error() == Refused::penalty);
  d.limits.penalty_max_ms = 0;
  CHECK(d.enter());
  fail_for(100'000);
  CHECK(d.enter());
}

TEST_CASE("exempt addresses have counts only") {
  Door d;
  d.limits.handshakes_per_address = {1, 1};
  d.limits.registrations = {1, 1, 3'600'000};
  d.limits.unauthenticated_per_address = 1;
  d.limits.connections_per_address = 5;
  auto g = d.slot("127.0.0.1");
  d.admission.penalise(*g.source, 100'000, d.limits, d.now);
  for (int i = 0; i < 4; ++i) {
    auto more = d.slot("127.0.0.1");
    CHECK_FALSE(d.shakes(more));
    CHECK(d.admission.may_register(more, d.limits, d.now));
  }
  CHECK(d.enter("127.0.0.1").error() == Refused::address_connections);
  auto stranger = d.slot("192.0.2.1");
  CHECK(d.admission.may_register(stranger, d.limits, d.now));
  CHECK_FALSE(d.admission.may_register(stranger, d.limits, d.now));
  d.now += 3'600'000;
  CHECK(d.admission.may_register(stranger, d.limits, d.now));
}

TEST_CASE("ids that logged in are forgotten when their budget is full again") {
  Admission admission(Rate{2, 10});
  Limits limits;
  auto slot = admission.admit(1, at("192.0.2.1"), limits, 0)->slot;
  test::FixedRng random;
  const auto log_in = [&](std::int64_t when) {
    return admission.may_log_in(slot, proto::Id::of(crypto::SigningKey::generate(random).public_key()),
                                limits, when);
  };
  for (int i = 0; i < 3'000; ++i)
    CHECK(log_in(i * 10));
  CHECK(admission.logins() < 2'200);
}

TEST_CASE("38: however many sources come and go, only the latest are remembered") {
  Door d;
  auto keeps = d.slot("198.51.100.1");
  auto bad = d.slot("198.51.100.2");
  for (int i = 0; i < 4; ++i)
    d.admission.penalise(*bad.source, 5'000, d.limits, d.now);
  d.admission.release(bad);
  const auto come_and_go = [&](std::size_t number) {
    auto g = d.slot("10." + std::to_string(number >> 16) + "." + std::to_string(number >> 8 & 255) + "." +
                    std::to_string(number & 255));
    d.admission.release(g);
  };
  for (std::size_t i = 0; i + 1 < Admission::max_idle; ++i)
    come_and_go(i);
  CHECK(d.enter("198.51.100.2").error() == Refused::penalty);  // still remembered
  for (std::size_t i = 0; i < 2 * Admission::max_idle; ++i)
    come_and_go(i);
  CHECK(d.admission.sources() == Admission::max_idle + 1);
  CHECK(d.admission.find(at("198.51.100.1")) == keeps.source);
  CHECK(d.enter("198.51.100.2"));
}

}  // namespace
}  // namespace sims
