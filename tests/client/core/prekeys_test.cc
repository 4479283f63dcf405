// Our prekeys at the server: made, stored, uploaded, replaced; and stores that went back.
#include <doctest/doctest.h>

#include <set>

#include "client/core/postbox.h"
#include "client/mail/prekey_record.h"
#include "proto/limits.h"

using namespace sims;
using namespace sims::test;
using client::Line;
using client::Standing;
using proto::PrekeyUse;

namespace {

struct Keeper {
  explicit Keeper(client::CoreOptions options = {}) : bob(relay.add("bob", std::move(options))) {
    bob.trust.pinned[server]["alice"] = {alice.id, false, 1, Standing::contact};
    box.names = {{"alice", alice.id}};
  }
  void login() {
    bob.connect();
    box.settle();
  }
  std::size_t left(const char* label, PrekeyUse use) const {
    const auto& suite = *crypto::find_suite_by_label(label);
    return static_cast<std::size_t>(
        std::count_if(box.prekeys.begin(), box.prekeys.end(),
                      [&](const auto& key) { return key.suite == suite.name && key.use == use; }));
  }
  std::size_t stored() const { return bob.trust.mail.prekeys.size(); }
  const client::OwnPrekey& row(const proto::PrekeyNumber& number) const {
    return bob.trust.mail.prekeys.at({server, number})->key;
  }
  void put(const std::string& item) {
    box.put(item);
    box.settle();
  }
  bool says(const char* words) const { return bob.count("", Line::Kind::alert, words) > 0; }

  Relay relay;
  Guest& bob;
  proto::Id server = proto::Id::of(relay.identity.public_key());
  Postbox box{relay, bob};
  Writer alice{"alice", 61};
};

client::CoreOptions ecdhe_only() {
  client::CoreOptions options;
  options.suites = {crypto::find_suite_by_label("ecdhe")};
  return options;
}

struct Quick : Keeper {
  Quick() : Keeper(ecdhe_only()) {}
};

}  // namespace

TEST_CASE_FIXTURE(Keeper, "after a login all that is missing is made and published: RSA one a minute") {
  login();
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
  CHECK(left("ecdhe", PrekeyUse::many) == 1);
  CHECK(left("rsa", PrekeyUse::once) == 1);
  box.advance(59'000);
  CHECK(left("rsa", PrekeyUse::once) == 1);
  box.advance(11 * 60'000);
  CHECK(left("rsa", PrekeyUse::once) == 10);
  CHECK(left("rsa", PrekeyUse::many) == 0);
  std::set<proto::PrekeyNumber> numbers;
  for (const auto& upload : box.uploads) {
    CHECK(upload.size() <= proto::max_prekeys_frame);
    for (const auto& key : upload) {
      CHECK(numbers.insert(key.number).second);
      CHECK(key.expires == row(key.number).expires);
      CHECK(row(key.number).acked_unix_s != 0);
      CHECK(client::prekey_of(row(key.number)).has_value());
      CHECK(proto::check_prekey(key, bob.id, bob.id, crypto::default_suites(), relay.now).has_value());
    }
  }
  CHECK(stored() == numbers.size());
  const auto uploads = box.uploads.size();
  bob.restart();
  box.settle();
  box.advance(1'000);
  CHECK(box.uploads.size() == uploads);
  CHECK_FALSE(says("older"));
}

TEST_CASE_FIXTURE(Quick, "no prekey leaves before its private half is on disk") {
  bob.gather = true;
  std::size_t checked = 0;
  relay.refuse = [&](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (Relay::type_of(message) == "prekeys") {
      CHECK(bob.trust.clean());
      ++checked;
    }
    return std::nullopt;
  };
  login();
  box.advance(5'000);
  CHECK(checked > 0);
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
}

TEST_CASE_FIXTURE(Quick, "a full disk while keys are made: none is published, later all are") {
  bob.trust.full = true;
  login();
  box.advance(1'000);
  CHECK(box.uploads.empty());
  CHECK(stored() == 0);
  bob.trust.full = false;
  box.advance(120'000);
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
  CHECK(left("ecdhe", PrekeyUse::many) == 1);
}

TEST_CASE_FIXTURE(Quick, "few are left: more are published; each login fills up") {
  login();
  for (int i = 0; i < 95; ++i)
    box.take();
  box.send_status();
  box.settle();
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
  box.take();
  bob.restart();
  box.settle();
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
}

TEST_CASE_FIXTURE(Quick, "a server that is busy for a moment alarms nobody; one that stays busy does") {
  relay.refuse = [](Guest&, const std::string& message) {
    return Relay::type_of(message) == "prekeys" ? std::optional(proto::ErrorCode::busy) : std::nullopt;
  };
  login();
  box.advance(6 * 60'000);
  CHECK(bob.count("", Line::Kind::alert, "did not take our keys") == 0);
  box.advance(2 * 60'000);
  CHECK(bob.count("", Line::Kind::alert, "did not take our keys for letters (busy") == 1);
}

TEST_CASE_FIXTURE(Quick, "a refused upload: said once, tried again") {
  std::size_t tried = 0;
  bool refuses = true;
  relay.refuse = [&](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (Relay::type_of(message) != "prekeys") return std::nullopt;
    ++tried;
    return refuses ? std::optional(proto::ErrorCode::bad_message) : std::nullopt;
  };
  login();
  CHECK(tried == 1);
  CHECK(bob.model().link == client::LinkState::online);
  CHECK(bob.count("", Line::Kind::alert, "did not take our keys for letters (bad-message") == 1);
  box.advance(59'000);
  CHECK(tried == 1);
  box.advance(2'000);
  CHECK(tried == 2);
  refuses = false;
  box.advance(130'000);
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
  CHECK(bob.count("", Line::Kind::alert, "did not take our keys") == 1);
}

TEST_CASE_FIXTURE(Quick, "an upload whose ack was lost goes again and is skipped; nobody's store went back") {
  login();
  REQUIRE(box.uploads.size() > 2);
  // As if the link had broken before the ack of the last one.
  for (const auto& key : box.uploads.back()) {
    auto not_acked = bob.trust.prekey(server, key.number);
    REQUIRE(not_acked);
    (*not_acked)->acked_unix_s = 0;
    REQUIRE(bob.trust.put_prekey(server, **not_acked));
  }
  REQUIRE(bob.trust.put_mail_account(server, {0, box.uploads[box.uploads.size() - 2].back().number}));
  REQUIRE(bob.trust.commit());
  const auto uploads = box.uploads.size();
  for (int i = 0; i < 2; ++i) {
    bob.restart();
    box.settle();
  }
  CHECK(box.uploads.size() == uploads + 1);
  CHECK(box.uploads.back().size() == box.uploads[uploads - 1].size());
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
  CHECK(stored() == 101);
  CHECK(std::count(box.fresh.begin(), box.fresh.end(), true) == 0);
  CHECK(bob.count("", Line::Kind::alert) == 0);
  CHECK(row(box.prekeys.back().number).acked_unix_s != 0);
}

TEST_CASE_FIXTURE(Quick, "a status that nobody asked for is no answer to an upload") {
  box.few_left = true;
  login();
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
  const auto uploads = box.uploads.size();
  bob.restart();
  box.settle();
  CHECK(box.uploads.size() == uploads);
  CHECK(bob.count("", Line::Kind::alert) == 0);
}

TEST_CASE_FIXTURE(Quick, "a `many` key is replaced after 7 days; the old one is kept for 33 more") {
  login();
  const auto first = box.take(PrekeyUse::many);
  const auto wiped_at = row(first.number).wipe_unix_s;
  CHECK(wiped_at == static_cast<std::int64_t>(first.expires) + proto::prekey_kept_s);
  relay.now.unix_ms += (7 * 86'400 - 600) * 1'000LL;
  box.advance(500);
  CHECK(box.take(PrekeyUse::many).number == first.number);
  box.advance(2 * 3'600'000);
  const auto second = box.take(PrekeyUse::many);
  CHECK(second.number != first.number);
  const auto until = row(first.number).wipe_unix_s - static_cast<std::int64_t>(relay.now.unix_s());
  CHECK(until <= proto::prekey_kept_s);
  CHECK(until > proto::prekey_kept_s - 3 * 3'600);
  CHECK(row(first.number).secret.size() > 0);
  CHECK(row(second.number).wipe_unix_s == static_cast<std::int64_t>(second.expires) + proto::prekey_kept_s);
  relay.now.unix_ms += 34LL * 86'400'000;
  box.advance(3'700'000);
  CHECK_FALSE(bob.trust.mail.prekeys.contains({server, first.number}));
}

TEST_CASE_FIXTURE(
    Quick,
    "attack 70: our store went back: what waits is taken, then fresh keys, then the old ones are wiped") {
  login();
  auto known = alice.session(box.take(), bob.id, relay.now);
  const auto yesterday = bob.trust.backup();
  const auto old = stored();
  auto used = alice.session(box.take(), bob.id, relay.now);
  put(alice.letter(used, "read yesterday", relay.now));
  for (int i = 0; i < 60; ++i)
    box.take();
  box.send_status();
  box.settle();
  auto lost = alice.session(box.prekeys.back(), bob.id, relay.now);  // made after the backup
  REQUIRE(bob.heard.size() == 1);

  bob.trust.restore(yesterday);
  box.put(alice.letter(known, "with an old key", relay.now));
  box.put(alice.letter(lost, "with a lost key", relay.now));
  const auto uploads = box.uploads.size();
  bob.restart();
  box.settle();
  CHECK(says("knows more about our letters than is stored here"));
  CHECK(bob.heard.back() == "alice: with an old key");
  CHECK(box.unopened(alice) == 1);
  REQUIRE(box.uploads.size() > uploads);
  CHECK(box.fresh[uploads]);
  CHECK(std::count(box.fresh.begin(), box.fresh.end(), true) == 1);
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
  CHECK(left("ecdhe", PrekeyUse::many) == 1);
  CHECK(stored() == 101);
  CHECK(old > 0);
  CHECK(bob.trust.mail.accounts.at(server).taken == box.taken);
  const auto said = bob.count("", Line::Kind::alert);
  bob.restart();
  box.settle();
  CHECK(bob.count("", Line::Kind::alert, "knows more") == 0);
  CHECK(said > 0);
}

TEST_CASE_FIXTURE(Quick, "attack 70: a new store under an old identity publishes fresh keys") {
  box.taken = 7;
  login();
  CHECK(says("knows more about our letters"));
  REQUIRE_FALSE(box.fresh.empty());
  CHECK(box.fresh[0]);
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
  CHECK(bob.trust.mail.accounts.at(server).taken == 7);
}

TEST_CASE_FIXTURE(Quick,
                  "attack 70: letters that cannot be taken hold back fresh keys for ten minutes at most") {
  box.taken = 7;
  box.put(R"({"type":"client-mail"})");
  box.gives = false;
  login();
  box.advance(590'000);
  CHECK(box.uploads.empty());
  box.advance(20'000);
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
}

TEST_CASE_FIXTURE(Quick,
                  "attack 70: the server's store went back: fresh keys; what was handed out still opens") {
  login();
  auto to = alice.session(box.take(), bob.id, relay.now);
  SUBCASE("another last prekey") {
    box.last = box.prekeys.front().number;
    box.prekeys.resize(5);
  }
  SUBCASE("none at all") {
    box.last.reset();
    box.prekeys.clear();
  }
  SUBCASE("far fewer items were taken than we know") {
    REQUIRE(bob.trust.put_mail_account(server, {60, box.last}));
    REQUIRE(bob.trust.commit());
    box.taken = 9;
  }
  const auto uploads = box.uploads.size();
  bob.restart();
  box.settle();
  CHECK(says("mailboxes are older"));
  REQUIRE(box.uploads.size() > uploads);
  CHECK(box.fresh[uploads]);
  CHECK(left("ecdhe", PrekeyUse::once) == 100);
  put(alice.letter(to, "still opens", relay.now));
  CHECK(bob.heard.back() == "alice: still opens");
  bob.restart();
  box.settle();
  CHECK(bob.count("", Line::Kind::alert, "mailboxes are older") == 0);
  CHECK(std::count(box.fresh.begin(), box.fresh.end(), true) == 1);
}

TEST_CASE_FIXTURE(Quick, "acks that the server did not get: its count is taken over") {
  login();
  REQUIRE(bob.trust.put_mail_account(server, {50, box.last}));
  REQUIRE(bob.trust.commit());
  bob.restart();
  box.settle();
  CHECK_FALSE(says("older"));
  CHECK(bob.trust.mail.accounts.at(server).taken == 0);
}

TEST_CASE_FIXTURE(Quick,
                  "a server that loses all prekeys, or people who drain them, make us store no end of them") {
  box.loses_prekeys = true;
  login();
  CHECK(stored() <= 20 * proto::max_prekeys_frame);
  CHECK(stored() > 100);
  box.advance(3'600'000);
  CHECK(stored() <= 2 * 20 * proto::max_prekeys_frame);
  for (int i = 0; i < 30; ++i) {
    relay.now.steady_ms += 3'600'000;
    relay.now.unix_ms += 3'600'000;
    box.advance(500);
  }
  std::size_t once = 0;
  for (const auto& [at, row] : bob.trust.mail.prekeys)
    once += row->key.use == PrekeyUse::once;
  CHECK(once >= 5'000);
  CHECK(once <= 5'000 + proto::max_prekeys_frame);
  CHECK(stored() - once <= 33);
}

TEST_CASE_FIXTURE(Quick, "a status that came while nothing could be read is asked for again") {
  bob.trust.unreadable = true;
  login();
  box.advance(15'000);
  CHECK(box.prekeys.empty());
  bob.trust.unreadable = false;
  SUBCASE("at once") {}
  SUBCASE("after the question was refused") {
    relay.refuse = [](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
      if (Relay::type_of(message) != "prekeys") return std::nullopt;
      return proto::ErrorCode::rate_limited;
    };
    box.deaf = {"prekeys"};
    box.advance(20'000);
    relay.refuse = nullptr;
    box.deaf.clear();
    CHECK(box.prekeys.empty());
    box.advance(60'000);
  }
  box.advance(20'000);
  CHECK(box.prekeys.size() == 101);
  CHECK(bob.model().link == client::LinkState::online);
  CHECK(bob.opened == 1);
}
