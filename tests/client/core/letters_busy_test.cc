// Letters that come while frames of peers have to wait: those frames may be dropped, a letter is acked to the relay
// and must not be.
#include <doctest/doctest.h>

#include <algorithm>

#include "client/conversation/context.h"
#include "client/core/postbox.h"
#include "client/mail/letter_work.h"
#include "proto/channel/handshake.h"
#include "proto/wire/encode.h"

using namespace sims;
using namespace sims::test;
using client::Line;
using client::Standing;
using proto::PrekeyUse;

namespace {

constexpr int crowd = 300;  // more than the 256 frames that wait, of one peer or of unknown ids
constexpr const char *phase_2 = "\"phase\":2", *phase_4 = "\"phase\":4";

struct Busy {
  Busy() {
    bob.trust.pinned[server]["alice"] = {alice.id, false, 1, Standing::contact};
    box.names = {{"alice", alice.id}, {"carol", carol.id}};
    box.stock(3, true);
    bob.connect();
    box.settle();
  }
  void put(const std::string& item) {
    box.put(item);
    box.settle();
  }
  // Phase 1 is out.
  proto::Handshake call(Writer& writer) {
    proto::HandshakeOptions options;
    options.kind = proto::HandshakeKind::client_client;
    options.role = proto::Role::initiator;
    options.identity = &writer.identity;
    options.name = writer.name;
    options.suites = crypto::default_suites();
    options.peer = bob.id;
    proto::Handshake handshake(std::move(options), writer.ephemerals);
    relay.give(bob, handshake.start());
    relay.settle();
    return handshake;
  }
  std::string junk(Writer& writer) const {
    proto::ClientCom com;
    com.src = writer.id;
    com.dst = bob.id;
    com.data = "junk";
    return proto::encode(com);
  }
  std::size_t answers(const char* phase) const { return Relay::count(bob.asked, phase); }
  // Runs the job that opens a letter; the call's stays out.
  void open_one() {
    const auto at = std::find_if(bob.works.begin(), bob.works.end(), [](const auto& work) {
      return dynamic_cast<const client::LetterWork*>(work.get()) != nullptr;
    });
    REQUIRE(at != bob.works.end());
    auto work = std::move(*at);
    bob.works.erase(at);
    work->run();
    bob.core->work_done(std::move(work), relay.now);
    box.settle();
  }

  Relay relay;
  Guest& bob = relay.add("bob");
  proto::Id server = proto::Id::of(relay.identity.public_key());
  Postbox box{relay, bob};
  Writer alice{"alice", 101}, carol{"carol", 102};
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Busy, "a letter is taken while the work of its sender's call is out, and its frames wait") {
  auto known = alice.session(box.take(), bob.id, relay.now);
  put(alice.letter(known, "before the call", relay.now));
  REQUIRE(box.delivered(alice) == 1);
  bob.busy = true;
  auto handshake = call(alice);
  const auto answer = std::find_if(bob.asked.begin(), bob.asked.end(), [](const std::string& message) {
    return message.find(phase_2) != std::string::npos;
  });
  REQUIRE(answer != bob.asked.end());
  relay.give(bob, handshake.receive(*answer).value());
  relay.settle();
  REQUIRE(bob.works.size() == 1);
  REQUIRE(dynamic_cast<client::PeerWork*>(bob.works.front().get()) != nullptr);
  SUBCASE("few frames wait") {}
  SUBCASE("more came than may wait") {
    for (int i = 0; i < crowd; ++i)
      relay.give(bob, junk(alice));
    relay.settle();
  }

  put(alice.letter(known, "its session is ours", relay.now));
  CHECK(bob.heard.back() == "alice: its session is ours");
  CHECK(box.delivered(alice) == 2);

  auto other = alice.session(box.take(), bob.id, relay.now);
  put(alice.letter(other, "in a new session", relay.now));
  put(alice.letter(known, "behind it", relay.now));
  CHECK(box.items.empty());
  CHECK(bob.trust.mail.arrived.size() == 2);
  open_one();
  CHECK(bob.heard == Words{"alice: before the call", "alice: its session is ours", "alice: in a new session",
                           "alice: behind it"});
  CHECK(box.delivered(alice) == 4);
  CHECK(bob.trust.mail.arrived.empty());
  CHECK(bob.works.size() == 1);
  CHECK(answers(phase_4) == 0);
  bob.busy = false;
  box.settle();
  CHECK(answers(phase_4) == 1);
}

TEST_CASE_FIXTURE(Busy, "letters of ids that the list has not shown yet outlast their parked calls") {
  auto to = carol.session(box.take(), bob.id, relay.now);
  box.deaf = {"find"};
  relay.refuse = [](Guest&, const std::string& message) -> std::optional<proto::ErrorCode> {
    if (Relay::type_of(message) == "find") return proto::ErrorCode::rate_limited;
    return std::nullopt;
  };
  call(carol);
  put(carol.letter(to, "one", relay.now));
  std::vector<std::unique_ptr<Writer>> callers;
  for (int i = 0; i < crowd; ++i) {
    callers.push_back(std::make_unique<Writer>("caller" + std::to_string(i), 2'000 + i));
    call(*callers.back());
  }
  put(carol.letter(to, "two", relay.now));
  CHECK(box.items.empty());
  CHECK(bob.trust.mail.arrived.size() == 2);

  relay.show("carol", carol.id);  // her call was parked first
  SUBCASE("the list shows her") {
    box.settle();
    CHECK(answers(phase_2) == 0);
    relay.show(callers.back()->name, callers.back()->id);
    CHECK(answers(phase_2) == 1);
  }
  SUBCASE("parked calls have expired") {
    box.advance(6'000);
    relay.show(callers.back()->name, callers.back()->id);
    CHECK(answers(phase_2) == 0);
  }
  relay.refuse = nullptr;
  box.deaf.clear();
  box.advance(10'000);
  CHECK(bob.heard == Words{"carol: one", "carol: two"});
  CHECK(bob.trust.mail.arrived.empty());
}
