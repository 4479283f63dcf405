// The exchange of `sims send` and `sims resend` with the holder: where the text is, and the exit status.
#include "cli/exchange.h"

#include <doctest/doctest.h>

#include <vector>

#include "support/fixed_rng.h"

using namespace sims;
using namespace sims::client;
using namespace sims::client::cli;

namespace {

struct Edge final : TalkEdge {
  net::Loop& loop() override { return on; }
  void say(std::string line) override { said.push_back(std::move(line)); }
  void finish(Exit exit, const std::string& words) override { ended = exit, why = words; }
  bool print(const std::string& text) override {
    printed += text;
    return true;
  }
  bool ask(const std::string&, const proto::Id&, std::function<void(bool)>) override { return false; }
  void start_deadline() override {}

  net::Loop on;
  std::vector<std::string> said;
  std::optional<Exit> ended;
  std::string why, printed;
};

struct Sent {
  explicit Sent(const std::string& wait_for = {}, Command command = Command::send) {
    options.command = command;
    options.target = "bob";
    options.text = "hi";
    options.timeout_ms = 45'000;
    options.wait_for = wait_for;
    exchange.emplace(options, Id::of(crypto::SigningKey::generate(rng).public_key()),
                     "AAAAAAAAAAAAAAAAAAAAAA");
    exchange->begin(edge, false);
  }
  bool asks(std::string_view part) const { return edge.said.back().find(part) != std::string::npos; }

  test::FixedRng rng;
  Options options;
  Edge edge;
  std::optional<Exchange> exchange;
};

}  // namespace

TEST_CASE("sims send exits with 0 when the text is delivered, and with 10 when the relay keeps it") {
  Sent sent;
  CHECK(sent.asks(R"("within":45)"));
  CHECK_FALSE(sent.asks("wait_for"));
  SUBCASE("delivered") {
    sent.exchange->answer(R"({"id":1,"ok":true,"uid":"x","delivery":"delivered","remarks":[]})");
    CHECK(sent.edge.ended == Exit::ok);
  }
  SUBCASE("kept") {
    sent.exchange->answer(R"({"id":1,"ok":true,"uid":"x","delivery":"mailed","remarks":[]})");
    CHECK(sent.edge.ended == Exit::mailed);
    CHECK(sent.edge.why == "the relay keeps it for bob");
    sent.exchange->give_up();
    CHECK(sent.edge.said.size() == 1);
  }
  SUBCASE("queued, and tried again in time") {
    sent.exchange->answer(R"({"id":1,"row":{"delivery":"queued","why":"it is full","again":1795391135403}})");
    CHECK_FALSE(sent.edge.ended);
    sent.exchange->give_up();
    CHECK(sent.asks("give_up"));
    CHECK(sent.exchange->waits());
  }
}

TEST_CASE("sims send --wait-for delivered does not give up a text that the relay keeps") {
  Sent sent("delivered");
  CHECK(sent.asks(R"("wait_for":"delivered")"));
  sent.exchange->answer(R"({"id":1,"row":{"delivery":"mailed"}})");
  CHECK_FALSE(sent.edge.ended);
  SUBCASE("timed out") {
    sent.exchange->give_up();
    CHECK(sent.edge.said.size() == 1);
    CHECK_FALSE(sent.exchange->waits());
  }
  SUBCASE("delivered in time") {
    sent.exchange->answer(R"({"id":1,"ok":true,"uid":"x","delivery":"delivered","remarks":[]})");
    CHECK(sent.edge.ended == Exit::ok);
  }
}

TEST_CASE("sims mail asks for the texts that wait, page by page") {
  Sent sent("", Command::mail);
  CHECK(sent.asks(R"("do":"mail")"));
  sent.exchange->answer(
      R"({"id":1,"row":{"name":"bob","key":"x","state":"mailed","messages":2,"oldest":1000,"since":2000}})");
  sent.exchange->answer(R"({"id":1,"ok":true,"next":"bob"})");
  CHECK(sent.asks(R"("after":"bob")"));
  sent.exchange->answer(R"({"id":2,"ok":true})");
  CHECK(sent.edge.ended == Exit::ok);
  CHECK(sent.edge.printed ==
        "bob                  mailed    2 1970-01-01T00:00:01Z at the relay since 1970-01-01T00:00:02Z\n");
}

TEST_CASE("sims resend exits with 10 when the relay keeps some of the texts") {
  Sent sent("", Command::resend);
  CHECK_FALSE(sent.asks("within"));
  sent.exchange->answer(R"({"id":1,"ok":true,"delivery":"mailed","remarks":[]})");
  CHECK(sent.edge.ended == Exit::mailed);
}
