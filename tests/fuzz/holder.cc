// Fuzz target `holder`: any bytes in any pieces from a `sims` command to the program that holds the store.
// Every line of an answer is JSON of one of four shapes, and a request is answered once. The waiting requests
// are bounded. A parsed request is written back as the same.
#include <algorithm>
#include <map>

#include "client/core/relay.h"
#include "client/holder/service.h"
#include "fuzz/fuzz.h"
#include "proto/wire/json.h"

namespace sims::fuzz {
namespace {

using namespace client;

// Alice's program, and bob's, which is online if hers is.
class Scene final : HolderHost {
 public:
  explicit Scene(bool connected) : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    if (!connected) return;
    alice.connect();
    bob.connect();
  }
  // Reports events to the service as client/link does.
  void settle() {
    relay.settle();
    service.changed();
    for (const auto& [name, peer] : alice.model().peers)
      for (const auto& line : peer.lines)
        if (line.mine && line.delivery != Delivery::queued) service.delivery_changed(name, line);
  }
  // `asked`: the number of request lines so far.
  void take(std::size_t asked) {
    const std::string output = session.take_output();
    HOLDS(output.empty() || output.back() == '\n');
    for (std::size_t at = 0; at < output.size();) {
      const auto end = output.find('\n', at);
      check(output.substr(at, end - at));
      at = end + 1;
    }
    HOLDS(answers <= asked + 1);  // one more: the reason why it closes
  }

  bool locked_now = false;
  std::size_t answers = 0;

 private:
  ClientCore* core() override { return locked_now ? nullptr : alice.core.get(); }
  std::string locked() const override { return locked_now ? "it is locked" : ""; }
  Memory& memory() override { return alice.trust; }
  Result<bool> forget_server(const std::string& server) override { return server == "known:1"; }
  Now now() const override { return relay.now; }

  void check(std::string line) {
    const auto value = tape.parse(line);
    HOLDS(value);
    const bool row = value->get("row").has_value(), error = value->get_string("error").has_value();
    const bool event = value->get_string("event").has_value(), hello = value->get_string("hello").has_value();
    const bool done = value->get("ok") && value->get("ok")->boolean() == true;
    HOLDS(row + error + event + hello + done == 1);
    if (error) HOLDS(trouble_word(trouble_of(*value->get_string("code"))) == value->get_string("code"));
    if (done || error || hello) ++answers;
  }

  test::Relay relay;
  test::Guest& alice;
  test::Guest& bob;
  proto::JsonTape tape;

 public:
  HolderService service{*this, Greeting{"sims-tui", "1.0", holder_protocol, 77, "", ""}};
  HolderSession session{service, [] {}};
};

void parse(std::string line) {
  proto::JsonTape tape;
  const auto value = tape.parse(line);
  if (!value) return;
  if (const auto greeting = parse_greeting(*value)) {
    std::string again = greeting_line(*greeting);
    HOLDS(again.back() == '\n' && std::count(again.begin(), again.end(), '\n') == 1);
    again.pop_back();
    proto::JsonTape other;
    const auto back = other.parse(again);
    HOLDS(back && parse_greeting(*back) && version_trouble(*parse_greeting(*back), *greeting).empty());
  }
  const auto request = parse_holder_request(*value);
  if (!request) {
    HOLDS(!request.error().empty());
    return;
  }
  const std::string once = holder_request_line(*request);
  HOLDS(std::count(once.begin(), once.end(), '\n') == 1 && once.back() == '\n');
  std::string again = once.substr(0, once.size() - 1);
  proto::JsonTape other;
  const auto back = other.parse(again);
  HOLDS(back);
  const auto second = parse_holder_request(*back);
  HOLDS(second && holder_request_line(*second) == once && second->what == request->what);
}

void run(ByteView input) {
  Source source(input);
  Scene scene(source.pick(8) == 1);
  std::string pieces = source.text();
  if (pieces.empty()) pieces = "\x40";
  const std::string stream = source.rest();
  for (std::size_t at = 0; at < stream.size();) {
    const auto end = std::min(stream.find('\n', at), stream.size());
    parse(stream.substr(at, end - at));
    at = end + 1;
  }
  std::size_t turn = 0, asked = 0;
  for (std::size_t at = 0; at < stream.size();) {
    const auto what = static_cast<unsigned char>(pieces[turn++ % pieces.size()]);
    if (what % 16 == 1) scene.locked_now = !scene.locked_now;
    const std::string piece = stream.substr(at, 1 + what);
    const bool over = scene.session.finished();
    scene.session.received(bytes_of(piece));
    asked += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
    if (over) HOLDS(scene.session.take_output().empty());
    scene.take(asked);
    if (what % 4 == 2 && !scene.locked_now) {
      scene.settle();
      scene.take(asked);
    }
    at += piece.size();
  }
  scene.locked_now = true;  // all waiting requests are answered
  scene.service.changed();
  scene.take(asked);
  HOLDS(!scene.session.busy());
  HOLDS(scene.session.finished() || scene.answers == asked);
}

std::vector<std::string> seeds() {
  const std::string hello = "{\"hello\":\"sims\",\"version\":\"1.0\",\"protocol\":1}\n";
  const std::string uid = "\"uid\":\"AAAAAAAAAAAAAAAAAAAAAA\"";
  const std::string all =
      hello + "{\"id\":1,\"do\":\"list\",\"after\":\"a\"}\n{\"id\":2,\"do\":\"send\",\"to\":\"bob\"," + uid +
      ",\"body\":\"\\u0001\\u4e16\",\"kind\":\"action\",\"accept_new\":true,\"accept\":\"x\",\"again\":true}"
      "\n"
      "{\"id\":3,\"do\":\"give_up\",\"to\":\"bob\"," +
      uid +
      "}\n{\"id\":4,\"do\":\"find\",\"to\":\"carol\"}\n{\"id\":5,\"do\":\"fingerprint\",\"to\":\"bob\"}\n" +
      "{\"id\":6,\"do\":\"verify\",\"to\":\"bob\",\"number\":\"1\"}\n{\"do\":\"watch\"}\n" +
      "{\"id\":7,\"do\":\"accept\",\"to\":\"bob\"}\n{\"id\":8,\"do\":\"decline\",\"to\":\"bob\"}\n" +
      "{\"id\":9,\"do\":\"resend\",\"to\":\"bob\"}\n{\"id\":10,\"do\":\"discard\",\"to\":\"bob\"}\n" +
      "{\"id\":11,\"do\":\"erase\",\"to\":\"bob\"}\n{\"id\":12,\"do\":\"block\",\"to\":\"bob\"}\n" +
      "{\"id\":13,\"do\":\"forget\",\"to\":\"bob\"}\n{\"id\":14,\"do\":\"forget\",\"to\":\"known:1\"}\n" +
      "{\"id\":17,\"do\":\"history\",\"to\":\"bob\",\"after\":\"7\"}\n{\"id\":18,\"do\":\"requests\"}\n"
      "{\"id\":15,\"do\":\"link\"}\n{\"id\":16,\"do\":\"dance\"}\n{\"id\":[]}\n";
  return {"\1" + sized("\xfe") + all,
          "\1" + sized("\2\x40\x12") + all,
          std::string(1, '\0') + sized("\xff") + all,
          std::string(1, '\0') + sized("\x20\x41") + all,
          std::string(1, '\0') + sized("") + "GET / HTTP/1.1\r\n\r\n",
          std::string(1, '\0') + sized("\xff") + hello + std::string(200'000, '{')};
}

const Register registered({"holder", run, seeds, 400});

}  // namespace
}  // namespace sims::fuzz
