// Attacks on the owner of a mailbox: replays, floods, restored stores.
#include <doctest/doctest.h>

#include <set>

#include "client/core/postbox.h"
#include "proto/wire/content.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::Line;
using client::Standing;
using proto::PrekeyUse;

namespace {

struct Victim {
  explicit Victim(std::size_t once = 3) {
    befriend(alice);
    box.names = {{"alice", alice.id}, {"carol", carol.id}};
    box.stock(once, true);
  }
  void befriend(const Writer& writer) {
    bob.trust.pinned[server][writer.name] = {writer.id, false, 1, Standing::contact};
  }
  void login() {
    bob.connect();
    box.settle();
  }
  void put(const std::string& item) {
    box.put(item);
    box.settle();
  }
  proto::MailSender session(Writer& writer, PrekeyUse use = PrekeyUse::once) {
    return writer.session(box.take(use), bob.id, relay.now);
  }

  Relay relay;
  Guest& bob = relay.add("bob");
  proto::Id server = proto::Id::of(relay.identity.public_key());
  Postbox box{relay, bob};
  Writer alice{"alice", 81}, carol{"carol", 82};
};

proto::ClientMail parsed(std::string text) {
  proto::JsonTape tape;
  auto root = tape.parse(text);
  REQUIRE(root);
  auto message = proto::decode_from_server(*root);
  REQUIRE(message);
  return std::get<proto::ClientMail>(*message);
}

}  // namespace

TEST_CASE("attack 46: a letter with any field altered changes nothing; the genuine one still opens") {
  for (int field = 0; field < 7; ++field) {
    CAPTURE(field);
    Victim v;
    auto to = v.session(v.alice), other = v.session(v.alice);
    const std::string genuine = v.alice.letter(to, "genuine", v.relay.now);
    const auto second = parsed(v.alice.letter(other, "other", v.relay.now));
    auto letter = parsed(genuine);
    if (field == 0) letter.id = 1;
    if (field == 1) letter.header.number = second.header.number;
    if (field == 2) letter.header.nonce[3] ^= 1;
    if (field == 3) letter.header.key = second.header.key;
    if (field == 4) letter.header.signature = second.header.signature;
    if (field == 5) letter.verification[0] ^= 1;
    if (field == 6) letter.data = second.data;
    v.login();
    v.put(proto::encode(letter));
    CHECK(v.bob.heard.empty());
    CHECK(v.bob.trust.mail.sessions.empty());
    v.put(genuine);
    CHECK(v.bob.heard == std::vector<std::string>{"alice: genuine"});
    CHECK(v.box.delivered(v.alice) == 1);
    v.put(proto::encode(letter));
    CHECK(v.bob.heard.size() == 1);
  }
}

TEST_CASE("attack 46: 10 failed letters an hour cost their sender its turn, not others'") {
  Victim v;
  v.befriend(v.carol);
  v.login();
  auto to = v.session(v.alice);
  auto forged = parsed(v.alice.letter(to, "x", v.relay.now));
  for (int i = 0; i < 15; ++i) {
    forged.header.nonce[0] = static_cast<std::uint8_t>(i + 1);
    v.put(proto::encode(forged));
  }
  v.put(v.alice.letter(to, "too many failed", v.relay.now));
  CHECK(v.bob.heard.empty());
  auto hers = v.session(v.carol);
  v.put(v.carol.letter(hers, "mine opens", v.relay.now));
  CHECK(v.bob.heard == std::vector<std::string>{"carol: mine opens"});
  v.box.advance(3'600'000);
  v.put(v.alice.letter(to, "an hour later", v.relay.now));
  CHECK(v.bob.heard.back() == "alice: an hour later");
}

TEST_CASE("attack 49: the relay gives old letters again: shown once, receipts bounded") {
  Victim v;
  auto use = PrekeyUse::once;
  SUBCASE("a `once` key") {}
  SUBCASE("a `many` key") {
    use = PrekeyUse::many;
  }
  auto to = v.session(v.alice, use);
  std::vector<std::string> old;
  for (int i = 0; i < 5; ++i)
    old.push_back(v.alice.letter(to, std::to_string(i), v.relay.now));
  for (const auto& one : old)
    v.box.put(one);
  v.login();
  REQUIRE(v.bob.heard.size() == 5);
  for (int round = 0; round < 20; ++round) {
    if (round == 10) v.bob.restart();
    for (const auto& one : old)
      v.put(one);
  }
  CHECK(v.bob.heard.size() == 5);
  CHECK(v.box.items.empty());
  CHECK(v.box.receipts.size() <= 5 * (1 + 3 + 3));
  CHECK(v.box.unopened(v.alice) == 0);
  CHECK(v.bob.trust.rows.size() == 5);
}

TEST_CASE("attack 49: one sender's old letters cost no other its receipts") {
  Victim v;
  v.bob.trust.pinned[v.server]["carol"] = {v.carol.id, false, 1, client::Standing::contact};
  v.box.names["carol"] = v.carol.id;
  auto to = v.session(v.alice);
  std::vector<std::string> old;
  for (int i = 0; i < 40; ++i)
    old.push_back(v.alice.letter(to, std::to_string(i), v.relay.now));
  auto other = v.session(v.carol);
  const auto hers = v.carol.letter(other, "hello", v.relay.now);
  v.login();
  for (const auto& one : old)
    v.put(one);
  v.put(hers);
  for (int round = 0; round < 3; ++round)
    for (const auto& one : old)
      v.put(one);
  CHECK(v.box.receipts.size() == 41 + 60);
  v.put(hers);
  CHECK(v.box.receipts.size() == 41 + 61);
}

TEST_CASE("attack 54: withheld letters leave a notice, withheld receipts go again") {
  Victim v;
  auto to = v.session(v.alice);
  std::vector<std::string> written;
  for (int i = 0; i < 4; ++i)
    written.push_back(v.alice.letter(to, std::to_string(i), v.relay.now));
  v.login();
  v.put(written[0]);
  v.put(written[3]);
  CHECK(v.bob.heard.size() == 1);
  v.box.advance(61'000);
  CHECK(v.bob.heard.size() == 2);
  CHECK(v.bob.count("alice", Line::Kind::notice, "before this") == 1);
  v.put(written[1]);
  v.put(written[2]);
  CHECK(v.bob.heard.size() == 4);
  CHECK(v.bob.count("alice", Line::Kind::notice, "before this") == 0);

  // The relay takes a receipt without an ack, and breaks the link.
  v.relay.refuse = [&](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (Relay::type_of(message) == "client-receipt") return proto::ErrorCode::busy;
    return std::nullopt;
  };
  v.box.deaf = {"client-receipt"};
  v.put(v.alice.letter(to, "4", v.relay.now));
  v.relay.refuse = nullptr;
  v.box.deaf.clear();
  const auto came = v.box.receipts.size();
  v.relay.hang_up(v.bob);
  v.box.advance(60'000);
  CHECK(v.box.receipts.size() == came + 1);
}

TEST_CASE("attack 66: one uid by two authors: both texts are shown") {
  Victim v;
  v.befriend(v.carol);
  v.login();
  auto a = v.session(v.alice), c = v.session(v.carol);
  proto::TextContent text;
  text.uid = std::string(22, 'A');
  text.body = "alice's";
  const auto first = v.alice.letter(a, text, v.relay.now);
  text.body = "carol's";
  v.put(v.carol.letter(c, text, v.relay.now));
  v.put(first);
  CHECK(v.bob.heard == std::vector<std::string>{"carol: carol's", "alice: alice's"});
  // One author's second text under a uid is no text any more, but it is receipted.
  text.body = "another";
  v.put(v.carol.letter(c, text, v.relay.now));
  CHECK(v.bob.heard.size() == 2);
  CHECK(v.box.delivered(v.carol) == 2);
}

namespace {

// Three letters are taken, and the store is put back to after the first. `waiting`: the relay gives the other two at
// the login, when they are taken before the old keys are wiped; else later.
void put_back(PrekeyUse use, bool waiting) {
  Victim v;
  v.login();
  auto known = v.session(v.alice, use);
  const auto before = v.alice.letter(known, "before the backup", v.relay.now);
  v.put(before);
  const auto yesterday = v.bob.trust.backup();
  auto fresh = v.session(v.alice, use);
  std::vector<std::string> old{v.alice.letter(known, "a known session", v.relay.now),
                               v.alice.letter(fresh, "a session that was lost", v.relay.now)};
  for (const auto& one : old)
    v.put(one);
  REQUIRE(v.bob.heard.size() == 3);
  const std::set<std::string> receipts(v.box.receipts.begin(), v.box.receipts.end());
  REQUIRE(receipts.size() == 3);

  v.bob.heard.clear();
  v.box.receipts.clear();
  v.bob.trust.restore(yesterday);
  if (!waiting) v.bob.restart();
  if (!waiting) v.box.settle();
  for (const auto& one : old)
    v.box.put(one);
  if (waiting) v.bob.restart();
  v.box.settle();
  std::vector<std::string> again{"alice: a known session"};
  if (waiting) again.push_back("alice: a session that was lost");
  CHECK(v.bob.count("", Line::Kind::alert, "knows more about our letters") == 1);
  CHECK(v.bob.heard == again);
  CHECK(v.box.unopened(v.alice) == (waiting ? 0 : 1));
  CHECK(v.box.delivered(v.alice) == again.size());

  old.push_back(before);
  for (int round = 0; round < 6; ++round) {
    if (round % 2 == 1) v.bob.restart();
    for (const auto& one : old)
      v.put(one);
  }
  CHECK(v.bob.heard == again);
  CHECK(v.bob.trust.rows.size() == 1 + again.size());
  CHECK(v.box.unopened(v.alice) == (waiting ? 0 : 1));
  CHECK(v.box.delivered(v.alice) == 1 + again.size());  // that before the backup, too
  for (const auto& receipt : v.box.receipts)
    CHECK((receipt.find("unopened") != std::string::npos || receipts.contains(receipt)));
  CHECK(v.box.receipts.size() <= old.size() * (1 + 3 * 4));
}

}  // namespace

TEST_CASE("attack 49: old letters to a store that was put back: shown once in its new life, or refused") {
  for (const auto use : {PrekeyUse::once, PrekeyUse::many})
    for (const bool waiting : {true, false}) {
      CAPTURE((use == PrekeyUse::once));
      CAPTURE(waiting);
      put_back(use, waiting);
    }
}

TEST_CASE(
    "attack 49: old letters under keys that went with a store that was put back: told and refused, once") {
  Victim v(0);
  const auto yesterday = v.bob.trust.backup();
  v.box.prekeys.clear();
  v.box.stock(2, true);
  v.login();
  auto once = v.session(v.alice), many = v.session(v.alice, PrekeyUse::many);
  const std::vector<std::string> old{v.alice.letter(once, "once", v.relay.now),
                                     v.alice.letter(many, "many", v.relay.now)};
  for (const auto& one : old)
    v.put(one);
  REQUIRE(v.box.delivered(v.alice) == 2);
  v.bob.heard.clear();
  v.bob.trust.restore(yesterday);
  v.bob.restart();
  v.box.settle();
  for (int round = 0; round < 6; ++round) {
    if (round % 2 == 1) v.bob.restart();
    for (const auto& one : old)
      v.put(one);
  }
  CHECK(v.bob.heard.empty());
  CHECK(v.bob.trust.rows.empty());
  CHECK(v.box.items.empty());
  CHECK(v.box.unopened(v.alice) == 2);
}
