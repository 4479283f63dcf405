// Fuzz target `handshake`: alice calls bob over a wire that mallory controls. Mallory has a key of her own
// and speaks the protocol in both roles. She delivers frames to anyone, repeated, changed or signed by her. A
// party whose handshake completes has talked with the owner of the key that it names, and has taken exactly
// the frames that this owner sent.
#include "proto/channel/handshake.h"

#include <algorithm>

#include "fuzz/fuzz.h"
#include "proto/channel/handshake_pair.h"
#include "proto/channel/key_schedule.h"
#include "proto/limits.h"
#include "proto/wire/field_reader.h"

namespace sims::fuzz {
namespace {

using proto::Handshake, proto::HandshakeFrame, proto::HandshakeKind, proto::Role;
using test::Side;

std::optional<HandshakeFrame> decoded(std::string text) {
  proto::JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return std::nullopt;
  auto frame = proto::decode_handshake(*root);
  if (!frame) return std::nullopt;
  return std::move(*frame);
}

struct Party {
  Party(Side& side, proto::HandshakeOptions options)
      : self(side), role(options.role), handshake(std::move(options), side.ephemerals) {
    if (role == Role::initiator) sent.push_back(handshake.start());
  }
  // The hash over the first frames that it sent and took, in the order of the phases.
  crypto::Digest transcript(HandshakeKind kind, std::size_t phases = 6) const {
    auto out = proto::transcript_start(kind);
    const auto& odd = role == Role::initiator ? sent : taken;
    const auto& even = role == Role::initiator ? taken : sent;
    for (std::size_t i = 0; i < phases && i / 2 < (i % 2 == 0 ? odd : even).size(); ++i)
      out = proto::transcript_next(out, (i % 2 == 0 ? odd : even)[i / 2]);
    return out;
  }

  Side& self;
  Role role;
  Handshake handshake;
  std::vector<std::string> sent, taken;
  std::unique_ptr<crypto::ResponderKey>
      forged_key;  // mallory's key, in a phase 4 that she gave to this party
};

proto::HandshakeOptions options(HandshakeKind kind, Role role, const Side& self, crypto::SuiteList suites,
                                std::optional<proto::Id> peer) {
  auto out = test::handshake_options(kind, role, self, std::move(suites), peer);
  out.accept_unknown = true;
  return out;
}

class Scene {
 public:
  explicit Scene(Source& source) {
    kind = source.coin() ? HandshakeKind::client_client : HandshakeKind::client_server;
    const bool between_clients = kind == HandshakeKind::client_client;
    pinned = between_clients || source.coin();
    const crypto::SuiteList lists[] = {{&test::ecdhe()}, {&test::rsa()}, crypto::default_suites()};
    const auto offered = lists[source.pick(3)], accepted = lists[source.pick(3)];
    const auto known = [&](const Side& side, bool if_pinned) {
      return between_clients || if_pinned ? std::optional(side.id()) : std::nullopt;
    };
    parties.emplace_back(alice, options(kind, Role::initiator, alice, offered, known(bob, pinned)));
    parties.emplace_back(bob, options(kind, Role::responder, bob, accepted, known(alice, false)));
    parties.emplace_back(mallory, options(kind, Role::initiator, mallory, offered, known(bob, false)));
    parties.emplace_back(mallory, options(kind, Role::responder, mallory, accepted, known(alice, false)));
    for (std::size_t phases = source.pick(7), phase = 1; phase <= phases; ++phase)
      give(parties[phase % 2], next_for(parties[phase % 2], parties[1 - phase % 2]));
  }

  void step(Source& source);
  void check();
  void compare_masters();

 private:
  static std::string next_for(const Party& to, const Party& from) {
    const auto at = to.taken.size();
    return at < from.sent.size() ? from.sent[at] : "";
  }
  void give(Party& to, const std::string& frame);
  std::string any(Source& source) const;
  std::string edited(std::string text, Source& source);
  void edit(HandshakeFrame& frame, Source& source);
  std::string forged(Party& to);
  const Party* talked_with(const Party& party) const;

  HandshakeKind kind;
  bool pinned;
  Side alice{1, "alice"}, bob{2, "bob"}, mallory{3, "mallory"};
  std::vector<Party> parties;  // alice, bob, mallory as initiator and as responder
};

void Scene::give(Party& to, const std::string& frame) {
  const int expected = to.handshake.expected_phase();
  const bool was_done = to.handshake.done();
  const auto answer = to.handshake.receive(frame);
  if (answer) {
    HOLDS(expected != 0);
    to.taken.push_back(frame);
    if (!answer->empty()) to.sent.push_back(*answer);
    HOLDS(to.handshake.done() == (expected >= 5) && answer->empty() == (expected == 6));
    HOLDS(answer->size() <= proto::max_handshake_frame);
    return;
  }
  using Cause = proto::HandshakeFailure::Cause;
  const auto& failure = answer.error();
  HOLDS(to.handshake.expected_phase() == 0 && to.handshake.done() == was_done);
  HOLDS(failure.cause != Cause::peer_error || failure.detail.size() <= proto::max_error_text);
  HOLDS(failure.cause != Cause::protocol || expected < 5 ||
        failure.code == proto::ErrorCode::handshake_failed);
  HOLDS(failure.cause != Cause::changed_key || (&to.self == &alice && pinned));
}

std::string Scene::any(Source& source) const {
  const Party& from = parties[source.pick(4)];
  return from.sent.empty() ? "" : from.sent[source.pick(from.sent.size())];
}

// The frame with a byte of its text or some of its fields changed.
std::string Scene::edited(std::string text, Source& source) {
  auto frame = decoded(text);
  if (!frame || source.pick(4) == 0) {
    const std::size_t at = source.number(2);
    if (!text.empty()) text[at % text.size()] ^= static_cast<char>(1 + source.pick(255));
    return text;
  }
  for (std::size_t edits = 1 + source.pick(3); edits > 0; --edits)
    edit(*frame, source);
  return proto::encode(*frame);
}

void Scene::edit(HandshakeFrame& frame, Source& source) {
  const Side* sides[] = {&alice, &bob, &mallory};
  const Side& someone = *sides[source.pick(3)];
  const auto other = decoded(any(source));
  switch (source.pick(15)) {
    case 0:
      frame.name = source.coin() ? someone.name : source.text();
      break;
    case 1:
      frame.id = frame.src = source.coin() ? someone.id().str() : source.text();
      break;
    case 2:
      frame.dst = someone.id().str();
      break;
    case 3:
      frame.ciphers.emplace_back(source.coin() ? test::rsa().name : test::ecdhe().name);
      break;
    case 4:
      frame.ciphers = {source.text()};
      break;
    case 5:
      frame.ciphers.clear();
      break;
    case 6:
      frame.versions.insert(frame.versions.begin(), source.byte());
      break;
    case 7:
      if (frame.nonce) flip(*frame.nonce, source);
      break;
    case 8:
      frame.status += source.text();
      break;
    case 9:
      flip(frame.key, source);
      break;
    case 10:
      if (frame.signature) flip(*frame.signature, source);
      break;
    case 11:
      if (frame.confirm) flip(*frame.confirm, source);
      break;
    case 12:
      frame.phase = static_cast<int>(source.pick(7));
      break;
    case 13:
      if (frame.to) flip(*frame.to, source);
      break;
    default:  // values of another frame
      if (!other) break;
      if (source.coin()) frame.to = other->to;
      if (source.coin()) frame.nonce = other->nonce;
      if (source.coin()) frame.key = other->key;
      if (source.coin()) frame.signature = other->signature;
      if (source.coin()) frame.confirm = other->confirm;
  }
  // encode() needs these fields.
  if (frame.versions.empty()) frame.versions.push_back(1);
  if (!frame.nonce) frame.nonce.emplace();
  if (!frame.signature) frame.signature.emplace();
  if (!frame.confirm) frame.confirm.emplace();
}

// The next phase (4 to 6) for `to`, made by mallory: correct, but with her key and signature.
std::string Scene::forged(Party& to) {
  const auto* suite = to.handshake.suite();
  HandshakeFrame frame;
  frame.kind = kind;
  frame.phase = to.handshake.expected_phase();
  if (suite == nullptr || frame.phase < 4) return "";
  if (to.handshake.peer_id() == mallory.id()) return "";  // `to` may complete with her under her own id
  frame.name = to.handshake.peer_name();
  frame.id = frame.src = to.handshake.peer_id().str();
  frame.dst = to.self.id().str();
  frame.ciphers = {std::string(suite->name)};
  const auto transcript = to.transcript(kind);
  if (frame.phase == 4) {
    to.forged_key = suite->make_responder_key(mallory.ephemerals);
    const auto spki = to.forged_key->spki();
    frame.key.assign(spki.begin(), spki.end());
    frame.signature = proto::sign_key(Role::responder, mallory.key, transcript, frame.key);
    return proto::encode(frame);
  }
  if (frame.phase == 5) {
    auto share = suite->make_initiator_share(decoded(to.sent.back())->key, mallory.ephemerals);
    HOLDS(share.has_value());
    const auto master = proto::master_secret(*suite, share->z.view(), transcript, share->key);
    frame.signature = proto::sign_key(Role::initiator, mallory.key, transcript, share->key);
    frame.confirm = proto::confirm_initiator(master, transcript, share->key, *frame.signature);
    frame.key = std::move(share->key);
    return proto::encode(frame);
  }
  if (!to.forged_key) return "";
  const auto share = decoded(to.sent.back())->key;
  const auto z = std::exchange(to.forged_key, nullptr)->agree(share, mallory.ephemerals.rng());
  const auto before = to.transcript(kind, 4);
  frame.confirm = proto::confirm_responder(
      proto::master_secret(*suite, z ? z->view() : ByteView(), before, share), transcript);
  return proto::encode(frame);
}

void Scene::step(Source& source) {
  const std::size_t who = source.pick(4);
  Party& to = parties[who];
  const bool honest_other = source.coin();
  const Party& from =
      to.role == Role::initiator ? parties[honest_other ? 1 : 3] : parties[honest_other ? 0 : 2];
  switch (source.pick(8)) {
    case 0:
      return give(to, any(source));
    case 1:
      return give(to, edited(any(source), source));
    case 2:
      return give(to, forged(to));
    case 3:
      return give(to, source.text());
    case 4:
    case 5:
      return give(to, edited(next_for(to, from), source));
    default:
      return give(to, next_for(to, from));
  }
}

// The party with the id that `party` names, if `party` took exactly its frames; else null. The last frame may
// differ in its form (such as white space), since no checked hash covers it.
const Party* Scene::talked_with(const Party& party) const {
  const auto said = [](const std::string& text) { return proto::encode(decoded(text).value()); };
  for (const Party& other : parties) {
    if (other.role == party.role || other.self.id() != party.handshake.peer_id()) continue;
    if (party.taken.size() > other.sent.size() || party.handshake.peer_name() != other.self.name) continue;
    if (!std::equal(party.taken.begin(), party.taken.end() - 1, other.sent.begin())) continue;
    if (said(party.taken.back()) == said(other.sent[party.taken.size() - 1])) return &other;
  }
  return nullptr;
}

void Scene::check() {
  for (const Party& party : parties) {
    if (!party.handshake.done()) continue;
    HOLDS(party.taken.size() == 3);
    const Party* other = talked_with(party);
    HOLDS(other != nullptr);
    HOLDS(!(&party.self == &alice && pinned) || &other->self == &bob);
    HOLDS(kind != HandshakeKind::client_client || &party.self != &bob || &other->self == &alice);
  }
}

// Two parties that completed a handshake together have the same secret, and no other party has it.
void Scene::compare_masters() {
  std::vector<std::pair<const Party*, proto::HandshakeResult>> ended;
  for (Party& party : parties) {
    if (!party.handshake.done()) continue;
    const Party* other = talked_with(party);
    ended.emplace_back(other, party.handshake.take_result());
    const auto& result = ended.back().second;
    HOLDS(result.role == party.role && result.self == party.self.id() && result.peer == other->self.id());
    HOLDS(result.suite == party.handshake.suite());
    const bool ratchets = result.suite == &test::ecdhe();
    HOLDS(result.ratchet_key.has_value() == ratchets && result.peer_ratchet_key.has_value() == ratchets);
    for (const auto& [before, secret] : ended) {
      if (&secret == &result) continue;
      const bool together =
          secret.role != result.role && secret.peer == result.self && secret.self == result.peer;
      HOLDS(crypto::equal(secret.master.view(), result.master.view()) == together);
    }
  }
}

void run(ByteView input) {
  Source source(input);
  Scene scene(source);
  for (int i = 0; i < 12 && !source.empty(); ++i) {
    scene.step(source);
    scene.check();
  }
  scene.check();
  scene.compare_masters();
}

std::vector<std::string> seeds() {
  using namespace std::literals;
  std::vector<std::string> out;
  for (char kind = 0; kind < 2; ++kind) {
    for (char suite = 0; suite < 3; ++suite) {
      const std::string head{kind, '\1', suite, suite};
      // Up to each phase, then the next frame twice, forged, or from another party.
      for (char phases = 0; phases <= 6; ++phases) {
        const char to = static_cast<char>((phases + 1) % 2);
        out.push_back(head + phases + to + "\1\7"s + to + "\1\7"s);
        out.push_back(head + phases + to + "\1\2"s + to + "\1\2"s);
        out.push_back(head + phases + to + "\0\7"s);
      }
      // Mallory talks with bob and with alice under her own id.
      for (const char role : {'\2', '\3'}) {
        std::string both = head + '\0';
        for (int phase = 1; phase <= 6; ++phase) {
          const bool responds = phase % 2 == 1;
          both += role == '\2' ? (responds ? "\1\0\7"s : "\2\1\7"s) : (responds ? "\3\1\7"s : "\0\0\7"s);
        }
        out.push_back(both);
      }
    }
  }
  // Each field of each phase changed, then the rest of the handshake.
  for (char kind = 0; kind < 2; ++kind)
    for (char phases = 0; phases < 6; ++phases)
      for (char field = 0; field < 15; ++field) {
        const char to = static_cast<char>((phases + 1) % 2), other = static_cast<char>(1 - to);
        const auto next = [](char who) { return who + "\1\7"s; };
        std::string seed{kind, '\1', '\0', '\0', phases, to};
        seed += "\1\4\1\0\2\0\0"s + field + "\0\1\3\1"s;
        out.push_back(seed + next(other) + next(to) + next(other) + next(to));
      }
  return out;
}

const Register registered({"handshake", run, seeds, 400});

}  // namespace
}  // namespace sims::fuzz
