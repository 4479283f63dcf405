// Fuzz target `ratchet`: PeerSession as a state machine. Alice and bob have a session of either suite. A
// relay between them delivers their messages in any order, repeated, changed or not at all. The two may
// restart at any time. A session cannot be saved and continued, by design: its keys would be on a disk. So a
// restart is a new session, which accepts nothing of the old one. In every state a genuine message opens
// unchanged, once. A refused message changes nothing. Only a genuine ack proves a delivery.
#include <algorithm>
#include <map>
#include <set>

#include "fuzz/fuzz.h"
#include "proto/limits.h"
#include "proto/session/peer_pair.h"
#include "proto/wire/decode.h"
#include "proto/wire/encode.h"

namespace sims::fuzz {
namespace {

using namespace sims::proto;
using test::PeerPair;

template <class T>
std::optional<T> decoded(std::string text) {
  JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return std::nullopt;
  auto message = decode_from_server(*root);
  if (!message || !std::holds_alternative<T>(*message)) return std::nullopt;
  return std::get<T>(std::move(*message));
}

// A sent message. `who` is 0 for alice, 1 for bob; `session` counts the restarts.
struct Said {
  int who = 0, session = 0;
  std::uint64_t id = 0;
  std::string text, frame;
  std::string ack;  // the other side's, once it has opened this
  bool acked = false, forgotten = false;
};
struct Frame {  // of a re-key
  int who = 0, session = 0;
  std::string text;
};

class Scene {
 public:
  explicit Scene(Source& source) : suite(source.coin() ? test::rsa() : test::ecdhe()) { restart(); }
  void step(Source& source);
  void finish();

 private:
  PeerSession& session(int who) { return who == 0 ? *pair->alice : *pair->bob; }
  void restart() {
    pair = std::make_unique<PeerPair>(suite, static_cast<std::uint64_t>(++sessions));
    attempts = 0;
  }
  void say(int who, std::string text);
  void give(std::size_t index);
  void give_changed(const Said& said, Source& source);
  void open(int to, const ClientCom& com);
  bool may_fail(const Said& said, OpenError error);
  void ack(Said& said);
  void give_ack_changed(const Said& said, Source& source);
  void start_rekey();
  void rekey(const Frame& frame, bool changed);
  void edit_rekey(std::string& text, Source& source);
  void rekey_wholly();
  void close(Source& source);
  std::size_t any(Source& source) const { return said.size() - 1 - source.number(2) % said.size(); }

  const crypto::Suite& suite;
  int sessions = 0;
  std::unique_ptr<PeerPair> pair;
  Now now{1'000'000, 1'767'225'600'000};
  std::vector<Said> said;
  std::map<std::string, std::size_t> by_frame;
  std::vector<Frame> rekeys;
  std::size_t attempts = 0;  // bob's attempts to re-key in alice's epoch
};

void Scene::say(int who, std::string text) {
  if (said.size() >= 900) return;  // below this limit no message skips too many
  auto sealed = session(who).seal(text, now);
  const auto com = decoded<ClientCom>(sealed.message);
  HOLDS(com && com->id == sealed.id && encode(*com) == sealed.message);
  HOLDS(by_frame.emplace(sealed.message, said.size()).second);
  said.push_back({who, sessions, sealed.id, std::move(text), std::move(sealed.message), "", false, false});
}

// Whether the first delivery of a genuine message of this session may fail with this error.
bool Scene::may_fail(const Said& message, OpenError error) {
  if (suite.rekeying == crypto::Rekeying::double_ratchet) return false;
  const auto there = decoded<ClientCom>(message.frame)->ratchet.epoch.value();
  const auto here = session(1 - message.who).epoch();
  // Such a message replaces a phase 6 that alice did not get. She remembers 8 attempts.
  if (there == here + 1 && message.who == 1 && attempts <= 8) return false;
  return there > here ? error == OpenError::forged : here - there > 2 && error == OpenError::old;
}

void Scene::open(int to, const ClientCom& com) {
  PeerSession& receiver = session(to);
  const auto before = receiver.state_digest();
  const auto epoch = receiver.epoch();
  auto opened = receiver.open(com, now);
  const bool changed = receiver.state_digest() != before;
  const auto known = by_frame.find(encode(com));
  Said* genuine = known == by_frame.end() ? nullptr : &said[known->second];
  if (genuine && (genuine->session != sessions || genuine->who == to)) genuine = nullptr;
  HOLDS(opened || !changed);
  HOLDS(receiver.skipped_keys() <= max_skipped_keys);
  if (!genuine) {
    HOLDS(!opened);
    return;
  }
  if (!opened && opened.error() == OpenError::rate_limited) {  // after earlier forged messages
    now.steady_ms += failed_dh_burst * 1'000;
    opened = receiver.open(com, now);
  }
  if (!opened) {
    HOLDS(genuine->ack.empty() && may_fail(*genuine, opened.error()));
    return;
  }
  if (to == 0 && receiver.epoch() != epoch) attempts = 0;
  HOLDS(opened->id == genuine->id && opened->duplicate == !genuine->ack.empty());
  HOLDS(opened->plaintext == (opened->duplicate ? "" : genuine->text));
  HOLDS(!opened->duplicate || (!changed && opened->ack == genuine->ack));
  genuine->ack = opened->ack;
  const auto is_late = [&](const Said& s) { return s.session == sessions && s.who != to && s.ack.empty(); };
  HOLDS(receiver.skipped_keys() <=
        static_cast<std::size_t>(std::count_if(said.begin(), said.end(), is_late)));
}

void Scene::give(std::size_t index) {
  const auto com = decoded<ClientCom>(said[index].frame);
  open(1 - said[index].who, *com);
}

void Scene::give_changed(const Said& message, Source& source) {
  ClientCom com = *decoded<ClientCom>(message.frame);
  const ClientCom other = *decoded<ClientCom>(said[any(source)].frame);
  const int to = source.pick(8) == 0 ? message.who : 1 - message.who;
  for (std::size_t edits = 1 + source.pick(3); edits > 0; --edits) {
    switch (source.pick(11)) {
      case 0:
        com.ratchet.n = source.pick(4) == 0 ? UINT32_MAX : com.ratchet.n + source.number(2);
        break;
      case 1:
        com.ratchet.pn = source.pick(4) == 0 ? UINT32_MAX : com.ratchet.pn + source.number(2);
        break;
      case 2:
        com.id += source.number(2);
        break;
      case 3:
        flip(com.data, source);
        break;
      case 4:
        flip(com.verification, source);
        break;
      case 5:
        if (com.ratchet.key) flip(*com.ratchet.key, source);
        if (com.ratchet.epoch) com.ratchet.epoch = *com.ratchet.epoch + source.byte();
        break;
      case 6:
        com.ratchet = other.ratchet;
        break;
      case 7:
        com.data = other.data;
        com.verification = other.verification;
        break;
      case 8:
        com.id = other.id;
        break;
      case 9:
        std::swap(com.src, com.dst);
        break;
      default:
        com.data += source.text();
    }
  }
  open(to, com);
}

void Scene::ack(Said& message) {
  if (message.ack.empty()) return;
  const auto ack = decoded<PeerAck>(message.ack);
  HOLDS(ack && encode(*ack) == message.ack);
  const bool awaited = message.session == sessions && !message.acked && !message.forgotten;
  for (const int to : {message.who, 1 - message.who}) {
    PeerSession& receiver = session(to);
    const auto before = receiver.state_digest();
    const auto proved = receiver.take_ack(*ack);
    HOLDS(proved.has_value() == (awaited && to == message.who));
    HOLDS(!proved || *proved == message.id);
    HOLDS(proved || receiver.state_digest() == before);
  }
  message.acked = message.acked || awaited;
}

void Scene::give_ack_changed(const Said& message, Source& source) {
  if (message.ack.empty()) return;
  PeerAck ack = *decoded<PeerAck>(message.ack);
  switch (source.pick(4)) {
    case 0:
      ack.id += 1 + source.byte();
      break;
    case 1:
      flip(ack.data, source);
      break;
    case 2:
      flip(ack.verification, source);
      break;
    default:
      std::swap(ack.src, ack.dst);
  }
  for (const int to : {0, 1}) {
    const auto before = session(to).state_digest();
    HOLDS(!session(to).take_ack(ack) && session(to).state_digest() == before);
  }
}

void Scene::start_rekey() {
  if (suite.rekeying != crypto::Rekeying::fresh_exchange || rekeys.size() >= 24) return;
  rekeys.push_back({1, sessions, pair->bob->start_rekey(pair->fresh_key())});
  ++attempts;
  HOLDS(!pair->bob->wants_rekey() && pair->bob->takes_rekey(5));
}

void Scene::rekey(const Frame& frame, bool changed) {
  for (const int to : {1 - frame.who, frame.who}) {
    PeerSession& receiver = session(to);
    const auto before = receiver.state_digest();
    const auto epoch = receiver.epoch();
    auto answer = receiver.receive_rekey(frame.text);
    const bool genuine = !changed && frame.session == sessions && to != frame.who;
    HOLDS(!answer || genuine);
    // A frame that is not the peer's changes nothing. The peer's phase 5 with another confirm ends the attempt.
    const bool own = changed && to == 1 && frame.who == 1 - to && frame.session == sessions;
    HOLDS(answer || genuine || own || receiver.state_digest() == before);
    HOLDS(answer || receiver.epoch() == epoch);
    if (to == 0 && receiver.epoch() != epoch) attempts = 0;
    if (answer && !answer->empty()) rekeys.push_back({to, sessions, *answer});
  }
  const auto alice = pair->alice->epoch(), bob = pair->bob->epoch();
  HOLDS(suite.rekeying != crypto::Rekeying::fresh_exchange || alice == bob || alice + 1 == bob);
}

void Scene::edit_rekey(std::string& text, Source& source) {
  HandshakeFrame frame = *decoded<HandshakeFrame>(text);
  switch (source.pick(7)) {
    case 0:
      flip(text, source);
      return;
    case 1:
      flip(frame.key, source);
      break;
    case 2:
      if (frame.signature) flip(*frame.signature, source);
      break;
    case 3:
      if (frame.confirm) flip(*frame.confirm, source);
      break;
    case 4:
      frame.phase = 4 + static_cast<int>(source.pick(3));
      if (!frame.signature) frame.signature.emplace();
      if (!frame.confirm) frame.confirm.emplace();
      break;
    case 5:
      std::swap(frame.src, frame.dst);
      break;
    default: {  // values of another frame
      const HandshakeFrame other = *decoded<HandshakeFrame>(rekeys[source.byte() % rekeys.size()].text);
      if (other.signature && frame.signature) frame.key = other.key, frame.signature = other.signature;
      if (other.confirm && frame.confirm) frame.confirm = other.confirm;
    }
  }
  text = encode(frame);
}

// A re-key as with an honest relay. It may fail if a phase 6 was withheld before.
void Scene::rekey_wholly() {
  const std::size_t first = rekeys.size();
  start_rekey();
  for (std::size_t at = first; at < rekeys.size(); ++at) {
    const Frame frame = rekeys[at];
    rekey(frame, false);
  }
}

void Scene::close(Source& source) {
  const int who = source.coin();
  const std::string reason = source.text();
  auto message = decoded<ClientDisconnect>(session(who).close(reason));
  if (!message) return;  // the reason was not UTF-8
  HOLDS(session(1 - who).verify_close(*message) && !session(who).verify_close(*message));
  switch (source.pick(3)) {
    case 0:
      message->reason += "?";
      break;
    case 1:
      flip(message->verification, source);
      break;
    default:
      std::swap(message->src, message->dst);
  }
  HOLDS(!session(0).verify_close(*message) && !session(1).verify_close(*message));
}

void Scene::step(Source& source) {
  const std::size_t what = source.pick(16);
  if (said.empty() || what < 3) {
    const int who = source.coin();
    return say(who, source.text());
  }
  switch (what) {
    case 3:
      for (std::size_t left = source.pick(64), who = source.coin(); left > 0; --left)
        say(static_cast<int>(who), "again");
      return;
    case 4:
    case 5:
      return give(said.size() - 1);
    case 6:
    case 7:
      return give(any(source));
    case 8:
      return give_changed(said[any(source)], source);
    case 9:
      return ack(said[any(source)]);
    case 10:
      return give_ack_changed(said[any(source)], source);
    case 11: {
      Said& message = said[any(source)];
      if (message.session == sessions) session(message.who).forget(message.id), message.forgotten = true;
      return;
    }
    case 12:
      return close(source);
    case 13:
      if (source.pick(4) == 0) return restart();
      now.steady_ms += static_cast<std::int64_t>(source.byte()) * 50;
      return;
    case 14:
      return source.coin() ? start_rekey() : rekey_wholly();
    default: {
      if (rekeys.empty()) return;
      Frame frame = rekeys[rekeys.size() - 1 - source.byte() % rekeys.size()];
      const std::string before = frame.text;
      if (source.coin()) edit_rekey(frame.text, source);
      rekey(frame, frame.text != before);
    }
  }
}

// Delivers and acks all messages in flight.
void Scene::finish() {
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (said[i].session == sessions) give(i);
    ack(said[i]);
  }
  for (int who : {0, 1, 0}) {
    say(who, "the end");
    give(said.size() - 1);
  }
}

void run(ByteView input) {
  Source source(input);
  Scene scene(source);
  for (int i = 0; i < 60 && !source.empty(); ++i)
    scene.step(source);
  scene.finish();
}

std::vector<std::string> seeds() {
  using namespace std::literals;
  const std::string talk = "\0\0\5hello\4\0\1\6answer\4\x9\0\0\x9\0\1"s;
  std::vector<std::string> out;
  for (char suite = 0; suite < 2; ++suite) {
    const std::string head = suite + talk;
    out.push_back(head + talk + talk);
    out.push_back(head +
                  "\3\x28\0\4\6\0\5\6\0\x12\6\0\x12\0\1\3bob\4\0\0\5alice\4\6\0\x20"s);  // late messages
    out.push_back(head + "\x0d\0\6\0\0\6\0\1"s + talk + "\6\0\2\6\0\3"s);  // messages of an earlier session
    out.push_back(head + "\xc\0\5later\2\xc\1\3bye\1\0\5\3"s);
    out.push_back(head + "\xb\0\0\x9\0\0\x9\0\1"s);
    for (char edit = 0; edit < 11; ++edit)
      out.push_back(head + "\0\0\5other\x8\0\0\0\1\1\0"s + edit + "\0\1\0\3\4"s);
    for (char edit = 0; edit < 4; ++edit)
      out.push_back(head + "\xa\0\0"s + edit + "\0\7\2"s);
  }
  const std::string rsa = "\1" + talk;
  out.push_back(rsa + "\xe\0"s + talk + "\xe\0\xe\0\xe\0"s + talk);  // four epochs
  out.push_back(rsa + "\0\0\4late\xe\0\xe\0\0\1\3bob\4\6\0\1\4"s);   // late messages of the previous epoch
  const std::string start = rsa + "\xe\1"s, on = "\xf\0\0"s;
  out.push_back(start + on + on + on + talk);  // step by step
  for (char edit = 0; edit < 7; ++edit) {      // with changed frames between
    const std::string changed = "\xf\0\1"s + edit + "\1\x20\3"s;
    out.push_back(start + changed + on + on + on + talk);
    out.push_back(start + on + changed + on + on + talk);
    out.push_back(start + on + on + changed + on + talk);
  }
  out.push_back(start + on + on + talk + "\xe\0\xe\0"s);   // phase 6 is late
  out.push_back(start + on + on + "\0\1\3bob\4"s + talk);  // phase 6 is lost
  return out;
}

const Register registered({"ratchet", run, seeds, 250});

}  // namespace
}  // namespace sims::fuzz
