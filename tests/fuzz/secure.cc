// Fuzz target `secure`: both directions of one channel. An attacker delivers frames to either receiver in any
// order, repeated, changed or made up. A frame opens if and only if its fields are those of the direction's
// next frame, whatever was refused before.
#include "proto/channel/secure.h"

#include "fuzz/fuzz.h"
#include "proto/limits.h"
#include "proto/wire/decode.h"

namespace sims::fuzz {
namespace {

struct Fields {
  std::uint64_t epoch = 0, seq = 0;
  std::string payload;
  bool operator==(const Fields&) const = default;
  std::string text() const {
    std::string out;
    proto::JsonWriter json(out);
    json.begin_object().field("type", "secure").key("sa-data").begin_object();
    json.field("epoch", epoch).field("seq", seq).end_object().field("payload", payload).end_object();
    return out;
  }
};

std::optional<Fields> fields_of(std::string text) {
  proto::JsonTape tape;
  const auto root = tape.parse(text);
  if (!root) return std::nullopt;
  const auto frame = proto::decode_secure(*root);
  if (!frame) return std::nullopt;
  return Fields{frame->epoch, frame->seq, std::string(frame->payload)};
}

struct Direction {
  explicit Direction(bool up) : sender(chain(up)), receiver(chain(up)) {}
  static proto::SecureChainKey chain(bool up) {
    return proto::secure_chain(proto::MasterSecret(ByteArray<32>{9}), up);
  }
  void seal(const std::string& plain) {
    std::string frame;
    sender.seal(plain, 1'700'000'000, frame);
    HOLDS(frame.ends_with('\n'));
    frame.pop_back();
    HOLDS(frame.size() <= proto::SecureSender::frame_size_max(plain.size()));
    frames.push_back(std::move(frame));
    plains.push_back(plain);
  }
  void give(const std::string& frame);
  std::string next() const { return receiver.count() < frames.size() ? frames[receiver.count()] : ""; }

  proto::SecureSender sender;
  proto::SecureReceiver receiver;
  std::vector<std::string> frames, plains;
};

// Opens a frame as proto/channel/transport does.
void Direction::give(const std::string& frame) {
  const std::size_t count = receiver.count();
  const auto said = fields_of(frame), wanted = fields_of(next());
  std::string plain = "what was there before";
  bool opened = receiver.open_canonical(frame, plain);
  HOLDS(!opened || frame == frames[count]);
  if (!opened && said) {
    std::string text = frame;
    proto::JsonTape tape;
    const auto outcome = receiver.open(*proto::decode_secure(*tape.parse(text)), plain);
    opened = outcome.has_value();
    const bool in_turn = said->seq == count && said->epoch == count / proto::messages_per_epoch;
    HOLDS(opened || in_turn || outcome.error().code == proto::ErrorCode::bad_sequence);
  }
  HOLDS(opened == (said && wanted && *said == *wanted));
  HOLDS(receiver.count() == count + (opened ? 1 : 0));
  HOLDS(!opened || plain == plains[count]);
}

class Scene {
 public:
  void step(Source& source);
  void finish() {
    for (Direction& one : ways)
      while (one.receiver.count() < one.frames.size())
        one.give(one.next());
  }

 private:
  std::string any(Source& source) const {
    const auto& frames = ways[source.pick(2)].frames;
    const std::size_t back = source.number(2);
    return frames.empty() ? "" : frames[frames.size() - 1 - back % frames.size()];
  }
  std::string edited(const std::string& frame, Source& source) const;

  Direction ways[2]{Direction(true), Direction(false)};
};

std::string Scene::edited(const std::string& frame, Source& source) const {
  auto fields = fields_of(frame);
  if (!fields) return source.text();
  switch (source.pick(7)) {
    case 0:
      fields->epoch = source.byte();
      break;
    case 1:
      fields->seq += source.number(2);
      break;
    case 2:
      fields->payload += source.text();
      break;
    case 3:
      fields->payload.resize(fields->payload.size() - std::min(fields->payload.size(), source.byte()));
      break;
    case 4:
      if (const auto other = fields_of(any(source))) fields->payload = other->payload;
      break;
    case 5: {  // the same fields with other white space
      std::string out = fields->text();
      out.insert(out.find(source.coin() ? ':' : '}'), 1 + source.pick(9), ' ');
      return out;
    }
    default: {
      const std::size_t at = source.number(2) % fields->payload.size();
      fields->payload[at] ^= static_cast<char>(1 << source.pick(8));
    }
  }
  return fields->text();
}

void Scene::step(Source& source) {
  Direction& one = ways[source.pick(2)];
  switch (source.pick(8)) {
    case 0:
      return one.seal(source.text());
    case 1:
      for (std::size_t left = source.pick(160); left > 0; --left)
        one.seal("again");
      return;
    case 2:
      for (std::size_t left = source.pick(160); left > 0 && one.receiver.count() < one.frames.size(); --left)
        one.give(one.next());
      return;
    case 3:
      return one.give(any(source));
    case 4:
      return one.give(edited(any(source), source));
    case 5:
      return one.give(source.text());
    default:
      return one.give(source.coin() ? one.next() : edited(one.next(), source));
  }
}

void run(ByteView input) {
  Source source(input);
  Scene scene;
  for (int i = 0; i < 30 && !source.empty(); ++i)
    scene.step(source);
  scene.finish();
}

std::vector<std::string> seeds() {
  using namespace std::literals;
  const std::string epochs = "\0\1\x63\0\2\x62"s;  // 99 sealed, 98 opened
  std::vector<std::string> out = {
      "\0\0\5hello\1\0\6answer\0\7\1\1\7\1"s,
      epochs + "\0\1\7\0\7\1\0\7\1\0\7\1"s,              // across the end of an epoch
      epochs + "\0\1\7\0\3\0\0\1\0\3\1\0\1\0\3\0\0\2"s,  // frames of the next epoch, too early
      "\0\1\x9f\0\1\x9f\0\2\x9f\0\2\x9f\0\3\0\0\x10"s,   // across two epochs, and one frame repeated
      "\0\0\5hello\1\3\0\0\0"s,                          // back to its sender
      "\0\5"s + sized(Fields{0, 0, "gAAAAAA="}.text()),
  };
  for (char edit = 0; edit < 7; ++edit)
    out.push_back("\0\0\5hello\0\0\5again\0\6\0"s + edit + "\0\1\3\2"s);
  return out;
}

const Register registered({"secure", run, seeds, 3'000});

}  // namespace
}  // namespace sims::fuzz
