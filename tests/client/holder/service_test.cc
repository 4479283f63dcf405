// The service of the program that holds a store, as other commands see it.
#include "client/holder/service.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "client/core/relay.h"
#include "proto/mail/prekey.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using namespace sims::client;

namespace {

// Alice's program, and bob who is online.
struct Holder : HolderHost {
  Holder() : alice(relay.add("alice")), bob(relay.add("bob", accepts())) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    alice.connect();
    bob.connect();
    relay.advance(10'000);  // the server had time to say that it keeps letters
  }
  static CoreOptions accepts() {
    CoreOptions options;
    options.accept_strangers = true;
    return options;
  }
  ClientCore* core() override { return is_locked ? nullptr : alice.core.get(); }
  std::string locked() const override { return is_locked ? "it is locked" : ""; }
  Memory& memory() override { return alice.trust; }
  Result<bool> forget_server(const std::string& server) override { return server == "known:1"; }
  Now now() const override { return relay.now; }

  // The events that client/link would report.
  void settle() {
    relay.settle();
    service.changed();
    for (const auto& [name, peer] : alice.model().peers)
      for (const auto& line : peer.lines)
        if (line.mine && line.delivery != Delivery::queued) service.delivery_changed(name, line);
  }

  Relay relay;
  Guest& alice;
  Guest& bob;
  bool is_locked = false;
  HolderService service{*this, Greeting{"sims-tui", "1.0", holder_protocol, 77, "", ""}};
};

struct Asking {
  explicit Asking(Holder& at, bool greeted = true)
      : holder(at),
        session(
            at.service, [] {}, greeted) {}
  std::string ask(const std::string& line) {
    session.received(bytes_of(line + "\n"));
    return session.take_output();
  }
  std::string later() {
    holder.settle();
    return session.take_output();
  }
  Holder& holder;
  HolderSession session;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

const std::string to_bob =
    R"({"id":1,"do":"send","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"hi","accept_new":true})";

}  // namespace

TEST_CASE("versions are compared first") {
  Holder holder;
  Asking other(holder, false);
  const auto refused = other.ask(R"({"hello":"sims","version":"0.9","protocol":1})");
  CHECK(has(refused, R"("code":"version")"));
  CHECK(has(refused, "sims-tui (process 77)"));
  CHECK(other.session.finished());
  Asking none(holder, false);
  CHECK(has(none.ask(to_bob), R"("code":"version")"));
  CHECK(none.session.finished());
  Asking same(holder, false);
  CHECK(has(same.ask(R"({"hello":"sims","version":"1.0","protocol":1})"), R"("pid":77)"));
  CHECK(same.ask(to_bob).empty());
  CHECK(has(same.later(), R"({"id":1,"ok":true,"uid":"AAAAAAAAAAAAAAAAAAAAAA")"));
  CHECK(holder.bob.heard == std::vector<std::string>{"alice: hi"});
}

TEST_CASE("a command for another server or name is refused") {
  Holder holder;
  for (const char* wish : {R"("server":"elsewhere:1")", R"("name":"eve")"}) {
    Asking asking(holder, false);
    asking.ask(std::string(R"({"hello":"sims","version":"1.0","protocol":1,)") + wish + "}");
    CHECK(has(asking.ask(R"({"id":1,"do":"list"})"), "which uses this store"));
  }
}

TEST_CASE("a text is answered when its delivery is proved; sent twice with one uid it is one text") {
  Holder holder;
  Asking one(holder), two(holder);
  CHECK(one.ask(to_bob).empty());
  CHECK(two.ask(to_bob).empty());
  CHECK(has(one.later(), R"("ok":true)"));
  CHECK(has(two.session.take_output(), R"("ok":true)"));
  CHECK(holder.bob.heard == std::vector<std::string>{"alice: hi"});
  CHECK_FALSE(one.session.busy());

  SUBCASE("also after the proof, if its command asks the next holder") {
    Asking again(holder);
    CHECK(has(again.ask(to_bob.substr(0, to_bob.size() - 1) + R"(,"again":true})"), R"("ok":true)"));
    holder.settle();
    CHECK(holder.bob.heard.size() == 1);
  }
}

TEST_CASE("a text that the last holder may have queued is looked up once while it waits") {
  Holder holder;
  Asking first(holder);
  first.ask(to_bob);
  CHECK(has(first.later(), R"("ok":true)"));
  holder.relay.hang_up(holder.alice);
  holder.alice.restart(false);
  holder.alice.core->show_remembered("server:7467", holder.now());
  REQUIRE(holder.alice.knows("bob"));
  REQUIRE(holder.alice.peer("bob").lines.empty());
  Asking taken_over(holder);
  const std::string other =
      R"({"id":1,"do":"send","to":"bob","uid":"BBBBBBBBBBBBBBBBBBBBBA","body":"next","again":true})";
  CHECK(taken_over.ask(other).empty());
  CHECK(holder.alice.peer("bob").lines.size() == 1);
  // Link calls changed() again after each change, before the loop can wait.
  const int changes = holder.alice.changes;
  holder.service.changed();
  holder.service.changed();
  CHECK(holder.alice.changes == changes);
  CHECK(taken_over.session.busy());
}

TEST_CASE("an unknown key is not accepted without asking") {
  Holder holder;
  Asking asking(holder);
  const std::string key = holder.bob.id.str();
  const auto asked =
      asking.ask(R"({"id":1,"do":"send","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"hi"})");
  CHECK(has(asked, R"("code":"peer_unknown","name":"bob","key":")" + key));
  CHECK(asking.session.idle_limit_ms() == 15 * 60'000);  // a person may be asked about it now
  CHECK(has(
      asking.ask(
          R"({"id":2,"do":"send","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"hi","accept":"other"})"),
      "peer_unknown"));
  CHECK(asking
            .ask(R"({"id":3,"do":"send","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"hi","accept":")" +
                 key + "\"}")
            .empty());
  CHECK(has(asking.later(), R"({"id":3,"ok":true)"));
  CHECK(asking.session.idle_limit_ms() == 60'000);
}

TEST_CASE("an offline peer gets the same error when the server refuses more questions about names") {
  Holder holder;
  Asking asking(holder);
  const auto after = [&](const std::string& request) {
    CHECK(asking.ask(request).empty());
    holder.settle();
    proto::Error error;
    error.code = proto::ErrorCode::rate_limited;
    error.id = holder.alice.line->received() - 1;
    holder.relay.give(holder.alice, proto::encode(error));
    return asking.later();
  };
  const auto text = after(R"({"id":1,"do":"send","to":"eve","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"hi"})");
  CHECK(has(text, R"("code":"no_peer")"));
  CHECK(has(text, "eve is not online"));
  CHECK(has(after(R"({"id":2,"do":"find","to":"eve"})"), "too many questions"));
}

TEST_CASE("a text that was given up has failed and is not sent") {
  Holder holder;
  holder.bob.busy = true;  // answers no call
  Asking asking(holder);
  CHECK(asking.ask(to_bob).empty());
  CHECK(asking.later().empty());
  CHECK(has(asking.ask(R"({"id":2,"do":"give_up","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA"})"),
            R"({"id":2,"ok":true})"));
  CHECK(has(asking.later(), "given up by sims send"));
  holder.bob.busy = false;
  holder.settle();
  CHECK(holder.bob.heard.empty());
  CHECK(
      has(asking.ask(R"({"id":3,"do":"give_up","to":"bob","uid":"BBBBBBBBBBBBBBBBBBBBBA"})"), R"("error")"));
  CHECK(holder.alice.peer("bob").lines.back().delivery == Delivery::failed);
}

TEST_CASE("a locked holder refuses in words, waiting requests too") {
  Holder holder;
  holder.bob.busy = true;
  Asking asking(holder);
  CHECK(asking.ask(to_bob).empty());
  holder.is_locked = true;
  holder.service.changed();
  const auto refused = asking.session.take_output();
  CHECK(has(refused, R"("code":"locked")"));
  CHECK(has(refused, "stays queued"));
  CHECK(has(asking.ask(R"({"id":2,"do":"list"})"), "it is locked"));
}

TEST_CASE("people, through the holder") {
  Holder holder;
  Asking asking(holder);
  CHECK(has(asking.ask(R"({"id":1,"do":"list"})"), R"("row":{"name":"bob")"));
  CHECK(has(asking.ask(R"({"id":2,"do":"fingerprint","to":"bob"})"), R"("trust":"new")"));
  CHECK(asking.ask(R"({"id":3,"do":"fingerprint","to":"carol"})").empty());  // asks the server
  holder.relay.settle();
  holder.relay.give(holder.alice, proto::encode(proto::Found{"carol", holder.bob.id, false}));
  CHECK(has(asking.later(), "carol is a user of"));
  CHECK(has(asking.ask(R"({"id":4,"do":"decline","to":"bob"})"), "there is no request"));
  CHECK(has(asking.ask(R"({"id":5,"do":"accept","to":"bob"})"), R"("ok":true)"));
  CHECK(holder.alice.peer("bob").known());
  CHECK(has(asking.ask(R"({"id":6,"do":"verify","to":"bob","number":"1"})"), R"("code":"peer_key")"));
  const auto number = proto::safety_number(holder.alice.id, holder.bob.id);
  CHECK(has(asking.ask(R"({"id":7,"do":"verify","to":"bob","number":")" + number + "\"}"), R"("ok":true)"));
  CHECK(holder.alice.peer("bob").trust == Trust::verified);
  CHECK(has(asking.ask(R"({"id":8,"do":"block","to":"bob"})"), R"("ok":true)"));
  CHECK(has(asking.ask(R"({"id":9,"do":"forget","to":"bob"})"), R"("ok":true)"));
  CHECK(holder.alice.peer("bob").standing == Standing::stranger);
  CHECK(has(asking.ask(R"({"id":10,"do":"forget","to":"known:1"})"), R"("ok":true)"));
  CHECK(has(asking.ask(R"({"id":11,"do":"forget","to":"other:1"})"), "neither a server nor a peer"));
}

TEST_CASE("a command without the store's key reads through the holder") {
  Holder holder;
  Asking asking(holder);
  CHECK(asking.ask(to_bob).empty());
  CHECK(has(asking.later(), R"("ok":true)"));
  const auto history = asking.ask(R"({"id":2,"do":"history","to":"bob"})");
  CHECK(has(history, R"({"id":2,"row":{"mine":true,"kind":"text","body":"hi","at":)"));
  CHECK(has(history, R"("uid":"AAAAAAAAAAAAAAAAAAAAAA","delivery":)"));
  CHECK(has(history, R"({"id":2,"ok":true})"));
  CHECK(has(asking.ask(R"({"id":3,"do":"history","to":"nobody"})"), R"("code":"no_peer")"));
  CHECK(has(asking.ask(R"({"id":4,"do":"history","to":"bob","after":"x"})"), R"("code":"bad_request")"));
  CHECK(asking.ask(R"({"id":5,"do":"requests"})") == "{\"id\":5,\"ok\":true}\n");
  holder.is_locked = true;
  CHECK(has(asking.ask(R"({"id":6,"do":"history","to":"bob"})"), R"("code":"locked")"));
  CHECK(has(asking.ask(R"({"id":7,"do":"requests"})"), R"("code":"locked")"));

  SUBCASE("a stranger who wrote") {
    Holder other;
    Asking bob(other);
    const auto server = proto::Id::of(other.relay.identity.public_key());
    other.alice.trust.pinned[server]["b0b"] = {other.bob.id, false, 7, Standing::request, 0};
    other.alice.trust.pinned[server]["bob"] = {other.bob.id, false, 7, Standing::contact, 0};
    CHECK(has(bob.ask(R"({"id":1,"do":"requests"})"),
              R"({"id":1,"row":{"name":"b0b","key":")" + other.bob.id.str() +
                  R"(","since":7,"messages":0,"looks_like":"bob"}})"));
  }
}

TEST_CASE("attack 7: a command that reads through the holder learns which texts are still missing") {
  Holder holder;
  const auto server = proto::Id::of(holder.relay.identity.public_key());
  HistoryEntry late;
  late.peer_id = holder.bob.id;
  late.uid = "late";
  late.body = "yes";
  late.at_unix_ms = holder.relay.now.unix_ms;
  late.after = "early";
  late.incomplete = true;
  REQUIRE(holder.alice.trust.add({server, "bob"}, late));
  Asking asking(holder);
  const std::string question = R"({"id":1,"do":"history","to":"bob"})";
  CHECK(has(asking.ask(question), R"("uid":"late","incomplete":true)"));
  HistoryEntry early = late;
  early.uid = "early";
  early.incomplete = false;
  REQUIRE(holder.alice.trust.add({server, "bob"}, early));
  CHECK_FALSE(has(asking.ask(question), "incomplete"));
}

TEST_CASE("attack 64: a long history is answered in pages that fit into the socket's queue") {
  Holder holder;
  const auto server = proto::Id::of(holder.relay.identity.public_key());
  HistoryEntry entry;
  entry.mine = true;
  entry.body = std::string(16'384, '\x01');  // six bytes each, as JSON
  for (int i = 0; i < 20; ++i)
    REQUIRE(holder.alice.trust.add({server, "bob"}, entry));
  Asking asking(holder);
  std::size_t rows = 0, pages = 0;
  std::string after;
  do {
    const auto page = asking.ask(R"({"id":1,"do":"history","to":"bob")" +
                                 (after.empty() ? "}" : ",\"after\":\"" + after + "\"}"));
    CHECK(page.size() < 512 * 1024);
    rows += static_cast<std::size_t>(std::count(page.begin(), page.end(), '\n')) - 1;
    const auto at = page.find("\"next\":\"");
    after = at == page.npos ? "" : page.substr(at + 8, page.find('"', at + 8) - at - 8);
    ++pages;
  } while (!after.empty() && pages < 30);
  CHECK(rows == 20);
  CHECK(pages > 3);
}

TEST_CASE("a command that times out learns the state of the connection") {
  Holder holder;
  Asking asking(holder);
  CHECK(has(asking.ask(R"({"id":1,"do":"link"})"),
            R"({"id":1,"ok":true,"state":"online","server":"server:7467","name":"alice")"));
  holder.alice.core->disconnect(holder.relay.now);
  CHECK(has(asking.ask(R"({"id":2,"do":"link"})"), R"("state":"offline")"));
}

TEST_CASE("forgetting a peer reports the held texts") {
  Holder holder;
  Asking asking(holder);
  CHECK(asking.ask(to_bob).empty());
  CHECK(has(asking.later(), R"("ok":true)"));
  CHECK_FALSE(has(asking.ask(R"({"id":2,"do":"forget","to":"bob"})"), "remarks"));
  holder.settle();
  holder.bob.busy = true;
  auto another = to_bob;
  another.replace(another.find("AAAA"), 4, "BAAA");
  CHECK(asking.ask(another).empty());
  CHECK(has(asking.ask(R"({"id":3,"do":"forget","to":"bob"})"),
            R"({"id":3,"ok":true,"remarks":["1 message to bob not delivered yet, held: )"));
}

TEST_CASE("a watcher gets messages and presence, each change once") {
  Holder holder;
  Asking asking(holder);
  const auto first = asking.ask(R"({"do":"watch"})");
  CHECK(has(first, R"("event":"link","state":"online")"));
  CHECK(has(first, R"("event":"presence","name":"bob","online":true)"));
  CHECK(asking.later().empty());
  Line line;
  line.text = "hello";
  line.uid = "u";
  holder.service.received("bob", line);
  CHECK(has(asking.session.take_output(), R"({"event":"message","from":"bob")"));
}

TEST_CASE("attack 45: the cost of a watcher's events depends on the changes, not on the crowd") {
  Holder holder;
  proto::List crowd;
  crowd.event = proto::List::Event::online;
  FixedRng random(5);
  for (int i = 0; i < 300; ++i) {
    ByteArray<32> bytes;
    random.fill(bytes);
    crowd.data.push_back({proto::Id::of(crypto::PublicKey{bytes}), "user" + std::to_string(i), 1});
  }
  Asking asking(holder);
  asking.ask(R"({"do":"watch"})");
  holder.relay.give(holder.alice, proto::encode(crowd));
  const auto told = asking.later();
  CHECK(std::count(told.begin(), told.end(), '\n') == 300);
  const auto before = asking.session.presence_examined();
  for (int turn = 0; turn < 100; ++turn)
    holder.service.changed();
  CHECK(asking.session.presence_examined() == before);
  CHECK(asking.session.take_output().empty());
  // A change of a peer's standing or trust counts, too.
  REQUIRE(holder.alice.core->accept("bob", holder.relay.now));
  CHECK(has(asking.later(), R"("event":"presence","name":"bob","online":true)"));
  holder.relay.hide("bob");
  CHECK(has(asking.later(), R"("event":"presence","name":"bob","online":false)"));
  holder.relay.hang_up(holder.alice);
  const auto gone = asking.later();
  CHECK(std::count(gone.begin(), gone.end(), '\n') >= 300);
}

TEST_CASE("attack 64: a holder's session is bounded in lines and in requests that wait") {
  Holder holder;
  holder.bob.busy = true;
  Asking many(holder);
  std::string out;
  for (int i = 0; i < 100; ++i)
    out += many.ask(R"({"id":1,"do":"send","to":"bob","uid":"AAAAAAAAAAAAAAAAAAA)" +
                    std::to_string(10 + i % 90) + R"(A","body":"x","accept_new":true})");
  CHECK(std::count(out.begin(), out.end(), '\n') == 36);
  CHECK(has(out, R"("code":"busy")"));
  Asking one(holder);
  one.session.received(bytes_of(std::string(max_holder_line + 1, 'x')));
  CHECK(one.session.finished());
  CHECK(has(one.session.take_output(), "too long"));
  Asking bad(holder);
  CHECK(has(bad.ask("not JSON"), R"("code":"bad_request")"));
  CHECK(bad.session.finished());
}

namespace {

// bob is not there, and the relay keeps letters.
struct Away : Holder {
  explicit Away(bool friends = true, bool mail = true) {
    relay.mail = mail;
    bob.core->disconnect(relay.now);
    relay.settle();
    relay.hide("bob");
    relay.hang_up(alice);
    alice.restart(false);
    if (friends) relay.befriend(alice, bob);
    alice.connect();
    settle();
  }
  void leave_prekey() {
    auto made = proto::make_prekey(*crypto::find_suite_by_label("ecdhe"), proto::PrekeyUse::once,
                                   static_cast<std::uint64_t>(relay.now.unix_s() + 90 * 86'400), bob.identity,
                                   bob.ephemerals);
    relay.boxes[bob.id].prekeys.push_back(made->record);
  }
  std::size_t letters() { return relay.boxes[bob.id].items.size(); }
};

std::string with(const std::string& member) {
  return to_bob.substr(0, to_bob.size() - 1) + "," + member + "}";
}

}  // namespace

TEST_CASE("a text to somebody offline is answered once the relay keeps it") {
  Away away;
  away.leave_prekey();
  Asking asking(away);
  CHECK(asking.ask(R"({"id":9,"do":"watch"})").find("\"ok\":true") != std::string::npos);
  CHECK(asking.ask(to_bob).empty());
  const auto answers = asking.later();
  CHECK(
      has(answers, R"({"id":1,"ok":true,"uid":"AAAAAAAAAAAAAAAAAAAAAA","delivery":"mailed","remarks":[]})"));
  CHECK(has(answers, R"("event":"delivery","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA","delivery":"mailed")"));
  CHECK_FALSE(asking.session.busy());
  CHECK(away.letters() == 1);

  CHECK(has(asking.ask(R"({"id":5,"do":"mail"})"), R"({"id":5,"row":{"name":"bob","key":")" +
                                                       away.bob.id.str() +
                                                       R"(","state":"mailed","messages":1,"oldest":)"));

  Asking again(away);
  CHECK(has(again.ask(with(R"("again":true)")), R"("delivery":"mailed")"));
  CHECK(has(again.ask(to_bob), R"("delivery":"mailed")"));
  CHECK(has(again.ask(R"({"id":2,"do":"give_up","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA"})"),
            "the relay keeps it for bob"));
  CHECK(away.alice.peer("bob").lines.back().delivery == Delivery::mailed);
  CHECK(away.letters() == 1);
}

TEST_CASE("a command that waits for the delivery learns that the relay keeps its text") {
  Away away;
  away.leave_prekey();
  Asking asking(away);
  CHECK(asking.ask(with(R"("wait_for":"delivered")")).empty());
  CHECK(asking.later() == "{\"id\":1,\"row\":{\"delivery\":\"mailed\"}}\n");
  CHECK(asking.later().empty());
  CHECK(asking.session.busy());
  Line line = away.alice.peer("bob").lines.back();
  line.delivery = Delivery::delivered;
  away.service.delivery_changed("bob", line);
  CHECK(has(asking.session.take_output(), R"("delivery":"delivered")"));
  CHECK_FALSE(asking.session.busy());
}

TEST_CASE("the first contact with somebody offline needs the key accepted") {
  Away away(false);
  away.leave_prekey();
  Asking asking(away);
  const std::string plain = R"({"id":1,"do":"send","to":"bob","uid":"AAAAAAAAAAAAAAAAAAAAAA","body":"hi")";
  const auto found = [&](const proto::Id& id) {
    away.settle();
    away.relay.give(away.alice, proto::encode(proto::Found{"bob", id, false}));
    return asking.later() + asking.later();
  };
  CHECK(asking.ask(plain + "}").empty());
  CHECK(has(found(away.bob.id), R"("code":"peer_unknown","name":"bob","key":")" + away.bob.id.str()));
  CHECK_FALSE(away.alice.knows("bob"));
  CHECK(asking.ask(plain + R"(,"accept":")" + away.bob.id.str() + "\"}").empty());
  CHECK(has(found(away.bob.id), R"("delivery":"mailed")"));
  CHECK(away.alice.peer("bob").known());
  CHECK(away.letters() == 1);

  SUBCASE("nobody of that name") {
    CHECK(
        asking.ask(R"({"id":3,"do":"send","to":"eve","uid":"BBBBBBBBBBBBBBBBBBBBBA","body":"hi"})").empty());
    away.settle();
    proto::Error error;
    error.code = proto::ErrorCode::unknown_peer;
    error.name = "eve";
    error.id = away.alice.line->received() - 1;
    away.relay.give(away.alice, proto::encode(error));
    const auto answer = asking.later();
    CHECK(has(answer, R"("code":"no_peer")"));
    CHECK(has(answer, "there is no user eve"));
  }
}

TEST_CASE("a text that the server takes no letter for is given up, unless the next try is soon enough") {
  Away away;
  Asking asking(away);
  SUBCASE("no keys for letters") {
    CHECK(asking.ask(to_bob).empty());
    const auto answer = asking.later();
    CHECK(has(answer, R"("code":"no_peer")"));
    CHECK(has(answer, "bob has left no keys for letters at the server; the message is given up"));
    CHECK(away.alice.peer("bob").lines.back().delivery == Delivery::failed);
    CHECK_FALSE(asking.session.busy());
  }
  SUBCASE("tried again") {
    CHECK(asking.ask(with(R"("within":601)")).empty());
    const auto row = asking.later();
    CHECK(has(
        row,
        R"({"id":1,"row":{"delivery":"queued","why":"bob has left no keys for letters at the server","again":)"));
    CHECK(asking.later().empty());
    away.leave_prekey();
    away.relay.advance(600'000);
    CHECK(has(asking.later(), R"("delivery":"mailed")"));
  }
  SUBCASE("tried again in vain") {
    CHECK(asking.ask(with(R"("within":601)")).empty());
    CHECK(has(asking.later(), R"("row")"));
    away.relay.advance(600'000);
    CHECK(has(asking.later(), R"("code":"no_peer")"));
  }
}

TEST_CASE("a server without letters: nobody who is offline can be written to") {
  Away away(true, false);
  Asking asking(away);
  CHECK(asking.ask(to_bob).empty());
  CHECK(asking.later().empty());
  away.relay.advance(10'000);  // it had time to say that it keeps some
  CHECK(asking.later().empty());
  CHECK(asking.later().empty());
  away.relay.give(away.alice, proto::encode(proto::Found{"bob", away.bob.id, false}));
  const auto answer = asking.later();
  CHECK(has(answer, R"("code":"no_peer")"));
  CHECK(has(answer, "bob is a user of server:7467, but offline"));
}

TEST_CASE("held texts are sent again by letter") {
  Away away;
  away.leave_prekey();
  const auto server = away.alice.model().server_id;
  HistoryEntry held;
  held.mine = true;
  held.uid = "held";
  held.body = "hi";
  held.peer_id = away.alice.id;  // an earlier key
  held.delivery = Delivery::queued;
  held.at_unix_ms = away.relay.now.unix_ms;
  REQUIRE(away.alice.trust.add({server, "bob"}, held));
  REQUIRE(away.alice.trust.commit());
  away.relay.hang_up(away.alice);
  away.alice.restart();
  away.settle();
  Asking asking(away);
  CHECK(asking.ask(R"({"id":1,"do":"resend","to":"bob"})").empty());
  CHECK(has(asking.later(), R"({"id":1,"ok":true,"delivery":"mailed")"));
  CHECK(away.letters() == 1);
}
