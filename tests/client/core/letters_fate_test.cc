// What becomes of letters that we wrote: receipts, letters that cannot be opened, and texts that nobody receipts.
#include <doctest/doctest.h>

#include "client/core/away.h"
#include "proto/mail/receipt.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;

namespace {

constexpr std::int64_t minute = 60'000, day = 86'400'000;

}  // namespace

TEST_CASE("a signed unopened sends the text once more, in another session") {
  Away away;
  away.leave_prekeys(3);
  away.alice.connect();
  const auto serial = away.write("hello");
  const auto first = Away::parse(away.box().items.at(0));
  auto forged = proto::sign_unopened(first, away.alice.identity);
  forged.src = away.bob.id, forged.dst = away.alice.id;
  away.relay.give(away.alice, proto::encode(forged));
  away.relay.settle();
  CHECK(away.box().items.size() == 1);

  away.relay.give(away.alice, proto::encode(proto::sign_unopened(first, away.bob.identity)));
  away.relay.settle();
  REQUIRE(away.box().items.size() == 2);
  const auto second = away.read(away.box().items[1]);
  CHECK(second.letter.header.number != first.header.number);
  CHECK(second.text.body == "hello");
  CHECK(away.mark(serial) == Delivery::mailed);

  away.relay.give(away.alice, proto::encode(proto::sign_unopened(second.letter, away.bob.identity)));
  away.relay.settle();
  CHECK(away.box().items.size() == 2);
  away.relay.give(away.alice, second.receipt);
  away.relay.settle();
  CHECK(away.mark(serial) == Delivery::delivered);
}

TEST_CASE("a whole session that cannot be opened costs one more prekey") {
  Away away;
  away.leave_prekeys(5);
  away.alice.connect();
  for (int i = 0; i < 4; ++i)
    away.write(std::to_string(i));
  REQUIRE(away.asks() == 1);
  std::vector<std::string> words;
  for (const auto& item : away.box().items)
    words.push_back(proto::encode(proto::sign_unopened(Away::parse(item), away.bob.identity)));
  SUBCASE("at once") {}
  SUBCASE("after a restart") {
    away.alice.restart();
  }
  for (const auto& word : words)
    away.relay.give(away.alice, word);
  away.relay.settle();
  CHECK(away.asks() == 2);
  REQUIRE(away.box().items.size() == 8);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(away.read(away.box().items[4 + i]).text.body == std::to_string(i));
}

TEST_CASE("a receipt finds its text although its reader has another name, or its name another key") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  const auto serial = away.write("hello");
  const auto letter = away.read(away.box().items.at(0));
  SUBCASE("renamed") {
    away.relay.show("robert", away.bob.id);
    REQUIRE(away.alice.knows("robert"));
  }
  SUBCASE("the new key was accepted") {
    Guest& other = away.relay.add("bob");
    away.relay.show("bob", other.id);
    REQUIRE(away.alice.core->accept_changed("bob", other.id.text(), away.relay.now));
    REQUIRE(away.alice.peer("bob").held == 1);
  }
  SUBCASE("forgotten") {
    REQUIRE(away.alice.core->forget("bob", away.relay.now));
  }
  away.relay.give(away.alice, letter.receipt);
  away.relay.settle();
  CHECK(away.mark(serial) == Delivery::delivered);
}

TEST_CASE("54: a text without a receipt goes again after 30 days, twice, then it failed") {
  Away away;
  away.leave_prekeys(3);
  away.alice.connect();
  const auto serial = away.write("hello");
  const auto pass = [&](std::int64_t days) {
    away.relay.now.unix_ms += days * day;
    away.relay.advance(60 * minute);  // it looks every hour
    away.relay.advance(60'000);
  };
  pass(29);
  CHECK(away.letters() == 1);
  pass(1);
  CHECK(away.letters() == 2);
  pass(30);
  CHECK(away.letters() == 3);
  CHECK(away.mark(serial) == Delivery::mailed);
  pass(30);
  CHECK(away.letters() == 3);
  CHECK(away.mark(serial) == Delivery::failed);
  const auto uid = away.read(away.box().items.at(0)).text.uid;
  CHECK(away.read(away.box().items.at(2)).text.uid == uid);
}

TEST_CASE("46: a receipt for another letter, or under another key, proves nothing") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  const auto one = away.write("one");
  const auto two = away.write("two");
  const auto first = away.read(away.box().items.at(0)), second = away.read(away.box().items.at(1));
  proto::JsonTape tape;
  std::string text = first.receipt;
  auto receipt = std::get<proto::ClientReceipt>(proto::decode_from_server(*tape.parse(text)).value());
  receipt.data = proto::token_hash(second.letter);
  away.relay.give(away.alice, proto::encode(receipt));
  std::get<proto::LetterDelivered>(receipt.outcome).id = 1;
  away.relay.give(away.alice, proto::encode(receipt));
  away.relay.settle();
  CHECK(away.mark(one) == Delivery::mailed);
  CHECK(away.mark(two) == Delivery::mailed);
}

TEST_CASE("a mailed text goes again in a session with a peer who has been online for a minute") {
  Away away;
  away.leave_prekeys(1);
  away.relay.gives = false;  // the relay keeps his letters back
  away.alice.connect();
  const auto serial = away.write("hello");
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  away.relay.advance(50'000);
  CHECK(away.bob.heard.empty());
  CHECK(away.mark(serial) == Delivery::mailed);
  away.relay.advance(15'000);
  CHECK(away.bob.heard == std::vector<std::string>{"alice: hello"});
  CHECK(away.mark(serial) == Delivery::delivered);
}

TEST_CASE("a mailed text goes again to a peer who was online before it was written") {
  Away away;
  away.leave_prekeys(1);
  away.relay.gives = false;
  away.relay.pass = [](Guest&, Guest&, const std::string&) {};
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  away.alice.connect();
  const auto serial = away.write("hello");
  away.relay.advance(62'000);
  REQUIRE(away.mark(serial) == Delivery::mailed);
  away.relay.pass = [&](Guest&, Guest& to, const std::string& message) { away.relay.give(to, message); };
  away.relay.advance(120'000);
  CHECK(away.bob.heard == std::vector<std::string>{"alice: hello"});
  CHECK(away.mark(serial) == Delivery::delivered);
}

TEST_CASE("who took a text once takes letters, however many wait and whenever we start again") {
  Away away;
  away.leave_prekeys(4);
  away.alice.connect();
  away.write("text 0");
  away.relay.give(away.alice, away.read(away.box().items.at(0)).receipt);
  away.relay.settle();
  for (int i = 1; i <= 150; ++i)
    away.write("text " + std::to_string(i));
  SUBCASE("at once") {}
  SUBCASE("without a history") {
    REQUIRE(away.alice.core->erase_history("bob"));
  }
  away.alice.restart();
  away.relay.settle();
  const auto serial = away.write("one more");
  CHECK(away.letters() == 152);
  CHECK(away.mark(serial) == Delivery::mailed);
}

TEST_CASE("a stranger's reader keeps 20 letters: the rest waits until one was receipted") {
  Away away;
  away.leave_prekeys(2);
  away.alice.connect();
  std::vector<std::uint64_t> serials;
  for (int i = 0; i < 25; ++i)
    serials.push_back(away.write("text " + std::to_string(i)));
  CHECK(away.letters() == 20);
  CHECK(away.mark(serials[19]) == Delivery::mailed);
  CHECK(away.mark(serials[20]) == Delivery::queued);
  CHECK(away.line(serials[24]).why == "bob keeps no more letters before accepting the first ones");
  away.relay.give(away.alice, away.read(away.box().items.at(0)).receipt);
  away.relay.settle();
  CHECK(away.letters() == 25);
  CHECK(away.line(serials[24]).why.empty());
}

TEST_CASE("no letter overtakes a text that a session still carries to a peer who left") {
  Away away;
  away.leave_prekeys(2);
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  away.alice.connect();
  away.relay.pass = [&](Guest&, Guest& to, const std::string& message) {
    if (Relay::type_of(message) != "client-com") away.relay.give(to, message);
  };
  away.relay.gives = false;
  away.write("one");
  REQUIRE(away.alice.peer("bob").session == client::SessionState::established);
  away.bob.core->disconnect(away.relay.now);
  away.relay.hide("bob");
  away.write("two");
  away.relay.advance(5'000);
  std::vector<std::string> bodies;
  for (const auto& item : away.box().items)
    bodies.push_back(away.read(item).text.body);
  CHECK(bodies == std::vector<std::string>{"one", "two"});
}
