// The invented peers and lines, the events on a clock, and the answers to texts.
#include "tui/app/demo_world.h"

#include <array>

#include "client/state/pins.h"
#include "crypto/suite.h"

namespace sims::tui {
namespace {

using client::Delivery;
using client::Line;
using client::Peer;
using client::Standing;
using client::Trust;

constexpr std::array answers = {
    "I read you. The relay in between did not, and could not have written it either.",
    "Look at the marks beside your lines: . is queued, - taken or kept by the server, + proved delivered.",
    "erin is offline. Write to her all the same: it goes by letter.",
    "/verify compares our safety numbers. Try it: this program shows mine, too.",
    "Have you seen dave's window? His key changed. Nothing goes out there until you decide.",
    "carol is a stranger to you. Until you /accept her she learns nothing, not even that you read her.",
};

client::Id some_id(crypto::Rng& rng) {
  return client::Id::of(crypto::SigningKey::generate(rng).public_key());
}

}  // namespace

DemoWorld::DemoWorld(crypto::Rng& rng, Now now) {
  model_.link = client::LinkState::online;
  model_.server = "demo.invalid:7467";
  model_.server_name = "demo";
  model_.server_id = some_id(rng);
  model_.self = some_id(rng);
  model_.self_name = "you";
  model_.suite = std::string(crypto::default_suites().front()->name);
  model_.round_trip_ms = 12;
  model_.list_complete = model_.mail = true;
  notice("", "This is a demonstration without a server: nothing is sent or stored. /quit exits.", now);

  Peer& bob = add("bob", some_id(rng), Trust::verified, Standing::contact, now);
  line(bob.lines, Line::Kind::text, "Welcome! Type something and press Enter. /help lists the commands.",
       now);
  bob.unread = 1;
  Peer& dave = add("dave", some_id(rng), Trust::changed, Standing::contact, now);
  dave.changed_to = some_id(rng);
  dave.changed_unix_ms = now.unix_ms;
  dave.attention = true;
  line(dave.lines, Line::Kind::alert,
       "KEY CHANGED: the server shows another key for dave. Nothing is sent until you decide.", now);
  Peer& erin = add("erin", some_id(rng), Trust::unverified, Standing::contact, now);
  erin.online = false;
  erin.session = client::SessionState::none;
  line(erin.lines, Line::Kind::text, "I am on the train. Write to me: the relay keeps it until I am back.",
       now)
      .sent_unix_ms = now.unix_ms - 86'400'000;
  erin.unread = 1;

  const client::Id carol = some_id(rng);
  later(now, 4'000, [this, carol](Now at) {
    add("carol", carol, Trust::unverified, Standing::request, at);
    receive("carol", "Hello, we met at the conference. Is this you?", at);
  });
}

Result<Peer*> DemoWorld::find(const std::string& peer) {
  const auto at = model_.peers.find(peer);
  if (at == model_.peers.end()) return fail("nobody here is called " + peer);
  return &at->second;
}

Peer& DemoWorld::add(const std::string& name, const client::Id& id, Trust trust, Standing standing, Now now) {
  Peer& peer = model_.peers[name];
  peer.name = name;
  peer.id = id;
  peer.trust = trust;
  peer.standing = standing;
  peer.online = true;
  peer.older = false;
  peer.since = static_cast<std::uint64_t>(now.unix_ms / 1'000);
  peer.first_seen_unix_ms = now.unix_ms;
  peer.session = client::SessionState::established;
  peer.suite = model_.suite;
  return peer;
}

Line& DemoWorld::line(std::deque<Line>& lines, Line::Kind kind, std::string text, Now now) {
  Line& out = lines.emplace_back();
  out.kind = kind;
  out.serial = ++last_serial_;
  out.at_unix_ms = now.unix_ms;
  out.text = std::move(text);
  return out;
}

void DemoWorld::receive(const std::string& name, std::string text, Now now) {
  const auto peer = find(name);
  if (!peer) return;
  if (received_) received_(name, text);
  line((*peer)->lines, Line::Kind::text, std::move(text), now);
  (*peer)->typing = false;
  ++(*peer)->unread;
  ++(*peer)->key_rotations;
  (*peer)->attention = true;
}

void DemoWorld::on_received(std::function<void(const std::string&, std::string_view)> received) {
  received_ = std::move(received);
}

// --- time ----------------------------------------------------------------------------------------

void DemoWorld::later(Now now, std::int64_t ms, std::function<void(Now)> event) {
  events_.emplace(now.steady_ms + ms, std::move(event));
}

bool DemoWorld::tick(Now now) {
  bool changed = false;
  while (!events_.empty() && events_.begin()->first <= now.steady_ms) {
    auto event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event(now);
    changed = true;
  }
  return changed;
}

std::int64_t DemoWorld::next_tick() const {
  return events_.empty() ? INT64_MAX : events_.begin()->first;
}

// --- actions of the user -------------------------------------------------------------------------

Result<void> DemoWorld::say(const std::string& name, std::string_view text, bool action, Now now) {
  TRY_LET(peer, find(name));
  if (peer->trust == Trust::changed)
    return fail("the key of " + name + " changed: nothing is sent until you decide");
  peer->standing = Standing::contact;
  Line& said = line(peer->lines, action ? Line::Kind::action : Line::Kind::text, std::string(text), now);
  said.mine = true;
  if (peer->online)
    answer(name, said.serial, now);
  else
    keep(name, said.serial, now);
  return {};
}

std::function<void(Now)> DemoWorld::mark(const std::string& name, std::uint64_t serial, Delivery delivery) {
  return [this, name, serial, delivery](Now) {
    const auto peer = find(name);
    if (!peer) return;
    for (Line& one : (*peer)->lines)
      if (one.serial == serial) one.delivery = delivery;
  };
}

// A letter: the relay keeps it until its reader is back.
void DemoWorld::keep(const std::string& name, std::uint64_t serial, Now now) {
  later(now, 150, mark(name, serial, Delivery::mailed));
  later(now, 12'000, mark(name, serial, Delivery::delivered));
  later(now, 12'000, [this, name](Now at) {
    const auto peer = find(name);
    if (!peer || (*peer)->online) return;
    (*peer)->online = true;
    ++model_.people;
    receive(name, "I am back, and your letter was here. Nobody on the way could read it.", at);
  });
}

void DemoWorld::answer(const std::string& name, std::uint64_t serial, Now now) {
  later(now, 150, mark(name, serial, Delivery::sent));
  later(now, 500, mark(name, serial, Delivery::delivered));
  later(now, 900, [this, name](Now) {
    if (const auto peer = find(name)) (*peer)->typing = true;
  });
  const std::string text = answers[answers_++ % answers.size()];
  later(now, 2'500, [this, name, text](Now at) { receive(name, text, at); });
}

Result<void> DemoWorld::verify(const std::string& name, std::string_view number) {
  TRY_LET(peer, find(name));
  if (!proto::safety_number_matches(number, model_.self, peer->id))
    return fail("the safety numbers differ: either a digit is wrong or somebody is between you and " + name);
  peer->trust = Trust::verified;
  return {};
}

Result<void> DemoWorld::unverify(const std::string& name) {
  TRY_LET(peer, find(name));
  if (peer->trust != Trust::verified) return fail(name + " is not verified");
  peer->trust = Trust::unverified;
  return {};
}

Result<void> DemoWorld::accept_changed(const std::string& name, std::string_view fingerprint) {
  TRY_LET(peer, find(name));
  if (!peer->changed_to) return fail("the key of " + name + " did not change");
  if (!proto::fingerprint_matches(fingerprint, *peer->changed_to))
    return fail("this is not the fingerprint of the new key of " + name);
  peer->id = *peer->changed_to;
  peer->changed_to.reset();
  peer->trust = Trust::unverified;
  return {};
}

Result<void> DemoWorld::stand(const std::string& name, Standing standing) {
  TRY_LET(peer, find(name));
  peer->standing = standing;
  return {};
}

Result<void> DemoWorld::remove(const std::string& name) {
  if (model_.peers.erase(name) == 0) return fail("nobody here is called " + name);
  return {};
}

Result<std::string> DemoWorld::safety_number(const std::string& name) const {
  const auto at = model_.peers.find(name);
  if (at == model_.peers.end()) return fail("nobody here is called " + name);
  return proto::safety_number(model_.self, at->second.id);
}

void DemoWorld::mark_read(const std::string& name) {
  if (const auto peer = find(name)) {
    (*peer)->unread = 0;
    (*peer)->attention = false;
  }
}

void DemoWorld::clear(const std::string& name) {
  if (name.empty()) return model_.status.clear();
  if (const auto peer = find(name)) (*peer)->lines.clear();
}

void DemoWorld::notice(const std::string& name, std::string text, Now now) {
  const auto peer = find(name);
  line(peer ? (*peer)->lines : model_.status, Line::Kind::notice, std::move(text), now);
}

}  // namespace sims::tui
