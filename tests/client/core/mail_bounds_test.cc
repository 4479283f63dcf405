// Bounds on what letters make their reader keep and compute (sims-protocol(7) section 8, "Bounds of R"): each is
// reached alone, with rows that are there already, and by a crowd.
#include <doctest/doctest.h>

#include "client/core/postbox.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::Line;
using client::MailReceipt;
using client::Standing;
using proto::PrekeyUse;

namespace {

struct Bounds {
  Bounds() {
    bob.trust.pinned[server]["alice"] = {alice.id, false, 1, Standing::contact};
    box.names = {{"alice", alice.id}};
    box.stock(20, true);
    bob.connect();
    box.settle();
  }
  Writer& stranger() {
    const auto count = strangers.size();
    strangers.push_back(std::make_unique<Writer>("s" + std::to_string(count), 1'000 + count));
    Writer& one = *strangers.back();
    box.names[one.name] = one.id;
    return one;
  }
  void put(const std::string& item) {
    box.put(item);
    box.settle();
  }
  proto::MailSender session(Writer& writer, PrekeyUse use) {
    return writer.session(box.take(use), bob.id, relay.now);
  }
  // A text that waits for none before it.
  std::string letter(Writer& writer, proto::MailSender& in, const std::string& body) {
    writer.last_uid.reset();
    return writer.letter(in, body, relay.now);
  }
  // The first letter of a new session.
  std::string opens(Writer& writer, PrekeyUse use) {
    auto to = session(writer, use);
    return letter(writer, to, "hello");
  }
  std::string forged(Writer& writer, bool signature = false) {
    std::string text = opens(writer, PrekeyUse::many);
    proto::JsonTape tape;
    auto letter = std::get<proto::ClientMail>(*proto::decode_from_server(*tape.parse(text)));
    (signature ? letter.header.signature[0] : letter.verification[0]) ^= 1;
    return proto::encode(letter);
  }

  std::int64_t now_s() const { return static_cast<std::int64_t>(relay.now.unix_s()); }

  // --- rows that are there already
  client::MailSessionKey some_session(const proto::Id& sender) {
    client::MailSessionKey key{sender, {}, {}};
    for (std::size_t i = 0, rest = ++last_row; i < 4; ++i, rest >>= 8)
      key.nonce[i] = static_cast<std::uint8_t>(rest);
    return key;
  }
  void add_sessions(const proto::Id& sender, std::size_t count, bool of_stranger) {
    for (std::size_t i = 0; i < count; ++i) {
      client::MailSessionRow row{some_session(sender), SecretBytes(8), now_s(), of_stranger};
      REQUIRE(bob.trust.put_mail_session(server, row));
    }
    REQUIRE(bob.trust.commit());
  }
  void add_held(const proto::Id& sender, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      MailReceipt row{some_session(sender), 0, {}, "{}", MailReceipt::State::held, now_s()};
      REQUIRE(bob.trust.put_receipt(server, row));
    }
    REQUIRE(bob.trust.commit());
  }
  void add_agreements(std::size_t count, bool of_strangers) {
    const auto number = box.take(PrekeyUse::many).number;
    for (std::size_t i = 0; i < count; ++i)
      REQUIRE(bob.trust.count_agreement(server, number, of_strangers));
    REQUIRE(bob.trust.commit());
  }

  client::MailMemory::MailCounts counts(const Writer& of) {
    return bob.trust.mail_counts(server, of.id, box.take(PrekeyUse::many).number).value();
  }
  // A contact's letters still open, in new sessions of either kind.
  void friends_open() {
    const auto delivered = box.delivered(alice), heard = bob.heard.size();
    put(opens(alice, PrekeyUse::many));
    put(opens(alice, PrekeyUse::once));
    CHECK(bob.heard.size() == heard + 2);
    CHECK(box.delivered(alice) == delivered + 2);
    CHECK(box.unopened(alice) == 0);
  }

  Relay relay;
  Guest& bob = relay.add("bob");
  proto::Id server = proto::Id::of(relay.identity.public_key());
  Postbox box{relay, bob};
  Writer alice{"alice", 91}, ghost{"ghost", 92};  // the ghost: whose rows are there already
  std::vector<std::unique_ptr<Writer>> strangers;
  std::size_t last_row = 0;
};

}  // namespace

TEST_CASE_FIXTURE(
    Bounds, "attack 71: a crowd's sessions and letters have bounds; accepted people's letters still open") {
  add_sessions(ghost.id, 470, true);
  add_held(ghost.id, 470);
  add_agreements(470, true);
  for (int i = 0; i < 5; ++i) {
    Writer& one = stranger();
    relay.show(one.name, one.id);
    for (int k = 0; k < 11; ++k)
      put(opens(one, PrekeyUse::many));
  }
  CHECK(box.items.empty());
  CHECK(bob.trust.mail.arrived.empty());
  int full = 0;
  for (const auto& one : strangers) {
    const auto sessions = counts(*one).sessions;
    CHECK((sessions == 0 || sessions == 10));
    full += sessions == 10;
  }
  CHECK(full == 3);
  const auto all = counts(alice);
  CHECK(all.strangers_sessions == 500);
  CHECK(all.strangers_agreements == 500);
  CHECK(all.strangers_held == 500);
  CHECK(bob.heard.size() == 30);
  CHECK(box.receipts.empty());
  friends_open();
}

TEST_CASE_FIXTURE(Bounds, "attack 71: strangers have 500 sessions in all") {
  add_sessions(ghost.id, 497, true);
  Writer &first = stranger(), &second = stranger();
  for (Writer* one : {&first, &second}) {
    put(opens(*one, PrekeyUse::once));
    put(opens(*one, PrekeyUse::many));
  }
  CHECK(bob.heard.size() == 3);
  CHECK(counts(second).sessions == 1);
  CHECK(counts(second).strangers_sessions == 500);
  CHECK(box.items.empty());
  CHECK(bob.trust.mail.arrived.empty());
  friends_open();
}

TEST_CASE_FIXTURE(Bounds,
                  "attack 71: strangers have 500 agreements with one `many` key, failed ones counted") {
  add_agreements(497, true);
  Writer &first = stranger(), &second = stranger();
  put(forged(first, true));  // no agreement is made
  put(forged(first));
  put(forged(first));
  auto many = session(second, PrekeyUse::many);
  put(letter(second, many, "in time"));
  put(opens(second, PrekeyUse::many));
  CHECK(bob.heard == std::vector<std::string>{"s1: in time"});
  CHECK(counts(second).strangers_agreements == 500);
  SUBCASE("what needs no agreement with it opens") {
    put(letter(second, many, "in a known session"));
    put(opens(second, PrekeyUse::once));
    CHECK(bob.heard.size() == 3);
  }
  SUBCASE("after a restart") {
    bob.restart();
    put(opens(second, PrekeyUse::many));
    CHECK(bob.heard.size() == 1);
  }
  CHECK(bob.trust.mail.arrived.empty());
  friends_open();
  CHECK(counts(second).strangers_agreements == 500);
}

TEST_CASE_FIXTURE(Bounds,
                  "attack 71: 500 letters of strangers are held in all, before and after they are opened") {
  add_held(ghost.id, 497);
  Writer &first = stranger(), &second = stranger();
  bool opened = true;
  SUBCASE("opened") {}
  SUBCASE("their senders' names are not known") {
    opened = false;
  }
  if (!opened) box.names.clear();
  if (!opened) box.deaf = {"find"};
  for (Writer* one : {&first, &second}) {
    auto to = session(*one, PrekeyUse::many);
    for (int i = 0; i < 2; ++i)
      put(letter(*one, to, std::to_string(i)));
  }
  CHECK((opened ? bob.heard.size() : bob.trust.mail.arrived.size()) == 3);
  CHECK(counts(second).held == 1);
  CHECK(counts(second).strangers_held == 500);
  CHECK(box.items.empty());
  friends_open();
}

TEST_CASE_FIXTURE(Bounds,
                  "attack 71: one stranger's letters are held 20 at most, before and after they are opened") {
  Writer& carol = stranger();
  auto to = session(carol, PrekeyUse::once);
  bool opened = true;
  SUBCASE("opened") {}
  SUBCASE("their sender's name is not known") {
    opened = false;
  }
  if (!opened) box.deaf = {"find"};
  relay.refuse = [&](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (!opened && Relay::type_of(message) == "find") return proto::ErrorCode::rate_limited;
    return std::nullopt;
  };
  for (int i = 0; i < 30; ++i)
    put(letter(carol, to, std::to_string(i)));
  CHECK(box.items.empty());
  CHECK((opened ? bob.heard.size() : bob.trust.mail.arrived.size()) == 20);
}

TEST_CASE_FIXTURE(Bounds, "a contact's 2,001st session closes its oldest one, which stays known") {
  auto use = PrekeyUse::once;
  SUBCASE("a `once` key") {}
  SUBCASE("a `many` key, whose private half is there") {
    use = PrekeyUse::many;
  }
  auto oldest = session(alice, use);
  const auto first = letter(alice, oldest, "the oldest");
  put(first);
  add_sessions(alice.id, 1'998, false);
  add_sessions(ghost.id, 1, false);
  auto newer = session(alice, PrekeyUse::many);
  put(letter(alice, newer, "the 2,000th"));
  put(letter(alice, oldest, "the oldest, still open"));
  CHECK(counts(alice).sessions == 2'000);
  CHECK(box.delivered(alice) == 3);

  put(opens(alice, PrekeyUse::many));
  CHECK(counts(alice).sessions == 2'000);
  CHECK(counts(ghost).sessions == 1);
  put(letter(alice, newer, "not the oldest"));
  CHECK(box.delivered(alice) == 5);
  CHECK(box.unopened(alice) == 0);
  put(letter(alice, oldest, "closed"));
  CHECK(bob.heard.size() == 5);
  CHECK(box.unopened(alice) == 1);
  CHECK(bob.count("alice", Line::Kind::alert, "could not be opened: its key is gone") == 1);
  const auto receipts = box.receipts.size();
  put(first);  // we have it: receipted again
  CHECK(box.receipts.size() == receipts + 1);
  CHECK(box.unopened(alice) == 1);
  CHECK(counts(alice).sessions == 2'000);
}

TEST_CASE_FIXTURE(Bounds,
                  "a `many` key makes 2,000 agreements, failed ones counted; later letters are told") {
  auto many = session(alice, PrekeyUse::many);
  put(letter(alice, many, "first"));
  add_agreements(1'997, false);
  put(forged(alice, true));  // no agreement is made
  CHECK(counts(alice).agreements == 1'998);
  put(forged(alice));
  CHECK(counts(alice).agreements == 1'999);
  put(opens(alice, PrekeyUse::many));
  CHECK(counts(alice).agreements == 2'000);
  CHECK(counts(alice).strangers_agreements == 0);
  CHECK(box.delivered(alice) == 2);
  const auto unopened = box.unopened(alice);

  put(opens(alice, PrekeyUse::many));
  CHECK(box.delivered(alice) == 2);
  CHECK(box.unopened(alice) == unopened + 1);
  CHECK(bob.count("alice", Line::Kind::alert, "could not be opened: its key is gone") == 1);
  put(letter(alice, many, "in a known session"));
  put(opens(alice, PrekeyUse::once));
  CHECK(box.delivered(alice) == 4);
  CHECK(counts(alice).agreements == 2'000);
  CHECK(bob.trust.mail.arrived.empty());
}
