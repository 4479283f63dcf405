// Fuzz target `keys`: any bytes from the terminal in any pieces, with resizes and events between them.
#include "tui/term/keys.h"

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "fuzz/shown.h"
#include "tui/ui/commands.h"
#include "tui/ui/fixture.h"

namespace sims::fuzz {
namespace {

using namespace tui;

int offset(std::int64_t) {
  return 3'600;
}

client::Question question(Source& source) {
  client::Question out;
  out.kind = static_cast<client::Question::Kind>(source.pick(2));
  out.server = source.text();
  out.shown = test::some_id('q');
  if (out.kind == client::Question::Kind::server_changed) out.pinned = test::some_id('p');
  return out;
}

class Desk {
 public:
  Desk() : ui(intents, {"localhost", "7467", "alice", "ecdhe"}, {"ecdhe,rsa", "ecdhe", "rsa"}, offset) {
    intents.fake = test::some_model();
    intents.older_pages = 2;
    ui.resize({80, 24});
  }

  void step(Source& source);
  void check();

 private:
  void keys(const std::vector<Key>& some) {
    for (const Key& key : some)
      ui.key(key);
  }
  client::Peer& peer(Source& source) {
    auto& peers = intents.fake.peers;
    return std::next(peers.begin(), static_cast<std::ptrdiff_t>(source.pick(peers.size())))->second;
  }
  void happens(Source& source);
  void answers(Source& source);
  void link(Source& source);
  void options(Source& source);

  test::FakeIntents intents;
  Ui ui;
  KeyDecoder decoder;
  Shown shown;
  std::int64_t now_ms = 1'000'000;
};

void Desk::step(Source& source) {
  std::vector<Key> out;
  switch (source.pick(8)) {
    case 0:
      decoder.flush(out);
      return keys(out);
    case 1:
      return ui.resize({static_cast<int>(source.pick(130)), static_cast<int>(source.pick(45))});
    case 2:
      return happens(source);
    case 3:
      return source.coin() ? answers(source) : source.coin() ? link(source) : options(source);
    default:
      decoder.feed(source.text(), out);
      return keys(out);
  }
}

void Desk::happens(Source& source) {
  client::Peer& p = peer(source);
  switch (source.pick(8)) {
    case 0:
      p.standing = static_cast<client::Standing>(source.pick(4));
      return;
    case 1:
      p.trust = static_cast<client::Trust>(source.pick(3));
      p.changed_to = p.trust == client::Trust::changed ? std::optional(test::some_id('z')) : std::nullopt;
      return;
    case 2:
      p.online = source.coin();
      p.typing = source.coin();
      return;
    case 3:
      p.lines.clear();
      return;
    case 4:
      if (!p.lines.empty()) p.lines.pop_front();
      return;
    default: {
      client::Line line;
      line.kind = static_cast<client::Line::Kind>(source.pick(4));
      line.mine = source.coin();
      line.delivery = static_cast<client::Delivery>(source.pick(4));
      line.text = source.text();
      line.at_unix_ms = 1'795'334'400'000 + static_cast<std::int64_t>(source.byte()) * 3'600'000;
      ++p.unread;
      p.attention = source.coin();
      intents.add(p.name, line);
    }
  }
}

void Desk::answers(Source& source) {
  switch (source.pick(6)) {
    case 0: {
      std::vector<client::SearchHit> hits;
      for (std::size_t i = source.pick(4); i > 0; --i) {
        client::SearchHit hit;
        hit.peer = {intents.fake.server_id, source.coin() ? "bob" : source.text()};
        hit.entry.body = source.text();
        hit.entry.row = source.byte();
        hits.push_back(hit);
      }
      return ui.found(std::move(hits), source.text());
    }
    case 1:
      return ui.passphrase_answer(source.coin() ? Result<void>() : fail(source.text()));
    case 2:
      intents.passphrase = source.text();
      return;
    case 3:
      return ui.locked();
    case 4:
      return ui.restore(ui.kept());
    default:
      intents.refuse = source.text();
  }
}

void Desk::link(Source& source) {
  client::Model& m = intents.fake;
  m.link = static_cast<client::LinkState>(source.pick(6));
  m.problem = source.text();
  m.progress = source.text();
  m.question.reset();
  if (m.link == client::LinkState::asking) m.question = question(source);
  if (source.coin()) m.server_id = test::some_id(source.coin() ? 'S' : 'T');
}

void Desk::options(Source& source) {
  Options some;
  some.theme = static_cast<ThemeId>(source.pick(4));
  some.ascii = source.coin();
  some.mouse = source.coin();
  some.typing = source.coin();
  some.paste_lines = static_cast<int>(source.pick(10));
  ui.set_options(some);
}

void Desk::check() {
  ui.model_changed();
  const UiState& state = ui.state();
  HOLDS(state.current < state.windows.size() && state.windows[0].peer.empty());
  for (const Window& window : state.windows)
    HOLDS(utf8_valid(window.input.text()) && window.input.cursor() <= window.input.text().size());
  HOLDS(state.windows.size() <= 100);
  now_ms += 100;
  shown.check(intents.fake, state, {now_ms, 1'795'337'000'000 + now_ms});
}

// The same bytes give the same keys in any pieces.
void check_pieces(const std::string& bytes) {
  KeyDecoder whole, single;
  std::vector<Key> one, other;
  whole.feed(bytes, one);
  for (const char c : bytes)
    single.feed({&c, 1}, other);
  HOLDS(one == other);
  whole.flush(one);
  HOLDS(whole.waiting_ms() == -1);
  for (const Key& key : one)
    HOLDS(key.text.size() <= max_paste && key.ch <= 0x10ffff);
}

void run(ByteView input) {
  check_pieces(std::string(text_of(input)));
  Source source(input);
  Desk desk;
  for (int i = 0; i < 60 && !source.empty(); ++i) {
    desk.step(source);
    desk.check();
  }
}

std::string fed(std::string_view bytes) {
  return "\x07" + sized(bytes);
}

std::vector<std::string> seeds() {
  const std::string resize("\1\x28\x0a\1\x05\x02\1\xc8\x3c\1\0\0", 12), flush("\0", 1);
  std::vector<std::string> out = {
      resize + fed("hello\r") + fed("/query bob\r") + fed("text to bob\r") + resize,
      fed("\x1b[200~a\rb\rc\rd\x1b[201~") + fed("y") + fed("\x1b[A\x1b[B\x1b[5~\x1b[6~\x1b[1;5C"),
      fed("\x1b") + flush +
          fed("\x1b"
              "1\x1b"
              "2\x1b"
              "3\x1b"
              "a\x0e\x10") +
          resize,
      fed("\x12wor") + fed("\x12\r") + fed("\x13word\r") + flush,
      fed("\x1b[<0;10;10M\x1b[<64;3;3M\x1b[M !!\x1b[I\x1b[O\x1bOP\x1bl\x1b[27;5;9~\x1b[97;5u"),
      fed("\x1b]0;x\x07\x1bP1$r\x1b\\\xe6\xbc\xa2\xcc\x81\xff\xc2\x9b"),
      fed(":smi\t\t") + fed("/th\t\t \t") + fed("/") + fed("\t") + fed("\x03\x03"),
      fed(" /quit\r") + fed("s") + fed("x\x1f\x19\x1by\x17\x15\x0b\x14")};
  for (const Command& command : all_commands()) {
    const std::string name(command.name);
    out.push_back(fed(name + "\r") + fed("y") + fed(name + " bob\r") + fed("word\r\x1b") + flush +
                  fed(name + " carol light\r") + "\3\1\3\2\2\3one" + resize);
  }
  return out;
}

const Register registered({"keys", run, seeds, 800});

}  // namespace
}  // namespace sims::fuzz
