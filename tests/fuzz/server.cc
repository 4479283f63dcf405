// Fuzz target `server`: a hostile server between two contacts. It sends any messages, and drops, delays,
// repeats or changes those that it forwards. The pinned keys stay. Only texts that were sent are shown. A
// text that is marked delivered is shown within a minute. The screen is safe.
#include <algorithm>
#include <set>

#include "client/conversation/text_order.h"
#include "client/core/relay.h"
#include "fuzz/fuzz.h"
#include "fuzz/shown.h"
#include "proto/wire/encode.h"

namespace sims::fuzz {
namespace {

using client::Line;
using test::Guest;
using test::Relay;

int utc(std::int64_t) {
  return 0;
}

class Scene {
 public:
  Scene() : alice(relay.add("alice")), bob(relay.add("bob")) {
    relay.listed = {{"alice", alice.id}, {"bob", bob.id}};
    relay.befriend(alice, bob);
    relay.pass = [this](Guest&, Guest& to, const std::string& message) { pass(to, message); };
    alice.connect();
    bob.connect();
    ui.offset = utc;
    ui.windows.resize(2);
    ui.windows[1].peer = "bob";
    say(alice, "bob");
    say(bob, "alice");
    HOLDS(alice.heard.size() == 1 && bob.heard.size() == 1);
  }

  void step(Source& source);
  void check();
  void check_delivered();

 private:
  void pass(Guest& to, const std::string& message) {
    passed.push_back(message);
    const bool ack = Relay::type_of(message) == "ack";
    if (passing == drop || (passing == drop_acks && ack)) return;
    relay.give(to, message);
    if (passing == twice) relay.give(to, message);
    if (passing == with_the_first) relay.give(alice, passed.front());
  }
  void say(Guest& who, const std::string& to) {
    const std::string text = who.name + std::to_string(++count);
    if (who.say(to, text)) said.insert(who.name + ": " + text);
  }
  proto::Id id(Source& source) {
    const proto::Id some[] = {alice.id, bob.id, other};
    return some[source.pick(3)];
  }
  std::string says(Source& source);
  std::string list(Source& source);
  std::string again(Source& source);

  Relay relay;
  Guest& alice;
  Guest& bob;
  const proto::Id other = proto::Id::of(crypto::SigningKey::generate(relay.random).public_key());
  std::vector<std::string> passed;
  enum { on, drop, drop_acks, twice, with_the_first };
  std::size_t passing = on;
  int count = 0;
  std::set<std::string> said;
  tui::UiState ui;
  Shown shown;
};

std::string Scene::list(Source& source) {
  proto::List out;
  out.event = static_cast<proto::List::Event>(source.pick(3));
  out.more = source.coin();
  for (std::size_t i = source.pick(4); i > 0; --i)
    out.data.push_back({id(source), source.coin() ? "bob" : source.text(), source.byte()});
  return proto::encode(out);
}

// One of the forwarded messages, with up to two bits changed.
std::string Scene::again(Source& source) {
  std::string out = passed.empty() ? "" : passed[source.byte() % passed.size()];
  for (std::size_t i = source.pick(3); i > 0 && !out.empty(); --i)
    out[source.number(2) % out.size()] ^= static_cast<char>(1 << (i % 8));
  return out;
}

std::string Scene::says(Source& source) {
  switch (source.pick(13)) {
    case 9: {
      proto::ClientMail out;
      out.src = id(source);
      out.dst = id(source);
      out.id = source.byte();
      out.data = source.text();
      return proto::encode(out);
    }
    case 10: {
      proto::ClientReceipt out;
      out.src = id(source);
      out.dst = id(source);
      if (source.coin()) out.outcome = proto::LetterUnopened{};
      return proto::encode(out);
    }
    case 11: {
      proto::PrekeysStatus out;
      for (std::size_t i = source.pick(4); i > 0; --i)
        out.left.push_back({"ECDHE_WITH_AES_128_CBC_SHA256", source.byte(), source.coin()});
      out.taken = source.byte();
      if (source.coin()) out.last.emplace();
      out.waiting = source.byte();
      return proto::encode(out);
    }
    case 12: {
      proto::PrekeyAnswer out;
      out.dst = id(source);
      if (source.coin()) {
        out.data.emplace();
        out.data->suite = "ECDHE_WITH_AES_128_CBC_SHA256";
        out.data->use = source.coin() ? proto::PrekeyUse::many : proto::PrekeyUse::once;
        out.data->key = Bytes(120, source.byte());
      }
      return proto::encode(out);
    }
    case 8: {
      proto::ClientRefuse out;
      out.src = id(source);
      out.dst = id(source);
      out.code = proto::refusal_code(static_cast<proto::ErrorCode>(source.pick(19)));
      return proto::encode(out);
    }
    case 0:
      return source.text();
    case 1:
      return list(source);
    case 2: {
      proto::Error out;
      out.code = static_cast<proto::ErrorCode>(source.pick(8));
      out.message = source.text();
      if (source.coin()) out.id = source.byte();
      if (source.coin()) out.dst = id(source);
      return proto::encode(out);
    }
    case 3:
      return proto::encode(proto::Ack{source.text(), source.byte()});
    case 4:
      return proto::encode(proto::ClientDisconnect{id(source), id(source), source.text(), {}});
    case 5:
      return proto::encode(proto::PeerAck{id(source), id(source), source.byte(), {}, {}});
    default:
      return again(source);
  }
}

void Scene::step(Source& source) {
  switch (source.pick(8)) {
    case 0:
      return say(alice, "bob");
    case 1:
      return say(bob, "alice");
    case 2:
      return relay.advance(static_cast<std::int64_t>(source.pick(64)) * 500);
    case 3:
      passing = source.pick(5);
      return;
    case 4:
      if (source.pick(4) == 0) relay.hang_up(source.coin() ? alice : bob);
      return;
    default: {
      Guest& to = source.pick(4) == 0 ? bob : alice;
      relay.give(to, says(source));
      relay.settle();
    }
  }
}

void Scene::check() {
  for (const Guest* guest : {&alice, &bob}) {
    const Guest& peer = guest == &alice ? bob : alice;
    const auto& pin = guest->trust.pinned.begin()->second.at(peer.name);
    HOLDS(pin.id == peer.id && pin.standing == client::Standing::contact && !pin.verified);
    std::set<std::string> once;
    for (const auto& line : guest->heard)
      HOLDS(said.contains(line) && line.starts_with(peer.name + ": ") && once.insert(line).second);
  }
  ui.current = static_cast<std::size_t>(count) % 2;
  shown.check(alice.model(), ui, relay.now);
}

// A text is acked when it is stored. Its line may wait a minute for the text before it.
void Scene::check_delivered() {
  passing = drop;
  relay.advance(client::TextOrder::longest_ms + 1'000);
  for (const Guest* guest : {&alice, &bob}) {
    const Guest& peer = guest == &alice ? bob : alice;
    for (const Line& line : guest->model().peers.at(peer.name).lines) {
      if (!line.mine || line.delivery != client::Delivery::delivered) continue;
      const std::string wanted = guest->name + ": " + line.text;
      HOLDS(std::find(peer.heard.begin(), peer.heard.end(), wanted) != peer.heard.end());
    }
  }
}

void run(ByteView input) {
  Source source(input);
  Scene scene;
  for (int i = 0; i < 40 && !source.empty(); ++i) {
    scene.step(source);
    scene.check();
  }
  scene.check_delivered();
}

std::vector<std::string> seeds() {
  test::FixedRng random(8);
  std::vector<std::string> out = {
      // Forwarded twice, with the first one, dropped; then a long time.
      std::string("\3\3\0\1\3\4\0\1\3\1\0\1\3\0\2\x28", 16),
      // No acks, so that the text is sent again in other sessions.
      std::string("\3\2\0\1\0\1\2\x3f\0\2\x3f\3\0\2\x3f", 15),
      // A list in which bob has another id.
      std::string("\5\1\1\1\0\1\2\1\7", 9) + std::string("\2\x10\0\1", 4),
      std::string("\5\1\0", 3) + sized("{\"type\":\"disconnect\"}") + std::string("\2\x3f\0", 3)};
  // Acks for messages that did not arrive.
  for (char number = 0; number < 4; ++number)
    out.push_back(std::string("\3\1\0\5\1\5\1\0", 8) + number);
  for (int i = 0; i < 40; ++i) {
    std::string seed;
    while (seed.size() < 120)
      seed += static_cast<char>(random.pick(random.pick(4) == 0 ? 256 : 8));
    out.push_back(seed + sized("mallory"));
  }
  return out;
}

const Register registered({"server", run, seeds, 60});

}  // namespace
}  // namespace sims::fuzz
