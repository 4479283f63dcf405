// Letters that we write: prekeys, refusals, lost links.
#include <doctest/doctest.h>

#include <deque>

#include "client/core/away.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::Delivery;

namespace {

constexpr std::int64_t minute = 60'000, day = 86'400'000;

}  // namespace

TEST_CASE("a text to somebody offline goes by letter, is mailed, and its receipt proves its delivery") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  const auto serial = away.write("hello");
  REQUIRE(away.box().items.size() == 1);
  CHECK(away.mark(serial) == Delivery::mailed);
  CHECK(away.alice.core->unsent("bob") == 0);
  const auto letter = away.read(away.box().items[0]);
  CHECK(letter.text.body == "hello");
  CHECK(letter.text.after == "");
  CHECK(away.alice.delivered == 0);
  away.relay.give(away.alice, letter.receipt);
  away.relay.settle();
  CHECK(away.mark(serial) == Delivery::delivered);
  CHECK(away.alice.delivered == 1);
  CHECK(away.alice.trust.deliveries(away.alice.model().server_id)->empty());
}

TEST_CASE("texts in a row are one session, and each names the one before it") {
  Away away;
  away.leave_prekeys(2);
  away.alice.connect();
  away.write("text 0");
  const auto first = away.read(away.box().items.at(0));
  away.relay.give(away.alice, first.receipt);  // bob takes more than a stranger's letters
  for (int i = 1; i < 120; ++i)
    away.write("text " + std::to_string(i));
  REQUIRE(away.box().items.size() == 120);
  CHECK(away.asks() == 2);
  std::string before = first.text.uid;
  for (std::size_t i = 1; i < 120; ++i) {
    const auto one = away.read(away.box().items[i]);
    CHECK(one.letter.id == i % 100);
    CHECK(one.text.body == "text " + std::to_string(i));
    CHECK(one.text.after == before);
    before = one.text.uid;
  }
}

TEST_CASE("a session lasts a day") {
  Away away;
  away.leave_prekeys(2);
  away.alice.connect();
  away.write("today");
  away.relay.now.unix_ms += day;
  away.relay.now.steady_ms += day;
  away.write("tomorrow");
  CHECK(away.asks() == 2);
}

TEST_CASE("a server that says nothing of letters for 10 s after its list keeps none") {
  Away away;
  SUBCASE("it says so") {
    away.alice.connect();
    CHECK(away.alice.model().mail_known);
    CHECK(away.alice.model().mail);
  }
  SUBCASE("it does not") {
    away.relay.mail = false;
    away.alice.connect();
    away.relay.advance(9'000);
    CHECK_FALSE(away.alice.model().mail_known);
    away.relay.advance(1'000);
    CHECK(away.alice.model().mail_known);
    CHECK_FALSE(away.alice.model().mail);
  }
  away.relay.hang_up(away.alice);
  CHECK_FALSE(away.alice.model().mail_known);
}

TEST_CASE("nothing is written before the whole list has come") {
  Away away;
  away.leave_prekeys(1);
  away.relay.page = 1;
  away.relay.listed["carol"] = away.relay.add("carol").id;
  away.refuse(R"("after")", proto::ErrorCode::rate_limited);
  away.alice.connect();
  const auto serial = away.write("hello");
  CHECK(away.asks() == 0);
  away.relay.refuse = nullptr;
  away.relay.advance(5'000);
  CHECK(away.mark(serial) == Delivery::mailed);
}

TEST_CASE("without prekeys a text waits, with the reason and the time of the next try") {
  Away away;
  away.alice.connect();
  const auto serial = away.write("hello");
  CHECK(away.mark(serial) == Delivery::queued);
  CHECK(away.alice.core->unsent("bob") == 1);
  CHECK(away.line(serial).why == "bob has left no keys for letters at the server");
  CHECK(away.line(serial).again_unix_ms == away.relay.now.unix_ms + 10 * minute);
  CHECK(away.asks() == 1);
  away.write("and this waits as well");
  CHECK(away.asks() == 1);
  away.relay.advance(10 * minute);
  CHECK(away.asks() == 2);
  away.relay.advance(19 * minute);
  CHECK(away.asks() == 2);
  away.leave_prekeys(1);
  away.relay.advance(1 * minute);
  CHECK(away.mark(serial) == Delivery::mailed);
  CHECK(away.line(serial).why.empty());
  CHECK(away.box().items.size() == 2);
}

TEST_CASE("a prekey that is not genuine is refused and told") {
  Away away;
  away.leave_prekeys(1);
  away.box().prekeys[0].signature[5] ^= 1;
  away.alice.connect();
  const auto serial = away.write("hello");
  CHECK(away.letters() == 0);
  CHECK(away.mark(serial) == Delivery::queued);
  CHECK(away.alice.count("bob", client::Line::Kind::alert, "is not genuine: its signature is wrong") == 1);
}

TEST_CASE("a full mailbox: the text is queued, nothing more is sent for 10 minutes, then one letter first") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  away.refuse_letters(proto::ErrorCode::mailbox_full);
  const auto first = away.write("one");
  const auto second = away.write("two");
  CHECK(away.letters() == 1);
  CHECK(away.mark(first) == Delivery::queued);
  CHECK(away.line(first).why == "the mailbox of bob is full");
  CHECK(away.line(second).why == "the mailbox of bob is full");
  away.relay.advance(10 * minute);
  CHECK(away.letters() == 2);
  CHECK(away.line(first).again_unix_ms > away.relay.now.unix_ms + 19 * minute);
  away.relay.advance(15 * minute);
  CHECK(away.letters() == 2);

  // Until the peer is online, or there is room.
  away.refuse_letters(std::nullopt);
  away.relay.advance(5 * minute);
  CHECK(away.mark(first) == Delivery::mailed);
  CHECK(away.mark(second) == Delivery::mailed);
  REQUIRE(away.box().items.size() == 2);
  CHECK(away.read(away.box().items[0]).text.body == "one");
  CHECK(away.read(away.box().items[1]).text.body == "two");
}

TEST_CASE("the ack of letters that came before a refused one does not end its pause") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  away.write("opens the session");
  int taken = 0;
  away.relay.refuse = [&](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (Relay::type_of(message) != "client-mail" || ++taken <= 2) return std::nullopt;
    return proto::ErrorCode::mailbox_full;
  };
  for (int i = 0; i < 5; ++i)
    REQUIRE(away.alice.core->send_text("bob", std::to_string(i), false, away.relay.now));
  away.relay.settle();
  CHECK(away.letters() == 6);
  CHECK(away.box().items.size() == 3);
  away.relay.advance(9 * minute);
  CHECK(away.letters() == 6);
  away.relay.refuse = nullptr;
  away.relay.advance(2 * minute);
  REQUIRE(away.box().items.size() == 6);
  for (int i = 0; i < 5; ++i)
    CHECK(away.read(away.box().items[static_cast<std::size_t>(i) + 1]).text.body == std::to_string(i));
}

TEST_CASE("a pause that was stored under a clock far ahead lasts a day at most") {
  Away away;
  away.leave_prekeys(2);
  away.alice.connect();
  away.relay.now.unix_ms += 30 * day;
  away.refuse_letters(proto::ErrorCode::mailbox_full);
  away.write("hello");
  away.relay.advance(2'000);  // it is stored a second later
  away.refuse_letters(std::nullopt);
  away.relay.now.unix_ms -= 30 * day;
  away.alice.restart();
  CHECK(away.box().items.empty());
  CHECK(away.alice.peer("bob").lines.back().again_unix_ms <= away.relay.now.unix_ms + day);
  away.relay.now.unix_ms += day;
  away.relay.now.steady_ms += day;
  away.relay.advance(20'000);
  CHECK(away.box().items.size() == 1);
}

TEST_CASE("why a text waited is said no more once a session took it") {
  Away away;
  away.alice.connect();
  const auto serial = away.write("hello");
  CHECK(away.line(serial).why == "bob has left no keys for letters at the server");
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  away.relay.settle();
  CHECK(away.mark(serial) == Delivery::delivered);
  CHECK(away.line(serial).why.empty());
  CHECK(away.line(serial).again_unix_ms == 0);
}

TEST_CASE("after a lost link a letter without an ack is put again, unchanged") {
  for (const bool restarts : {false, true}) {
    CAPTURE(restarts);
    Away away;
    away.leave_prekeys(2);
    away.alice.connect();
    away.refuse_letters(proto::ErrorCode::going_away);
    std::string letter;
    away.relay.refuse = [&](Guest& from, const std::string& message) -> std::optional<proto::ErrorCode> {
      if (Relay::type_of(message) != "client-mail") return std::nullopt;
      letter = message;
      from.closed = true;  // and the link breaks before any answer
      return proto::ErrorCode::internal;
    };
    (void)away.alice.core->send_text("bob", "hello", false, away.relay.now);
    for (int i = 0; i < 20 && letter.empty(); ++i)
      away.relay.settle();
    REQUIRE_FALSE(letter.empty());
    away.relay.refuse = nullptr;
    if (restarts) {
      away.alice.restart();
    } else {
      away.relay.hang_up(away.alice);
      away.relay.advance(20'000);
    }
    REQUIRE(away.box().items.size() == 1);
    CHECK(away.box().items[0] == letter);
    CHECK(away.alice.peer("bob").lines.back().delivery == Delivery::mailed);
  }
}

TEST_CASE("mailed survives a restart, and nothing is sent again") {
  Away away;
  away.leave_prekeys(2);
  away.alice.connect();
  away.write("hello");
  const auto letter = away.read(away.box().items.at(0));
  away.alice.restart();
  CHECK(away.box().items.size() == 1);
  CHECK(away.alice.peer("bob").lines.back().delivery == Delivery::mailed);
  away.relay.give(away.alice, letter.receipt);
  away.relay.settle();
  CHECK(away.alice.peer("bob").lines.back().delivery == Delivery::delivered);
}

TEST_CASE("a server that is busy gets the same letter again") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  away.refuse_letters(proto::ErrorCode::busy);
  const auto serial = away.write("hello");
  CHECK(away.mark(serial) == Delivery::queued);
  away.refuse_letters(std::nullopt);
  away.relay.advance(10'000);
  CHECK(away.mark(serial) == Delivery::mailed);
  REQUIRE(away.box().items.size() == 1);
  CHECK(away.read(away.box().items[0]).letter.id == 0);
}

TEST_CASE("a letter that the server will never take fails") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  away.refuse_letters(proto::ErrorCode::too_large);
  const auto serial = away.write("hello");
  CHECK(away.mark(serial) == Delivery::failed);
  CHECK(away.line(serial).why == "the server refused it (too-large)");
}

TEST_CASE("somebody who is in the list under another name is written to") {
  Away away;
  away.leave_prekeys(1);
  away.relay.show("robert", away.bob.id);
  away.alice.connect();
  const auto serial = away.write("hello");
  CHECK(away.mark(serial) == Delivery::mailed);
}

TEST_CASE("a letter that the server cannot store goes in a session, and no later text passes it") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  away.refuse_letters(proto::ErrorCode::busy);
  const auto first = away.write("first");
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  const auto second = away.write("second");
  away.relay.settle();
  CHECK(away.bob.heard == std::vector<std::string>{"alice: first", "alice: second"});
  CHECK(away.mark(first) == Delivery::delivered);
  CHECK(away.mark(second) == Delivery::delivered);
  CHECK(away.box().items.empty());
  const auto letters = away.letters();
  away.refuse_letters(std::nullopt);
  away.relay.advance(10 * minute);
  CHECK(away.letters() == letters);
}

TEST_CASE("a refused letter's text still names the one before it after a restart") {
  Away away;
  away.leave_prekeys(2);
  away.alice.connect();
  away.write("first");
  const auto before = away.read(away.box().items.at(0)).text.uid;
  away.refuse_letters(proto::ErrorCode::mailbox_full);
  away.write("second");
  away.refuse_letters(std::nullopt);
  away.alice.restart();
  away.relay.advance(11 * minute);
  REQUIRE(away.box().items.size() == 2);
  const auto second = away.read(away.box().items[1]).text;
  CHECK(second.body == "second");
  CHECK(second.after == before);
}

TEST_CASE("after a restart a text names the one before it whose letter is out") {
  Away away;
  away.leave_prekeys(2);
  away.alice.connect();
  away.write("before");
  away.relay.slow = true;
  away.write("first");
  away.alice.restart();
  away.write("second");
  away.relay.slow = false;
  away.alice.restart();
  REQUIRE(away.box().items.size() == 3);
  away.read(away.box().items[0]);
  const auto first = away.read(away.box().items[1]).text, second = away.read(away.box().items[2]).text;
  CHECK(first.body == "first");
  CHECK(second.body == "second");
  CHECK(second.after == first.uid);
}

TEST_CASE("no live text passes a letter whose fate is not known") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  away.relay.slow = true;
  const auto first = away.write("first");
  REQUIRE(away.mark(first) == Delivery::queued);
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  const auto second = away.write("second");
  away.relay.advance(4'000);
  CHECK(away.bob.heard.empty());
  // The relay restarts. The letter is posted again, and the relay has it: the text may follow.
  away.relay.slow = false;
  away.relay.gives = false;
  away.relay.hang_up(away.alice);
  away.relay.advance(20'000);
  CHECK(away.mark(first) == Delivery::mailed);
  CHECK(away.mark(second) == Delivery::delivered);
  CHECK(away.box().items.size() == 1);
}

TEST_CASE("a peer who is online and does not answer for a minute is written to") {
  Away away;
  away.leave_prekeys(1);
  away.relay.show("bob", away.bob.id);
  away.alice.connect();
  const auto serial = away.write("hello");
  away.relay.advance(59'000);
  CHECK(away.letters() == 0);
  away.relay.advance(2'000);
  CHECK(away.letters() == 1);
  CHECK(away.mark(serial) == Delivery::mailed);
}

TEST_CASE("a text that a session took just before its peer left goes by letter") {
  Away away;
  away.leave_prekeys(1);
  away.relay.gives = false;
  away.relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    if (Relay::type_of(message) != "client-com" || &from != &away.alice) away.relay.give(to, message);
  };
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  away.alice.connect();
  const auto serial = away.write("hello");
  REQUIRE(away.mark(serial) == Delivery::sent);
  away.relay.hide("bob");
  away.relay.advance(500);
  CHECK(away.mark(serial) == Delivery::sent);  // he may be back, and the list late
  away.relay.advance(1'000);
  CHECK(away.mark(serial) == Delivery::mailed);
}

TEST_CASE("a session whose peer falls silent ends, and its texts go by letter") {
  Away away;
  away.leave_prekeys(1);
  away.relay.gives = false;
  bool silent = false;
  away.relay.pass = [&](Guest&, Guest& to, const std::string& message) {
    if (!silent) away.relay.give(to, message);
  };
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  away.alice.connect();
  REQUIRE(away.mark(away.write("heard")) == Delivery::delivered);
  silent = true;
  const auto first = away.write("one");
  away.relay.advance(10'000);
  const auto second = away.write("two");
  away.relay.advance(69'000);  // 20 s until the call, which then is not answered for a minute
  CHECK(away.letters() == 0);
  away.relay.advance(2'000);
  REQUIRE(away.box().items.size() == 2);
  CHECK(away.mark(first) == Delivery::mailed);
  CHECK(away.mark(second) == Delivery::mailed);
  const auto one = away.read(away.box().items[0]).text, two = away.read(away.box().items[1]).text;
  CHECK((one.body == "one" && one.uid == away.line(first).uid));
  CHECK((two.body == "two" && two.after == one.uid));
}

TEST_CASE("a text that came in a session and by letter is shown once, and its receipt proves it") {
  Away away;
  bool silent = false;
  away.relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    if (!silent || &from == &away.alice) away.relay.give(to, message);
  };
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  away.alice.connect();
  away.write("heard");
  silent = true;
  const auto serial = away.write("one");
  away.relay.advance(79'000);
  CHECK(away.mark(serial) == Delivery::sent);
  away.relay.advance(3'000);
  CHECK(away.letters() == 1);
  CHECK(away.mark(serial) == Delivery::delivered);
  silent = false;
  const auto later = away.write("two");
  away.relay.advance(60'000);
  CHECK(away.mark(later) == Delivery::delivered);
  CHECK(away.bob.heard == std::vector<std::string>{"alice: heard", "alice: one", "alice: two"});
}

TEST_CASE("a session whose texts are acked lasts, although a call got no answer") {
  Away away;
  away.leave_prekeys(1);
  bool slow = false;
  std::deque<std::pair<std::int64_t, std::string>> acks;
  away.relay.pass = [&](Guest& from, Guest& to, const std::string& message) {
    const auto type = Relay::type_of(message);
    if (slow && type == "client-connect") return;
    if (slow && &from == &away.bob && type == "ack")
      acks.emplace_back(away.relay.now.steady_ms + (acks.empty() ? 25'000 : 12'000), message);
    else
      away.relay.give(to, message);
  };
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  away.alice.connect();
  REQUIRE(away.mark(away.write("heard")) == Delivery::delivered);
  slow = true;
  for (int text = 0; text < 30; ++text) {
    away.write("and");  // something is always in flight
    away.relay.advance(5'000);
    for (; !acks.empty() && acks.front().first <= away.relay.now.steady_ms; acks.pop_front())
      away.relay.give(away.alice, acks.front().second);
  }
  CHECK(away.letters() == 0);
  CHECK(away.alice.peer("bob").session == client::SessionState::established);
  CHECK(away.alice.delivered > 20);
}

TEST_CASE("a changed key is a full stop for letters") {
  Away away;
  away.leave_prekeys(2);
  away.alice.connect();
  away.write("hello");
  Guest& other = away.relay.add("bob");
  away.relay.show("bob", other.id);
  away.relay.hide("bob");
  CHECK_FALSE(away.alice.core->send_text("bob", "again", false, away.relay.now));
  away.relay.advance(10 * minute);
  CHECK(away.letters() == 1);
  CHECK(away.alice.core->accept_changed("bob", other.id.text(), away.relay.now));
  away.relay.advance(10 * minute);
  CHECK(away.letters() == 1);
  CHECK(away.alice.peer("bob").held == 1);
}

TEST_CASE("a server that keeps no letters: texts wait, as ever") {
  Away away;
  away.relay.mail = false;
  away.alice.connect();
  const auto serial = away.write("hello");
  CHECK(away.mark(serial) == Delivery::queued);
  CHECK(away.asks() == 0);
  away.relay.advance(10 * minute);
  CHECK(away.asks() == 0);
}

TEST_CASE("an error about a letter ends no session, and one without an id ends only a call") {
  Away away;
  away.alice.connect();
  away.bob.connect();
  away.relay.show("bob", away.bob.id);
  away.write("hello");
  REQUIRE(away.alice.peer("bob").session == client::SessionState::established);
  proto::Error error;
  error.code = proto::ErrorCode::not_connected;
  error.dst = away.bob.id;
  away.relay.give(away.alice, proto::encode(error));
  error.id = 0;
  away.relay.give(away.alice, proto::encode(error));
  CHECK(away.alice.peer("bob").session == client::SessionState::established);
}

TEST_CASE("a letter is stored before it leaves: killed anywhere, no two letters have one number") {
  struct Dead {};
  int at = 1;
  for (bool died = true; died; ++at) {
    REQUIRE(at < 1'000);
    died = false;
    Away away;
    away.leave_prekeys(4);
    away.alice.connect();
    int calls = 0;
    away.alice.trust.on_call = [&] {
      if (++calls == at) throw Dead{};
    };
    const auto live = [&](auto f) {
      try {
        f();
      } catch (const Dead&) {
        died = true;
        away.alice.trust.on_call = nullptr;
        away.alice.restart();
      }
    };
    live([&] { away.write("one"); });
    live([&] { away.write("two"); });
    away.alice.trust.on_call = nullptr;
    away.alice.restart();
    std::map<std::tuple<proto::PrekeyNumber, ByteArray<32>, std::uint64_t>, std::string> seen;
    for (const auto& message : away.alice.asked) {
      if (Relay::type_of(message) != "client-mail") continue;
      const auto letter = Away::parse(message);
      const auto [place, fresh] =
          seen.insert({{letter.header.number, letter.header.nonce, letter.id}, letter.data});
      CHECK_MESSAGE((fresh || place->second == letter.data), "call ", at);
    }
    for (const auto& line : away.alice.peer("bob").lines)
      if (line.mine) CHECK_MESSAGE(line.delivery == Delivery::mailed, "call ", at, ": ", line.text);
    if (!died) CHECK(seen.size() == 2);
  }
  CHECK(at > 20);  // it died at each call
}

TEST_CASE("the traces of wiped secrets go a second after their commit") {
  Away away;
  away.leave_prekeys(1);
  away.alice.connect();
  away.relay.advance(5'000);
  away.alice.trust.traces = true;  // as of the next commit
  away.write("hello");
  CHECK(away.alice.trust.has_traces());
  away.relay.advance(1'500);
  CHECK_FALSE(away.alice.trust.has_traces());
}
