// The client's own questions about names and ids (Finds::look_up).
#include <doctest/doctest.h>

#include "client/conversation/letter_session.h"
#include "client/core/find.h"
#include "proto/wire/encode.h"
#include "support/fake_memory.h"
#include "support/fixed_rng.h"

using namespace sims;
using client::FindAnswer;
using client::Finds;
using Outcome = client::FindAnswer::Outcome;

namespace {

struct NoEffects final : client::Effects {
  void open_link(const std::string&) override {}
  void write(std::string) override {}
  void close_link(bool) override {}
  void start_work(std::unique_ptr<client::Work>) override {}
  void changed() override {}
  void received(const client::Peer&, const client::Line&) override {}
  void delivery_changed(const client::Peer&, const client::Line&) override {}
};

struct Asker : client::CoreServices {
  std::uint64_t send(std::string_view message, Now) override {
    sent.emplace_back(message);
    return sent.size() - 1;
  }
  void send_ack(std::string_view, Now) override {}
  bool start(std::unique_ptr<client::PeerWork>) override { return false; }
  void start(std::unique_ptr<client::RekeyWork>) override {}
  void start(std::unique_ptr<client::OpeningWork>) override {}
  Result<void> accept_mail(const client::Id&) override { return {}; }
  bool awaits_mail(const client::Id&) override { return false; }
  Result<void> write_down(Now, const std::function<Result<void>()>& writes) override { return writes(); }

  void look_up(const std::string& what) {
    finds.look_up(
        what, [this](const FindAnswer& answer, Now) { answers.push_back(answer); }, now);
  }
  void refuse(std::uint64_t seq, proto::ErrorCode code) {
    proto::Error error;
    error.code = code;
    error.id = seq;
    CHECK(finds.receive(error, now));
  }
  void advance(std::int64_t ms) {
    now.steady_ms += ms;
    finds.tick(now);
  }

  test::FixedEphemerals ephemerals;
  test::FakeMemory memory;
  client::CoreOptions options;
  client::Model model;
  NoEffects effects;
  client::Windows windows{model, 100};
  client::Pins pins{memory};
  client::History history{memory, model, windows, pins, true};
  client::Context context{options, model, ephemerals, effects, windows, pins, history, *this, {}};
  Finds finds{context};
  Now now{1'000'000, 1'700'000'000'000};
  std::vector<std::string> sent;
  std::vector<FindAnswer> answers;
  client::Id bob = client::Id::shaped(std::string(43, 'A')).value();
};

}  // namespace

TEST_CASE_FIXTURE(Asker,
                  "a question of the client waits until it is online, and is asked again after a loss") {
  look_up(bob.str());
  CHECK(finds.next_tick() == INT64_MAX);
  model.link = client::LinkState::online;
  CHECK(finds.next_tick() <= now.steady_ms);
  finds.tick(now);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0] == proto::encode(proto::FindRequest{"", bob}));
  finds.clear();
  finds.tick(now);
  REQUIRE(sent.size() == 2);
  finds.receive({"bob", bob, false}, now);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].outcome == Outcome::offline);
  CHECK(answers[0].name == "bob");
  CHECK(model.found.empty());
  finds.receive({"bob", bob, false}, now);
  CHECK(answers.size() == 1);

  look_up("carol");
  finds.forget();
  finds.receive({"carol", bob, false}, now);
  CHECK(answers.size() == 1);
}

TEST_CASE_FIXTURE(Asker, "questions of the client: unknown, too often, and 20 a minute at most") {
  model.link = client::LinkState::online;
  look_up("carol");
  refuse(0, proto::ErrorCode::rate_limited);
  CHECK(answers.empty());
  CHECK(sent.size() == 1);
  advance(4'999);
  CHECK(sent.size() == 1);
  advance(1);
  REQUIRE(sent.size() == 2);
  refuse(1, proto::ErrorCode::unknown_peer);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].outcome == Outcome::unknown);

  for (int i = 0; i < 40; ++i)
    look_up("n" + std::to_string(i));
  for (int ms = 0; ms < 50'000; ms += 1'000) {
    advance(1'000);
    for (std::uint64_t seq = 2; seq < sent.size(); ++seq)
      finds.receive({"n" + std::to_string(seq - 2), bob, false}, now);
    CHECK(sent.size() <= 20);
  }
  for (int ms = 0; ms < 120'000; ms += 1'000) {
    advance(1'000);
    for (std::uint64_t seq = 2; seq < sent.size(); ++seq)
      finds.receive({"n" + std::to_string(seq - 2), bob, false}, now);
  }
  CHECK(sent.size() == 42);
  CHECK(answers.size() == 41);
}

TEST_CASE_FIXTURE(Asker, "a server that cannot answer now has not said that nobody is there") {
  model.link = client::LinkState::online;
  look_up(bob.str());
  REQUIRE(sent.size() == 1);
  SUBCASE("busy") {
    refuse(0, proto::ErrorCode::busy);
  }
  SUBCASE("internal") {
    refuse(0, proto::ErrorCode::internal);
  }
  CHECK(answers.empty());
  CHECK(sent.size() == 1);
  advance(5'000);
  REQUIRE(sent.size() == 2);
  refuse(1, proto::ErrorCode::unknown_peer);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].outcome == Outcome::unknown);
}
