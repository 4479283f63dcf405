// Prekeys at the relay: uploads, what is left of them, and who gets one (sims-protocol(7) section 8).
#include <algorithm>

#include "server/relay/mail.h"

namespace sims {
namespace {

using proto::PrekeyUse;
using test::Client;
using test::has;
using test::letter;
using test::prekey;
using test::say;
using test::told;
using test::Told;
using test::World;

constexpr std::uint64_t day_s = 86'400;
const std::string_view ecdhe = crypto::find_suite_by_label("ecdhe")->name;
const std::string_view rsa = crypto::find_suite_by_label("rsa")->name;

struct Keys : World {
  explicit Keys(server::Policy p = {}) : World(std::move(p)) {
    pump({&bob, &alice});
    bob.statuses.clear();
    alice.statuses.clear();
    told(*this, alice);
    told(*this, bob);
  }
  std::uint64_t later() const { return now.unix_s() + 30 * day_s; }
  std::string upload(std::vector<proto::Prekey> keys, bool fresh = false) {
    return encode(proto::PrekeysUpload{std::move(keys), fresh});
  }
  // Uploads `count` `once` keys, numbered from `first` on.
  void supply(std::uint8_t count, std::uint8_t first = 1) {
    for (std::uint8_t i = 0; i < count; ++i)
      say(*this, bob, upload({prekey(static_cast<std::uint8_t>(first + i), PrekeyUse::once, later())}));
    told(*this, bob);
  }
  std::string ask(Client& who, std::vector<std::string> suites = {std::string(ecdhe)}) {
    say(*this, who, encode(proto::PrekeyRequest{bob.id(), std::move(suites)}));
    pump({&who});
    return who.take("prekey");
  }
  Client bob = login("bob", 2), alice = login("alice", 1);
};

std::string status(std::vector<proto::PrekeysStatus::Left> left, std::optional<std::uint8_t> last) {
  proto::PrekeysStatus out;
  out.left = std::move(left);
  if (last) out.last.emplace(proto::PrekeyNumber{*last});
  return encode(out);
}

server::Policy generous() {
  auto policy = test::roomy();
  policy.limits.prekey_uploads = policy.limits.prekey_requests = {1'000, 100'000};
  return policy;
}

}  // namespace

TEST_CASE("each login is told the state of its prekeys") {
  World w;
  Client bob = w.login("bob", 2);
  CHECK(bob.statuses == std::vector{status({}, {})});
}

TEST_CASE("an upload is answered by the state and acked once it is on disk; an empty one only asks") {
  Keys w;
  w.mail.held = true;
  say(w, w.bob, w.upload({prekey(1, PrekeyUse::once, w.later()), prekey(2, PrekeyUse::many, w.later())}));
  w.pass(1'000);
  CHECK(told(w, w.bob).empty());
  CHECK(w.bob.statuses.empty());
  w.release_mail();
  CHECK(told(w, w.bob) == Told{"ack 0"});
  const auto now_left = status({{std::string(ecdhe), 1, true}}, 2);
  CHECK(w.bob.statuses == std::vector{now_left});
  say(w, w.bob, w.upload({}));
  w.release_mail();
  CHECK(told(w, w.bob) == Told{"ack 1"});
  CHECK(w.bob.statuses == std::vector{now_left, now_left});
  say(w, w.bob, w.upload({}, true));
  w.release_mail();
  CHECK(told(w, w.bob) == Told{"ack 2"});
  CHECK_FALSE(has(w.bob.statuses.back(), "\"once\":1"));
}

TEST_CASE("a wrong upload is answered by bad-message with the server's time, and the connection goes on") {
  Keys w;
  const auto limit = w.now.unix_s() + 91 * day_s;
  const auto refused = [&](std::vector<proto::Prekey> keys) {
    const auto seq = std::to_string(say(w, w.bob, w.upload(std::move(keys))));
    w.pump({&w.bob});
    const auto error = w.bob.take("error");
    CHECK(has(error, std::to_string(w.now.unix_s())));
    CHECK(told(w, w.bob) == Told{"bad-message " + seq, "ack " + seq});
    CHECK(w.bob.statuses.empty());
    return error;
  };
  CHECK(has(refused({prekey(1, PrekeyUse::once, limit + 1)}), "91 days"));
  CHECK(has(refused({prekey(1, PrekeyUse::once, w.later(), "ROT13")}), "unknown suite"));
  CHECK(has(refused({prekey(1, PrekeyUse::many, w.later(), rsa)}), "one session"));
  std::vector<proto::Prekey> eleven;
  for (std::uint8_t n = 1; n <= 11; ++n)
    eleven.push_back(prekey(n, PrekeyUse::once, w.later(), rsa));
  CHECK(has(refused(eleven), "too many"));
  CHECK(has(refused(std::vector(proto::max_prekeys_frame + 1, prekey(1, PrekeyUse::once, w.later()))),
            "over 20"));
  say(w, w.bob, w.upload({prekey(1, PrekeyUse::once, limit)}));
  w.pump({&w.bob});
  CHECK(w.bob.statuses == std::vector{status({{std::string(ecdhe), 1, false}}, 1)});
}

TEST_CASE("who asks gets one prekey of the best suite, and nobody gets it again") {
  Keys w;
  say(w, w.bob,
      w.upload({prekey(1, PrekeyUse::once, w.later()), prekey(2, PrekeyUse::once, w.later(), rsa)}));
  const auto answer = [&](std::optional<proto::Prekey> key) {
    return encode(proto::PrekeyAnswer{w.bob.id(), std::move(key)});
  };
  w.mail.held = true;
  CHECK(w.ask(w.alice, {std::string(rsa), std::string(ecdhe)}).empty());
  w.release_mail();
  CHECK(told(w, w.alice) == Told{"ack 0"});
  CHECK(w.alice.take("prekey") == answer(prekey(2, PrekeyUse::once, w.later(), rsa)));
  w.mail.held = false;
  CHECK(w.ask(w.alice, {std::string(rsa), std::string(ecdhe)}) ==
        answer(prekey(1, PrekeyUse::once, w.later())));
  CHECK(w.ask(w.alice, {std::string(rsa), std::string(ecdhe)}) == answer(std::nullopt));
  say(w, w.bob, w.upload({prekey(1, PrekeyUse::once, w.later())}));
  CHECK(w.ask(w.alice) == answer(std::nullopt));
}

TEST_CASE("an owner who is online is told when fewer than 10 are left") {
  Keys w;
  w.supply(11);
  w.bob.statuses.clear();
  w.ask(w.alice);
  w.pump({&w.bob});
  CHECK(w.bob.statuses.empty());
  w.ask(w.alice);
  w.pump({&w.bob});
  CHECK(w.bob.statuses == std::vector{status({{std::string(ecdhe), 9, false}}, 11)});
}

TEST_CASE("prekeys: nobody's are unknown-peer; a failing disk is busy, and the next ask goes on") {
  Keys w;
  Client nobody = w.dial("nobody", 9);
  say(w, w.alice, encode(proto::PrekeyRequest{nobody.id(), {std::string(ecdhe)}}));
  w.pump({&w.alice});
  CHECK(has(w.alice.take("error"), nobody.id().str()));
  CHECK(told(w, w.alice) == Told{"unknown-peer 0", "ack 0"});
  w.supply(1);
  w.mail.fail_claims = true;
  CHECK(w.ask(w.alice).empty());
  CHECK(told(w, w.alice) == Told{"busy 1", "ack 1"});
  w.mail.fail_claims = false;
  CHECK_FALSE(w.ask(w.alice).empty());
  told(w, w.bob);
  w.mail.fail_publish = w.mail.fail_status = true;
  const auto seq = say(w, w.bob, w.upload({prekey(1, PrekeyUse::once, w.later())}));
  say(w, w.bob, w.upload({}));
  CHECK(told(w, w.bob) == Told{fmt::format("busy {}", seq), fmt::format("ack {}", seq),
                               fmt::format("busy {}", seq + 1), fmt::format("ack {}", seq + 1)});
}

TEST_CASE("a claim that takes over 5 s is busy; its key is burned and not given") {
  Keys w;
  w.supply(2);
  w.mail.held = true;
  CHECK(w.ask(w.alice).empty());
  w.pass(5'000);
  CHECK(told(w, w.alice) == Told{"busy 0", "ack 0"});
  say(w, w.alice, letter(w.alice, w.bob, 0));  // a letter is not refused for that
  w.mail.held = false;
  w.release_mail();
  CHECK(w.alice.take("prekey").empty());
  CHECK(told(w, w.alice) == Told{"ack 1"});
  CHECK_FALSE(w.ask(w.alice).empty());
}

TEST_CASE("uploads and requests of prekeys are rate-limited, also across connections") {
  Keys w;
  w.policy.limits.prekey_uploads = w.policy.limits.prekey_requests = {2, 2, 60'000};
  w.relay->reload(w.policy);
  w.supply(1);
  w.supply(1);
  say(w, w.bob, w.upload({}));
  CHECK(told(w, w.bob) == Told{"rate-limited 2", "ack 2"});
  for (int i = 0; i < 2; ++i)
    CHECK_FALSE(w.ask(w.alice).empty());
  CHECK(w.ask(w.alice).empty());
  CHECK(told(w, w.alice).back() == "ack 2");
  Client again = w.login("alice", 1);
  CHECK(w.ask(again).empty());
  w.pass(30'000);
  CHECK_FALSE(w.ask(again).empty());
  CHECK(w.stats().refused[static_cast<std::size_t>(server::Refused::prekey_requests)] == 3);
}

TEST_CASE("50: prekey exhaustion: 5 once keys an hour for one asker and owner, then the last resort") {
  Keys w(generous());
  w.supply(60);
  say(w, w.bob, w.upload({prekey(100, PrekeyUse::many, w.later())}));
  const auto once = [&](const std::string& answer) { return has(answer, R"("use":"once")"); };
  std::vector<std::string> given;
  for (std::uint8_t n = 10; n < 20; ++n) {
    Client asker = w.login("asker" + std::to_string(n), n);
    for (int i = 0; i < 1'000; ++i) {
      const auto answer = w.ask(asker);
      CHECK(once(answer) == (i < 5));
      if (!once(answer)) CHECK(has(answer, R"("use":"many")"));
      if (once(answer)) given.push_back(answer);
    }
    CHECK_FALSE(w.closed(asker));
  }
  std::sort(given.begin(), given.end());
  CHECK(given.size() == 50);
  CHECK(std::unique(given.begin(), given.end()) == given.end());
  CHECK(w.wire.work.empty());  // no public-key work
  Client late = w.login("late", 30);
  CHECK(once(w.ask(late)));
}

}  // namespace sims
