// Letters that come to their owner: shown once, receipted, refused; and the people who write them.
#include <doctest/doctest.h>

#include "client/core/postbox.h"
#include "proto/limits.h"
#include "proto/mail/receipt.h"
#include "proto/wire/content.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::Line;
using client::MailReceipt;
using client::Standing;
using proto::PrekeyUse;

namespace {

struct Letters {
  Letters() {
    pin(alice, Standing::contact);
    box.names = {{"alice", alice.id}, {"carol", carol.id}};
    box.stock(3, true);
  }
  void pin(const Writer& writer, Standing standing, bool verified = false) {
    bob.trust.pinned[server][writer.name] = {writer.id, verified, 1, standing};
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
  std::vector<std::string> said(const std::string& by) const {
    std::vector<std::string> out;
    if (!bob.knows(by)) return out;
    for (const Line& line : bob.peer(by).lines)
      if (line.kind == Line::Kind::text && !line.mine) out.push_back(line.text);
    return out;
  }
  std::size_t held(MailReceipt::State state) const {
    std::size_t count = 0;
    for (const auto& [at, one] : bob.trust.mail.receipts)
      count += one->row.state == state;
    return count;
  }
  std::size_t whole_once_keys() const {
    std::size_t count = 0;
    for (const auto& [at, one] : bob.trust.mail.prekeys)
      count += one->key.use == PrekeyUse::once && one->key.secret.size() > 0;
    return count;
  }
  std::uint64_t count() const { return bob.trust.mail.accounts.at(server).taken; }

  Relay relay;
  Guest& bob = relay.add("bob");
  proto::Id server = proto::Id::of(relay.identity.public_key());
  Postbox box{relay, bob};
  Writer alice{"alice", 71}, carol{"carol", 72};
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Letters, "a letter is shown with its time, receipted, counted, and its key is wiped") {
  auto to = session(alice);
  box.put(alice.letter(to, "first", relay.now));
  box.put(alice.letter(to, "second", relay.now));
  relay.now.unix_ms += 3'600'000;
  login();
  CHECK(bob.model().mail);
  CHECK(said("alice") == Words{"first", "second"});
  CHECK(bob.heard == Words{"alice: first", "alice: second"});
  const Line& line = bob.peer("alice").lines.back();
  CHECK(line.at_unix_ms - line.sent_unix_ms == 3'600'000);
  CHECK(bob.peer("alice").unread == 2);
  CHECK(box.delivered(alice) == 2);
  CHECK(box.items.empty());
  CHECK(count() == 2);
  CHECK(whole_once_keys() == 2);
  CHECK(held(MailReceipt::State::covered) == 2);
  CHECK(bob.trust.mail.arrived.empty());
  put(alice.letter(to, "third", relay.now));
  CHECK(said("alice").back() == "third");
  CHECK(box.delivered(alice) == 3);
  CHECK(count() == 3);
}

TEST_CASE_FIXTURE(Letters, "a server without mail: the client asks for nothing and keeps nothing") {
  box.keeps_mail = false;
  login();
  box.advance(5'000);
  CHECK_FALSE(bob.model().mail);
  CHECK(box.uploads.empty());
}

TEST_CASE_FIXTURE(Letters, "the hop's ack of a letter waits for the commit of its fate") {
  login();
  bob.gather = true;
  auto to = session(alice);
  put(alice.letter(to, "one", relay.now));
  box.advance(500);
  box.put(alice.letter(to, "two", relay.now));
  box.put(alice.letter(to, "three", relay.now));
  relay.give(bob, box.items[0]);
  CHECK(bob.core->holds_writes());
  CHECK(bob.out.empty() == false);
  CHECK(bob.up.empty());
}

TEST_CASE_FIXTURE(Letters,
                  "letters of one session in any order and over logins: each once; order by `after`") {
  auto to = session(alice);
  std::vector<std::string> written;
  for (const char* body : {"one", "two", "three", "four"})
    written.push_back(alice.letter(to, body, relay.now));
  login();
  put(written[2]);
  CHECK(said("alice") == Words{"three"});  // the first of an author starts the chain
  bob.restart();
  box.settle();
  put(written[0]);
  put(written[3]);
  put(written[1]);
  box.advance(1'000);
  CHECK(bob.heard == Words{"alice: three", "alice: one", "alice: four", "alice: two"});
  CHECK(box.delivered(alice) == 4);
}

TEST_CASE_FIXTURE(
    Letters, "a full disk: a letter is taken back, not acked, and comes again; nothing is half applied") {
  login();
  auto to = session(alice);
  bob.trust.full = true;
  put(alice.letter(to, "one", relay.now));
  CHECK(said("alice").empty());
  CHECK(bob.heard.empty());
  CHECK(box.items.size() == 1);
  CHECK(box.receipts.empty());
  CHECK(whole_once_keys() == 3);
  bob.trust.full = false;
  box.advance(30'000);
  CHECK(said("alice") == Words{"one"});
  CHECK(box.items.empty());
  CHECK(box.delivered(alice) == 1);
  CHECK(count() == 1);
}

TEST_CASE_FIXTURE(Letters, "letters whose opening waits: kept as they came, acked, opened after a restart") {
  login();
  bob.busy = true;
  auto to = session(alice);
  put(alice.letter(to, "one", relay.now));
  put(alice.letter(to, "two", relay.now));
  CHECK(box.items.empty());
  CHECK(said("alice").empty());
  CHECK(bob.trust.mail.arrived.size() == 2);
  bob.busy = false;
  bob.restart();
  box.settle();
  box.advance(1'000);
  CHECK(said("alice") == Words{"one", "two"});
  CHECK(box.delivered(alice) == 2);
  CHECK(bob.trust.mail.arrived.empty());
}

TEST_CASE_FIXTURE(Letters, "a letter of a contact goes before those of strangers") {
  std::vector<std::unique_ptr<Writer>> strangers;  // with ids before and after the contact's
  for (int i = 0; i < 6; ++i) {
    strangers.push_back(std::make_unique<Writer>("s" + std::to_string(i), 200 + i));
    relay.listed[strangers.back()->name] = strangers.back()->id;
  }
  login();
  bob.busy = true;
  for (const auto& stranger : strangers) {
    auto to = session(*stranger, PrekeyUse::many);
    put(stranger->letter(to, "from a stranger", relay.now));
  }
  auto to = session(alice);
  put(alice.letter(to, "from a contact", relay.now));
  bob.busy = false;
  box.settle();
  REQUIRE(bob.heard.size() == 7);
  CHECK(bob.heard[1] == "alice: from a contact");  // one job was out already
}

TEST_CASE_FIXTURE(Letters,
                  "an offline stranger: the name is asked for, a request, no receipt before accept") {
  auto to = session(carol);
  box.put(carol.letter(to, "hello", relay.now));
  box.put(carol.letter(to, "are you there?", relay.now));
  login();
  REQUIRE(bob.knows("carol"));
  CHECK(Relay::count(bob.asked, R"("type":"find")") == 1);
  CHECK(bob.peer("carol").standing == Standing::request);
  CHECK_FALSE(bob.peer("carol").online);
  CHECK(bob.count("carol", Line::Kind::notice, "A request: carol is not among your contacts") == 1);
  CHECK(bob.core->safety_number("carol") == proto::safety_number(bob.id, carol.id));
  CHECK(said("carol") == Words{"hello", "are you there?"});
  CHECK(box.items.empty());
  CHECK(box.receipts.empty());
  CHECK(held(MailReceipt::State::held) == 2);
  SUBCASE("accepted: the receipts go out") {
    bob.restart();
    box.settle();
    CHECK(box.receipts.empty());
    REQUIRE(bob.core->accept("carol", relay.now));
    box.settle();
    CHECK(box.delivered(carol) == 2);
    CHECK(held(MailReceipt::State::covered) == 2);
    put(carol.letter(to, "thanks", relay.now));
    CHECK(box.delivered(carol) == 3);
  }
  SUBCASE("written to: likewise") {
    REQUIRE(bob.say("carol", "hello"));
    box.settle();
    CHECK(box.delivered(carol) == 2);
  }
}

TEST_CASE_FIXTURE(Letters,
                  "a server that does not tell a stranger's name: the letter waits for the next start") {
  auto to = session(carol);
  box.put(carol.letter(to, "hello", relay.now));
  relay.refuse = [](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (Relay::type_of(message) != "find") return std::nullopt;
    return proto::ErrorCode::not_registered;
  };
  login();
  box.advance(120'000);
  CHECK(box.items.empty());
  CHECK(bob.trust.mail.arrived.size() == 1);
  CHECK(Relay::count(bob.asked, R"("type":"find")") == 1);
  relay.refuse = nullptr;
  bob.restart();
  box.advance(20'000);
  CHECK(said("carol") == Words{"hello"});
  CHECK(bob.trust.mail.arrived.empty());
}

TEST_CASE_FIXTURE(Letters,
                  "attack 55: letters of people who are declined or blocked are dropped unread, and acked") {
  auto to = session(carol);
  box.put(carol.letter(to, "hello", relay.now));
  box.put(carol.letter(to, "are you there?", relay.now));
  login();
  REQUIRE(bob.heard.size() == 2);
  SUBCASE("declined: nothing of hers stays, and what comes again is not shown") {
    REQUIRE(bob.core->decline("carol", relay.now));
    box.settle();
    CHECK_FALSE(bob.knows("carol"));
    CHECK(bob.trust.mail.receipts.empty());
    CHECK(box.receipts.empty());
    bob.restart();
    box.settle();
    CHECK(said("carol").empty());
  }
  SUBCASE("blocked: dropped unread, acked") {
    REQUIRE(bob.core->block("carol", relay.now));
    put(carol.letter(to, "more", relay.now));
    auto again = session(carol);
    put(carol.letter(again, "in a new session", relay.now));
    CHECK(bob.peer("carol").standing == Standing::blocked);
    CHECK(box.items.empty());
    CHECK(box.receipts.empty());
    CHECK(bob.trust.mail.arrived.empty());
    CHECK(bob.heard.size() == 2);
    CHECK(count() == 4);
  }
}

TEST_CASE("accept_strangers: an offline stranger's letter makes a contact, who gets receipts") {
  Relay relay;
  client::CoreOptions options;
  options.accept_strangers = true;
  Guest& bob = relay.add("bob", options);
  Postbox box(relay, bob);
  Writer carol("carol", 5);
  box.names = {{"carol", carol.id}};
  box.stock(1, false);
  auto to = carol.session(box.take(), bob.id, relay.now);
  box.put(carol.letter(to, "hello", relay.now));
  bob.connect();
  box.settle();
  CHECK(bob.peer("carol").standing == Standing::contact);
  CHECK(box.delivered(carol) == 1);
}

TEST_CASE(
    "accept_strangers: all letters of an offline stranger are taken, also those that come before the first "
    "is opened") {
  Relay relay;
  client::CoreOptions options;
  options.accept_strangers = true;
  Guest& bob = relay.add("bob", options);
  Postbox box(relay, bob);
  Writer carol("carol", 5);
  box.names = {{"carol", carol.id}};
  box.stock(1, false);
  auto to = carol.session(box.take(), bob.id, relay.now);
  for (int n = 0; n < 60; ++n)
    box.put(carol.letter(to, std::to_string(n), relay.now));
  bob.connect();
  box.settle();
  CHECK(bob.heard.size() == 60);
  CHECK(box.delivered(carol) == 60);
  CHECK(bob.trust.mail.arrived.empty());
}

TEST_CASE_FIXTURE(
    Letters, "attack 55: letters whose sender's name is not known wait; nobody without a name is shown") {
  auto to = session(carol);
  relay.refuse = [](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (Relay::type_of(message) == "find") return proto::ErrorCode::rate_limited;
    return std::nullopt;
  };
  box.deaf = {"find"};
  box.put(carol.letter(to, "hello", relay.now));
  login();
  CHECK_FALSE(bob.knows("carol"));
  CHECK(box.items.empty());
  CHECK(bob.trust.mail.arrived.size() == 1);
  relay.refuse = nullptr;
  box.deaf.clear();
  SUBCASE("the server answers later") {
    box.advance(10'000);
    CHECK(said("carol") == Words{"hello"});
  }
  SUBCASE("the id was released: dropped") {
    box.names.erase("carol");
    box.advance(10'000);
    CHECK_FALSE(bob.knows("carol"));
    CHECK(bob.trust.mail.arrived.empty());
    CHECK(box.receipts.empty());
  }
  SUBCASE("after a restart") {
    bob.restart();
    box.settle();
    box.advance(1'000);
    CHECK(bob.heard == Words{"carol: hello"});
  }
}

TEST_CASE_FIXTURE(Letters, "attack 55: a changed key is a full stop also for mail") {
  login();
  SUBCASE("the list shows another key for the name") {
    relay.show("alice", carol.id);
    auto to = session(alice);
    put(alice.letter(to, "old key", relay.now));
    auto other = session(carol);
    put(carol.letter(other, "new key", relay.now));
  }
  SUBCASE("the answer to `find` does") {
    box.names = {{"alice", carol.id}};
    auto to = session(carol);
    put(carol.letter(to, "new key", relay.now));
    CHECK(bob.count("alice", Line::Kind::alert, "KEY CHANGED") == 1);
  }
  CHECK(bob.heard.empty());
  CHECK(box.items.empty());
  CHECK(box.receipts.empty());
  CHECK(bob.trust.mail.arrived.empty());
  CHECK(bob.peer("alice").trust == client::Trust::changed);
  CHECK(bob.count("alice", Line::Kind::alert, "under another key of alice was refused") >= 1);
}

TEST_CASE_FIXTURE(Letters,
                  "a letter that cannot be opened: told, and answered by a signed word, once a letter") {
  login();
  auto key = box.take();
  auto lost = alice.session(key, bob.id, relay.now);
  REQUIRE(bob.trust.erase_prekey(server, key.number));
  const auto letter = alice.letter(lost, "lost", relay.now);
  put(letter);
  put(letter);
  CHECK(box.items.empty());
  CHECK(bob.heard.empty());
  CHECK(box.unopened(alice) == 1);
  CHECK(box.delivered(alice) == 0);
  CHECK(bob.count("alice", Line::Kind::alert, "A letter from alice could not be opened: its key is gone.") >=
        1);
  CHECK(bob.trust.mail.arrived.empty());
  CHECK(count() == 2);
  // At most 20 an hour; the others wait.
  for (int i = 0; i < 30; ++i)
    put(alice.letter(lost, "more", relay.now));
  put(letter);
  CHECK(box.receipts.size() == 20);
  box.advance(3'700'000);
  CHECK(box.unopened(alice) == 31);
  put(alice.letter(lost, "later", relay.now));
  CHECK(box.unopened(alice) == 32);
}

TEST_CASE_FIXTURE(Letters,
                  "answers to letters that cannot be opened: 100 of one sender wait, none of a blocked one") {
  pin(carol, Standing::contact);
  login();
  auto key = box.take();
  REQUIRE(bob.trust.erase_prekey(server, key.number));
  for (Writer* writer : {&alice, &carol}) {
    std::vector<proto::MailSender> lost;
    for (int i = 0; i < 200; ++i) {
      if (i % 100 == 0) lost.push_back(writer->session(key, bob.id, relay.now));
      put(writer->letter(lost.back(), "lost", relay.now));
    }
  }
  CHECK(box.unopened(alice) == 20);
  CHECK(box.unopened(carol) == 0);
  REQUIRE(bob.core->block("carol", relay.now));
  for (int hour = 0; hour < 10; ++hour)
    box.advance(3'700'000);
  CHECK(box.unopened(alice) == 120);
  CHECK(box.unopened(carol) == 0);
}

TEST_CASE_FIXTURE(
    Letters, "answers to letters that cannot be opened outlive a failed commit, and go to contacts alone") {
  login();
  auto key = box.take();
  REQUIRE(bob.trust.erase_prekey(server, key.number));
  auto lost = alice.session(key, bob.id, relay.now);
  for (int i = 0; i < 30; ++i)
    put(alice.letter(lost, "lost", relay.now));
  REQUIRE(box.unopened(alice) == 20);
  SUBCASE("the disk is full when the hour is over") {
    bob.trust.full = true;
    box.advance(3'700'000);
    CHECK(box.unopened(alice) == 20);
    bob.trust.full = false;
    box.advance(3'700'000);
    CHECK(box.unopened(alice) == 30);
  }
  SUBCASE("the key of alice has changed") {
    const auto other = crypto::SigningKey::generate(relay.random);
    relay.show("alice", proto::Id::of(other.public_key()));
    box.settle();
    REQUIRE(bob.peer("alice").trust == client::Trust::changed);
    box.advance(3'700'000);
    CHECK(box.unopened(alice) == 20);
  }
}

TEST_CASE_FIXTURE(Letters,
                  "damaged rows are told; a letter of a session that was lost is opened again or told") {
  login();
  auto once = session(alice), many = session(alice, PrekeyUse::many);
  put(alice.letter(once, "one", relay.now));
  put(alice.letter(many, "two", relay.now));
  REQUIRE(box.delivered(alice) == 2);
  bob.trust.mail.sessions.clear();  // both rows read as none
  bob.trust.damage = "store.db: damaged: a session of letters does not open";
  put(alice.letter(many, "three", relay.now));
  CHECK(bob.count("", Line::Kind::alert, "damaged: a session of letters") == 1);
  CHECK(box.delivered(alice) == 3);
  put(alice.letter(once, "four", relay.now));
  CHECK(said("alice") == Words{"one", "two", "three"});
  CHECK(box.unopened(alice) == 1);  // alice's client writes "four" again
}

TEST_CASE_FIXTURE(Letters, "a stranger's letter that cannot be opened is dropped without a word") {
  login();
  auto key = box.take();
  auto lost = carol.session(key, bob.id, relay.now);
  REQUIRE(bob.trust.erase_prekey(server, key.number));
  put(carol.letter(lost, "lost", relay.now));
  CHECK(box.items.empty());
  CHECK(box.receipts.empty());
  CHECK_FALSE(bob.knows("carol"));
  CHECK(bob.count("", Line::Kind::alert) == 0);
}

TEST_CASE_FIXTURE(Letters,
                  "what is not a text: an unknown kind is said and receipted, a notice says nothing") {
  login();
  auto to = session(alice);
  const auto seal = [&](const proto::Content& content) {
    auto sealed = to.seal(proto::encode_content(content).value(), relay.now);
    alice.awaited.push_back(std::move(sealed.awaited));
    put(sealed.message);
  };
  seal(proto::TypingContent{true});
  seal(proto::ReadContent{std::string(22, 'A')});
  CHECK_FALSE(bob.peer("alice").typing);
  CHECK(bob.count("alice", Line::Kind::notice, "unsupported message") == 0);
  auto sealed =
      to.seal(R"({"kind":"dance","uid":"AAAAAAAAAAAAAAAAAAAAAA"})" + std::string(79, ' '), relay.now);
  alice.awaited.push_back(std::move(sealed.awaited));
  put(sealed.message);
  CHECK(bob.count("alice", Line::Kind::notice, "unsupported message from alice") == 1);
  CHECK(box.delivered(alice) == 3);
}

TEST_CASE_FIXTURE(Letters, "letters for others, and our own, are dropped, acked and counted") {
  login();
  auto to = alice.session(box.take(), bob.id, relay.now);
  auto letter = alice.letter(to, "x", relay.now);
  const auto swap = [](std::string text, const proto::Id& from, const proto::Id& by) {
    for (std::size_t at = 0; (at = text.find(from.str(), at)) != std::string::npos;)
      text.replace(at, proto::Id::length, by.str());
    return text;
  };
  put(swap(letter, bob.id, carol.id));
  put(swap(letter, alice.id, bob.id));
  put(R"({"type":"client-mail","src":"?"})");
  CHECK(box.items.empty());
  CHECK(bob.heard.empty());
  CHECK(box.receipts.empty());
  CHECK(count() == 3);
}

TEST_CASE_FIXTURE(Letters, "receipts go again after a lost link, and later after a refusal; not to nobody") {
  login();
  auto to = session(alice);
  std::optional<proto::ErrorCode> code = proto::ErrorCode::busy;
  std::size_t tried = 0;
  relay.refuse = [&](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (Relay::type_of(message) != "client-receipt") return std::nullopt;
    ++tried;
    return code;
  };
  SUBCASE("busy") {
    put(alice.letter(to, "one", relay.now));
    CHECK(tried == 1);
    box.advance(20'000);
    CHECK(tried == 1);
    code.reset();
    box.advance(15'000);
    CHECK(tried == 2);
    CHECK(box.delivered(alice) == 1);
  }
  SUBCASE("unknown peer") {
    code = proto::ErrorCode::unknown_peer;
    put(alice.letter(to, "one", relay.now));
    box.advance(120'000);
    CHECK(tried == 1);
    CHECK(held(MailReceipt::State::covered) == 1);
  }
  SUBCASE("the link breaks before the ack") {
    relay.refuse = nullptr;
    bob.gather = true;
    box.gives = false;
    put(alice.letter(to, "one", relay.now));
    relay.give(bob, box.items.front());
    relay.settle();
    (void)bob.core->commit(relay.now);
    relay.hang_up(bob);
    CHECK(held(MailReceipt::State::owed) == 1);
    bob.gather = false;
    box.gives = true;
    box.advance(20'000);
    CHECK(box.delivered(alice) == 1);
    CHECK(held(MailReceipt::State::covered) == 1);
    CHECK(said("alice") == Words{"one"});
  }
}

TEST_CASE_FIXTURE(Letters, "many receipts: a window of them at a time, all in the end") {
  pin(carol, Standing::contact);
  login();
  auto to = session(carol);
  box.gives = false;
  for (int i = 0; i < 80; ++i)
    box.put(carol.letter(to, std::to_string(i), relay.now));
  box.gives = true;
  box.settle();
  CHECK(box.delivered(carol) == 80);
  CHECK(said("carol").size() == 80);
  CHECK(held(MailReceipt::State::covered) == 80);
}

TEST_CASE_FIXTURE(Letters, "the summary gathers until the letters that waited have come") {
  auto to = session(alice);
  for (int i = 0; i < 120; ++i) {
    if (i == 100) to = session(alice);
    box.put(alice.letter(to, std::to_string(i), relay.now));
  }
  box.gives = false;
  login();
  box.advance(5'000);
  CHECK(bob.model().catching_up);
  CHECK(bob.count("", Line::Kind::notice, "While you were away") == 0);
  box.gives = true;
  box.settle();
  box.advance(2'000);
  CHECK_FALSE(bob.model().catching_up);
  CHECK(bob.count("", Line::Kind::notice, "While you were away: 120 from alice") == 1);
  CHECK(bob.peer("alice").unread == 120);
}

// Two contacts; bob, who goes away, may get letters.
struct Overtaken {
  Overtaken() {
    relay.mail = true;
    relay.befriend(alice, bob);
    relay.listed["alice"] = alice.id;
    bob.connect();
  }
  void bob_leaves() {
    bob.core->disconnect(relay.now);
    relay.settle();
  }
  void alice_writes() {
    alice.connect();
    REQUIRE(alice.say("bob", "by letter"));
    REQUIRE(alice.peer("bob").lines.back().delivery == client::Delivery::mailed);
  }
  void bob_hears_live() {
    bob.connect();
    relay.show("bob", bob.id);
    REQUIRE(alice.say("bob", "live"));
    REQUIRE(alice.peer("bob").lines.back().delivery == client::Delivery::delivered);
    CHECK(bob.heard.empty());
  }

  Relay relay;
  Guest& alice = relay.add("alice");
  Guest& bob = relay.add("bob");
};

TEST_CASE_FIXTURE(Overtaken, "a live text that overtakes the first letter of its author waits for it") {
  SUBCASE("of all") {}
  SUBCASE("of those in a new store") {
    alice.connect();
    relay.show("bob", bob.id);
    REQUIRE(alice.say("bob", "in the store that was lost"));
    bob.trust.restore({bob.trust.servers, bob.trust.pinned, {}, {}, {}, {}, 0, {}});
    bob.heard.clear();
    bob.restart();
    relay.hide("bob");
    alice.core->disconnect(relay.now);
    relay.advance(20'000);
  }
  bob_leaves();
  alice_writes();
  relay.gives = false;
  bob_hears_live();
  relay.gives = true;
  relay.give_mail(bob);
  relay.settle();
  CHECK(bob.heard == Words{"alice: by letter", "alice: live"});
  CHECK(bob.count("alice", Line::Kind::notice, "before this") == 0);
}

TEST_CASE_FIXTURE(Overtaken, "a live text for whose letters nothing comes is the first, after a minute") {
  bob_leaves();
  alice_writes();
  relay.gives = false;
  bob_hears_live();
  alice.core->disconnect(relay.now);  // else she sends the other again
  relay.advance(60'000);
  CHECK(bob.heard == Words{"alice: live"});
  CHECK(bob.count("alice", Line::Kind::notice, "before this") == 0);
}

TEST_CASE_FIXTURE(Overtaken, "a live text waits until the server has said whether letters may be before it") {
  bob_leaves();
  alice_writes();
  // The mailboxes' disk is slow: its word comes after the first live text.
  relay.mail = false;
  bob_hears_live();
  SUBCASE("one is") {
    relay.mail = true;
    relay.send_status(bob);
    relay.give_mail(bob);
    relay.settle();
    CHECK(bob.heard == Words{"alice: by letter", "alice: live"});
  }
  SUBCASE("none is") {
    relay.mail = true;
    relay.boxes[bob.id].items.clear();
    relay.send_status(bob);
    relay.settle();
    CHECK(bob.heard == Words{"alice: live"});
  }
  SUBCASE("it keeps no letters") {
    relay.advance(10'000);
    CHECK(bob.heard == Words{"alice: live"});
  }
  SUBCASE("it says so only after the next login") {
    relay.hang_up(bob);
    relay.mail = true;
    relay.advance(60'000);
    CHECK(bob.heard == Words{"alice: by letter", "alice: live"});
  }
  CHECK(bob.count("alice", Line::Kind::notice, "before this") == 0);
}
