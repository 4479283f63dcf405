// Fuzz target `control`: any bytes in any pieces over simsd's control socket, answered at once or later. Every
// line of an answer is JSON of one of three shapes. Each request is answered once, and the output is bounded.
#include "server/admin/control.h"

#include <algorithm>

#include "fuzz/fuzz.h"
#include "proto/wire/json.h"
#include "server/admin/fake_operations.h"

namespace sims::fuzz {
namespace {

using server::ControlSession;

constexpr std::size_t max_rows = 150;

class Scene {
 public:
  Scene() {
    for (std::uint64_t i = 1; i <= max_rows; ++i) {
      server::ClientInfo client;
      client.conn = i;
      client.name = "\x1b\"\\";
      ops.connected.push_back(client);
      ops.banned.push_back({server::Ban::Kind::name, "n" + std::to_string(i), "\n", 1, 2});
      ops.accounts.push_back({"n" + std::to_string(1'000 + i), {}, 3});
    }
  }
  void take() {
    for (auto output = session.take_output(); !output.empty(); output = session.take_output()) {
      HOLDS(output.size() < 2 * ControlSession::output_enough);
      HOLDS(output.back() == '\n');
      for (std::size_t at = 0; at < output.size();) {
        const auto end = output.find('\n', at);
        check(output.substr(at, end - at));
        at = end + 1;
      }
      session.set_output_blocked(stuck);
    }
  }

  test::FakeOperations ops;
  std::size_t woken = 0, answers = 0;
  bool stuck = false;
  ControlSession session{ops, [] { return std::uint64_t{1'800'000'000}; }, [this] { ++woken; }};

 private:
  void check(std::string line) {
    const auto value = tape.parse(line);
    HOLDS(value);
    const bool row = value->get("row").has_value(), error = value->get_string("error").has_value();
    HOLDS(row + error + (value->get("ok") && value->get("ok")->boolean() == true) == 1);
    if (!row) ++answers;
  }
  proto::JsonTape tape;
};

void run(ByteView input) {
  Source source(input);
  Scene scene;
  scene.ops.later = source.coin();
  if (source.coin()) scene.ops.refusal = "no";
  std::string pieces = source.text();
  if (pieces.empty()) pieces = "\x40";
  const std::string stream = source.rest();
  std::size_t turn = 0;
  for (std::size_t at = 0; at < stream.size();) {
    const auto what = static_cast<unsigned char>(pieces[turn++ % pieces.size()]);
    if (what % 8 == 1) scene.session.set_output_blocked(scene.stuck = what % 16 == 1);
    if (what % 8 == 2 && !scene.ops.waiting.empty()) scene.ops.answer_next();
    const std::size_t size = std::min<std::size_t>(1 + what, stream.size() - at);
    const bool over = scene.session.finished();
    scene.take();
    scene.session.received(bytes_of(std::string_view(stream).substr(at, size)));
    if (over) HOLDS(scene.session.take_output().empty());
    scene.take();
    at += size;
  }
  scene.session.set_output_blocked(scene.stuck = false);
  for (scene.take(); !scene.ops.waiting.empty(); scene.take())  // an answer may start the next request
    scene.ops.answer_next();
  const auto asked = static_cast<std::size_t>(std::count(stream.begin(), stream.end(), '\n'));
  HOLDS(scene.answers <= asked + 1);
  HOLDS(scene.session.finished() || scene.answers == asked);
  HOLDS(!scene.session.busy());
}

std::vector<std::string> seeds() {
  const std::string id(43, 'A');
  const std::string all =
      "{\"do\":\"status\"}\n{\"do\":\"stats\"}\n{\"do\":\"clients\",\"after\":100}\n{\"do\":\"bans\","
      "\"after\":\"name:n5\"}\n"
      "{\"do\":\"names\",\"after\":\"n1100\"}\n{\"do\":\"kick\",\"who\":\"conn:7\"}\n{\"do\":\"metrics\"}\n"
      "{\"do\":\"ban\",\"who\":\"192.0.2.0/"
      "24\",\"for\":60,\"reason\":\"x\"}\n{\"do\":\"unban\",\"who\":\"n1\"}\n"
      "{\"do\":\"invite\",\"for\":60}\n{\"do\":\"release\",\"name\":\"alice\"}\n{\"do\":\"reload\"}\n"
      "{\"do\":\"log-level\",\"level\":\"debug\"}\n{\"do\":\"backup\",\"path\":\"/"
      "x\"}\n{\"do\":\"kick\",\"who\":\"" +
      id + "\"}\n{\"do\":\"kick\",\"who\":\"2001:db8::/32\"}\n";
  return {"\1" + std::string(1, '\0') + sized("\2\x40\1\x0a") + all,
          std::string(2, '\0') + sized("\xff") + all, std::string("\1\1") + sized("\5\x12\x21") + all,
          std::string(2, '\0') + sized("") + "GET / HTTP/1.1\r\n\r\n",
          std::string(2, '\0') + sized("\xff") + std::string(5'000, '{')};
}

const Register registered({"control", run, seeds, 4'000});

}  // namespace
}  // namespace sims::fuzz
