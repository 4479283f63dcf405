// The model with each kind of peer and line, and the log of intents.
#include "tui/ui/fixture.h"

#include <algorithm>

#include "base/text.h"

namespace sims::test {

using client::Delivery;
using client::Line;

namespace {

constexpr std::int64_t morning = 1'795'334'400'000;  // 2026-11-22 08:00 UTC

Line line(std::uint64_t serial, std::int64_t minute, bool mine, std::string text,
          Delivery delivery = Delivery::delivered) {
  Line out;
  out.serial = serial;
  out.at_unix_ms = morning + minute * 60'000;
  out.mine = mine;
  out.text = std::move(text);
  out.delivery = delivery;
  return out;
}

Line own_words(std::uint64_t serial, std::int64_t minute, std::string text, Line::Kind kind) {
  Line out = line(serial, minute, false, std::move(text));
  out.kind = kind;
  return out;
}

client::Peer peer(const std::string& name, char id) {
  client::Peer out;
  out.name = name;
  out.id = some_id(id);
  out.first_seen_unix_ms = morning - 3 * 86'400'000;
  out.since = morning / 1000;
  return out;
}

void encode(char32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

}  // namespace

proto::Id some_id(char fill) {
  return *proto::Id::shaped(std::string(42, fill) + "A");
}

client::Model some_model() {
  client::Model m;
  m.link = client::LinkState::online;
  m.server = "chat.example.org:7467";
  m.self = some_id('a');
  m.self_name = "alice";
  m.suite = "ECDHE_WITH_AES_128_CBC_SHA256";
  m.round_trip_ms = 12;
  m.status.push_back(own_words(1, 0, "Connected to chat.example.org:7467.", Line::Kind::notice));

  auto bob = peer("bob", 'b');
  bob.online = true;
  bob.standing = client::Standing::contact;
  bob.session = client::SessionState::established;
  bob.suite = "RSA_WITH_AES_128_CBC_SHA256";
  bob.key_rotations = 2;
  bob.lines = {
      line(2, -600, true, "Good night"),
      line(3, 0, false,
           "Good morning! Did you read what the cryptographers wrote about ratchets, and why late messages "
           "matter?"),
      line(4, 1, true, "Yes. 漢字 and e\xcc\x81 and 😀 are fine too."),
      line(5, 2, false, "two\nlines"),
      line(6, 3, true, "waves"),
      own_words(7, 4, "bob's key is not verified. /verify bob compares it.", Line::Kind::notice),
      line(8, 5, true, "this one failed", Delivery::failed),
      line(9, 6, true, "taken by the server", Delivery::sent),
      line(10, 7, true, "still queued", Delivery::queued),
  };
  bob.lines[4].kind = Line::Kind::action;
  bob.lines[6].why = "bob is not known to the server";
  m.peers["bob"] = bob;

  auto carol = peer("carol", 'c');
  carol.online = true;
  carol.attention = true;
  carol.unread = 3;
  carol.lines = {line(11, 8, false, "hello?"), line(12, 8, false, "are you there?"),
                 line(13, 9, false, "call me")};
  m.peers["carol"] = carol;

  auto dave = peer("dave", 'd');
  dave.standing = client::Standing::contact;
  m.peers["dave"] = dave;

  auto long_name = peer("eve.with-a-very-long-name_000001", 'e');
  long_name.online = true;
  long_name.standing = client::Standing::contact;
  long_name.trust = client::Trust::changed;
  long_name.changed_to = some_id('f');
  long_name.changed_unix_ms = morning + 600'000;
  m.peers[long_name.name] = long_name;

  auto frank = peer("frank", 'g');
  frank.online = true;
  frank.standing = client::Standing::contact;
  frank.trust = client::Trust::verified;
  m.peers["frank"] = frank;
  return m;
}

Result<void> FakeIntents::note(std::string what) {
  log.push_back(std::move(what));
  if (!refuse.empty()) return fail(refuse);
  return {};
}
Result<void> FakeIntents::connect(const tui::ConnectFields& f) {
  connected = f;
  return note("connect " + f.server + " " + f.port + " " + f.name + " " + f.suites);
}
void FakeIntents::disconnect() {
  log.emplace_back("disconnect");
}
void FakeIntents::answer(bool accept) {
  log.emplace_back(accept ? "answer yes" : "answer no");
  fake.question.reset();
}
Result<void> FakeIntents::accept_changed_server(std::string_view fingerprint) {
  if (fingerprint != fake.question->shown.text()) return fail("not the same");
  return note("accept_changed_server");
}
Result<void> FakeIntents::send_text(const std::string& peer, std::string_view text, bool action) {
  return note((action ? "action " : "send ") + peer + " " + std::string(text));
}
void FakeIntents::mark_read(const std::string& peer) {
  log.push_back("mark_read " + peer);
  fake.peers.at(peer).unread = 0;
  fake.peers.at(peer).attention = false;
}
Result<void> FakeIntents::verify(const std::string& peer, std::string_view number) {
  if (number != "right") return fail("The numbers differ.");
  return note("verify " + peer);
}
Result<void> FakeIntents::unverify(const std::string& peer) {
  return note("unverify " + peer);
}
Result<void> FakeIntents::accept_changed(const std::string& peer, std::string_view fingerprint) {
  auto& p = fake.peers.at(peer);
  if (!p.changed_to || fingerprint != p.changed_to->text()) return fail("not the same");
  p.trust = client::Trust::unverified;
  return note("accept_changed " + peer);
}
void FakeIntents::end_session(const std::string& peer, std::string_view reason) {
  log.push_back("end_session " + peer + " " + std::string(reason));
}
Result<void> FakeIntents::meet(const std::string& name) {
  TRY(note("meet " + name));
  fake.peers[name] = peer(name, 'm');
  return {};
}

Result<std::string> FakeIntents::safety_number(const std::string&) {
  return std::string("11111 22222 33333 44444 55555 66666 77777 88888 99999 00000 12345 67890");
}
void FakeIntents::clear(const std::string& peer) {
  log.push_back("clear " + peer);
}
void FakeIntents::notice(const std::string& peer, std::string text) {
  Line out;
  out.kind = Line::Kind::notice;
  out.text = text;
  out.at_unix_ms = morning + 3'600'000;
  add(peer, out);
  log.push_back("notice " + peer + ": " + text);
}
bool FakeIntents::load_older(const std::string& peer) {
  auto& p = fake.peers.at(peer);
  p.older = older_pages > 0;
  if (!p.older) return false;
  --older_pages;
  for (int i = 0; i < 10; ++i) {
    Line older = line(p.lines.empty() ? 500'000 : p.lines.front().serial - 1, 0, false, "older");
    older.row = older_row--;
    p.lines.push_front(std::move(older));
  }
  return true;
}
std::vector<std::string> FakeIntents::files(const std::string& beginning) {
  std::vector<std::string> out;
  for (const auto& name : folder) {
    if (name.rfind(beginning, 0) == 0) out.push_back(name);
  }
  return out;
}
Result<void> FakeIntents::lock() {
  if (passphrase.empty()) return fail("no passphrase");
  return note("lock");
}
void FakeIntents::unlock(SecretBytes given) {
  log.push_back("unlock " + std::string(text_of(given.view())));
}
void FakeIntents::set_passphrase(SecretBytes old, SecretBytes fresh) {
  log.push_back("set_passphrase '" + std::string(text_of(old.view())) + "' '" +
                std::string(text_of(fresh.view())) + "'");
}
void FakeIntents::add(const std::string& peer, client::Line l) {
  l.serial = ++serial_;
  (peer.empty() ? fake.status : fake.peers.at(peer).lines).push_back(std::move(l));
}
bool FakeIntents::logged(const std::string& what) const {
  return std::any_of(log.begin(), log.end(),
                     [&](const std::string& l) { return l.find(what) != std::string::npos; });
}

void type(tui::Ui& ui, std::string_view bytes) {
  tui::KeyDecoder decoder;
  std::vector<tui::Key> keys;
  decoder.feed(bytes, keys);
  decoder.flush(keys);
  for (const auto& key : keys)
    ui.key(key);
}

std::string dump_row(const tui::Grid& grid, int y) {
  std::string out;
  for (int x = 0; x < grid.size.width; ++x) {
    const tui::Cell& cell = grid.at(x, y);
    for (int i = 0; i < cell.count; ++i)
      encode(cell.chars[static_cast<std::size_t>(i)], out);
  }
  return out;
}

std::string dump(const tui::Grid& grid, bool styles) {
  static constexpr char letters[] = " dSb*+!mtAsEGMuq";
  std::string out = "title: " + grid.title + "\n";
  for (int y = 0; y < grid.size.height; ++y)
    out += "|" + dump_row(grid, y) + "|\n";
  out += grid.cursor_visible
             ? "cursor: " + std::to_string(grid.cursor.x) + "," + std::to_string(grid.cursor.y) + "\n"
             : "no cursor\n";
  if (!styles) return out;
  out +=
      "styles: dim d, strong S, bar b, bar_strong *, bar_good +, bar_alert !, mine m, theirs t, attention A, "
      "selected s, alert E, good G, match M, unread u, qr q\n";
  for (int y = 0; y < grid.size.height; ++y) {
    std::string row;
    for (int x = 0; x < grid.size.width; ++x)
      row += letters[static_cast<int>(grid.at(x, y).style)];
    row.erase(row.find_last_not_of(' ') + 1);
    out += ":" + row + "\n";
  }
  return out;
}

bool printable(const tui::Grid& grid) {
  for (int y = 0; y < grid.size.height; ++y) {
    for (int x = 0; x < grid.size.width; ++x) {
      const tui::Cell& cell = grid.at(x, y);
      if (cell.width == 0) {
        if (x == 0 || grid.at(x - 1, y).width != 2 || cell.count != 0) return false;
        continue;
      }
      if (cell.count < 1 || char_width(cell.chars[0]) != cell.width) return false;
      if (cell.width == 2 && (x + 1 >= grid.size.width || grid.at(x + 1, y).width != 0)) return false;
      for (int i = 0; i < cell.count; ++i) {
        const char32_t c = cell.chars[static_cast<std::size_t>(i)];
        if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;
        if (i > 0 && char_width(c) != 0) return false;
        const bool bidi =
            (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f;
        if (bidi || (c >= 0x200b && c <= 0x200d) || c == 0x2028 || c == 0x2029 || c == 0xfeff) return false;
      }
    }
  }
  return true;
}

}  // namespace sims::test
