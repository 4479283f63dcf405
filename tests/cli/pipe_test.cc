// `sims pipe`: the caller's ids, bad lines, limits, and a change of the holder.
#include "cli/pipe.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace sims;
using namespace sims::client;
using namespace sims::client::cli;

namespace {

struct Edge final : TalkEdge {
  net::Loop& loop() override { return on; }
  void say(std::string line) override { said.push_back(std::move(line)); }
  void finish(Exit exit, const std::string&) override { ended = exit; }
  bool print(const std::string& text) override {
    printed += text;
    return true;
  }
  bool ask(const std::string&, const proto::Id&, std::function<void(bool)>) override { return false; }
  void start_deadline() override { deadline = true; }

  net::Loop on;
  std::vector<std::string> said;
  std::string printed;
  std::optional<Exit> ended;
  bool deadline = false;
};

struct Piped {
  Piped() { pipe.begin(edge, false); }
  ~Piped() { pipe.leave(); }
  Options options;
  Edge edge;
  Pipe pipe{options};
};

std::string answer(int id) {
  return "{\"id\":" + std::to_string(id) + ",\"ok\":true}";
}

}  // namespace

TEST_CASE("sims pipe repeats each caller's id unchanged") {
  Piped p;
  REQUIRE(p.edge.said.size() == 1);
  CHECK(p.edge.said[0] == "{\"id\":0,\"do\":\"watch\"}\n");
  p.pipe.take("{\"do\":\"list\",\"id\":\"a\\\"ü\"}\n{\"do\":\"list\",\"id\":7}\n{\"do\":\"list\"}\n");
  REQUIRE(p.edge.said.size() == 4);
  CHECK(p.edge.said[1] == "{\"id\":1,\"do\":\"list\"}\n");
  p.pipe.answer("{\"id\":2,\"row\":{\"id\":2}}");
  p.pipe.answer(answer(3));
  p.pipe.answer(answer(2));
  p.pipe.answer(answer(1));
  p.pipe.answer(answer(1));  // nobody waits for that any more
  p.pipe.answer("{\"event\":\"message\",\"body\":\"ü\"}");
  CHECK(p.edge.printed ==
        "{\"id\":7,\"row\":{\"id\":2}}\n{\"ok\":true}\n{\"id\":7,\"ok\":true}\n{\"id\":\"a\\\"\\u00fc\","
        "\"ok\":true}\n"
        "{\"event\":\"message\",\"body\":\"\\u00fc\"}\n");
}

TEST_CASE("sims pipe goes on after a bad line, and names its id") {
  Piped p;
  p.pipe.take("nonsense\n\n{\"do\":\"dance\",\"id\":5}\n{\"do\":\"li");
  p.pipe.take(std::string(2 * Pipe::max_line, 'x'));
  p.pipe.take(std::string(Pipe::max_line, 'x') + "\n{\"do\":\"list\"}\n");
  CHECK(p.edge.printed.find(
            "{\"id\":5,\"error\":\"there is no such \\\"do\\\"\",\"code\":\"bad_request\"}\n") !=
        std::string::npos);
  CHECK(std::count(p.edge.printed.begin(), p.edge.printed.end(), '\n') == 3);
  REQUIRE(p.edge.said.size() == 2);
  CHECK_FALSE(p.edge.ended);
}

TEST_CASE("sims pipe limits its open requests, and exits after the last answer") {
  Piped p;
  for (int i = 0; i < 100; ++i)
    p.pipe.take("{\"do\":\"send\",\"to\":\"bob\",\"body\":\"x\"}\n");
  CHECK(p.edge.said.size() == 1 + Pipe::max_open);
  CHECK(p.edge.said[1].find("\"uid\":\"") != std::string::npos);
  p.pipe.take("");
  CHECK(p.edge.deadline);
  for (int i = 1; i < 100; ++i)
    p.pipe.answer(answer(i));
  CHECK_FALSE(p.edge.ended);
  p.pipe.answer(answer(100));
  CHECK(p.edge.ended == Exit::ok);
}

TEST_CASE("sims pipe continues with the next holder, with the same uids") {
  Piped p;
  p.pipe.take(
      "{\"do\":\"send\",\"to\":\"bob\",\"uid\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"body\":\"x\",\"id\":1}\n");
  p.pipe.leave();
  p.pipe.begin(p.edge, true);
  REQUIRE(p.edge.said.size() == 4);
  CHECK(p.edge.said[3].find("\"uid\":\"AAAAAAAAAAAAAAAAAAAAAA\"") != std::string::npos);
  CHECK(p.edge.said[3].find("\"again\":true") != std::string::npos);
  p.pipe.give_up();
  CHECK(p.pipe.waits());
  CHECK(p.edge.said[4].find("\"do\":\"give_up\"") != std::string::npos);
  p.pipe.answer("{\"id\":1,\"error\":\"not delivered\",\"code\":\"failure\"}");
  CHECK_FALSE(p.pipe.waits());
  CHECK(p.edge.printed.find("\"id\":1,\"error\":\"timed out") != std::string::npos);
}

TEST_CASE("sims pipe does not give up a text that the relay keeps") {
  Piped p;
  p.pipe.take(
      "{\"do\":\"send\",\"to\":\"bob\",\"body\":\"x\",\"wait_for\":\"delivered\",\"id\":1}\n"
      "{\"do\":\"send\",\"to\":\"bob\",\"body\":\"y\",\"id\":2}\n");
  REQUIRE(p.edge.said.size() == 3);
  CHECK(p.edge.said[1].find("\"wait_for\":\"delivered\"") != std::string::npos);
  p.pipe.answer("{\"id\":1,\"row\":{\"delivery\":\"mailed\"}}");
  CHECK(p.edge.printed == "{\"id\":1,\"row\":{\"delivery\":\"mailed\"}}\n");
  p.pipe.give_up();
  REQUIRE(p.edge.said.size() == 4);
  CHECK(p.edge.said[3].find("\"do\":\"give_up\"") != std::string::npos);
  CHECK(p.edge.printed.find(
            "\"id\":1,\"error\":\"timed out: the relay keeps it for bob\",\"code\":\"timed_out\"") !=
        std::string::npos);
  CHECK(p.pipe.waits());  // for the end of the other one
}
