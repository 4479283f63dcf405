// The relay in memory: it plays the server's side of each login, and moves the clients' bytes.
#include "client/core/relay.h"
#include "proto/wire/encode.h"

#include <algorithm>

namespace sims::test {

Guest::Guest(Relay& r, std::string n, std::uint64_t seed, client::CoreOptions with)
    : relay(r),
      name(std::move(n)),
      options(std::move(with)),
      identity(crypto::SigningKey::generate(r.random)),
      id(proto::Id::of(identity.public_key())),
      ephemerals(seed) {
  options.identity = &identity;
  options.name = name;
  core = std::make_unique<client::ClientCore>(options, trust, ephemerals, *this);
}

void Guest::end_turn() {
  const auto at = core->commit_at();
  if (at <= relay.now.steady_ms || (at != INT64_MAX && !gather)) (void)core->commit(relay.now);
  if (!core->holds_writes()) up += std::exchange(out, {});
}

void Guest::restart(bool and_connect) {
  core.reset();
  works.clear();
  opening = closed = false;
  out.clear();
  up.clear();
  line.reset();
  trust.lose_uncommitted();
  core = std::make_unique<client::ClientCore>(options, trust, ephemerals, *this);
  if (and_connect) connect();
}

void Guest::connect() {
  core->connect("server:7467", relay.now);
  relay.settle();
}

Result<std::uint64_t> Guest::say(const std::string& to, std::string_view text) {
  auto serial = core->send_text(to, text, false, relay.now);
  relay.settle();
  return serial;
}

std::size_t Guest::count(const std::string& other, client::Line::Kind kind, std::string_view part) const {
  const auto& lines = other.empty() ? model().status : peer(other).lines;
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const client::Line& l) {
    return l.kind == kind && l.text.find(part) != std::string::npos;
  }));
}

client::Delivery Guest::delivery(const std::string& other, std::uint64_t serial) const {
  for (const auto& one : peer(other).lines)
    if (one.serial == serial) return one.delivery;
  return client::Delivery::failed;
}

Relay::Relay(std::uint64_t seed)
    : random(seed), identity(crypto::SigningKey::generate(random)), ephemerals(seed + 1'000) {
  pass = [this](Guest&, Guest& to, const std::string& message) { give(to, message); };
}

Guest& Relay::add(const std::string& name, client::CoreOptions options) {
  guests.push_back(std::make_unique<Guest>(*this, name, random.next(), std::move(options)));
  // The server is known already; peers are unknown, without --accept-new.
  guests.back()->trust.servers["server:7467"] = {proto::Id::of(identity.public_key()), 1};
  return *guests.back();
}

void Relay::befriend(Guest& a, Guest& b) {
  const auto server = proto::Id::of(identity.public_key());
  a.trust.pinned[server][b.name] = {b.id, false, 1};
  b.trust.pinned[server][a.name] = {a.id, false, 1};
}

Guest* Relay::find(const proto::Id& id) {
  for (auto& guest : guests)
    if (guest->id == id) return guest.get();
  return nullptr;
}

void Relay::send_list(Guest& to, proto::List::Event event, const std::map<std::string, proto::Id>& who) {
  proto::List list;
  list.event = event;
  for (const auto& [name, id] : who)
    list.data.push_back({id, name, now.unix_s()});
  give(to, proto::encode(list));
}

void Relay::send_page(Guest& to, std::string_view after) {
  std::map<std::string, proto::ListEntry> rest;  // in the order of ids
  for (const auto& [name, id] : listed)
    if (id.text() > after) rest[id.str()] = {id, name, now.unix_s()};
  proto::List list;
  for (const auto& [id, entry] : rest)
    if (list.data.size() < page) list.data.push_back(entry);
  list.more = circles || rest.size() > list.data.size();
  give(to, proto::encode(list));
}

void Relay::show(const std::string& name, const proto::Id& id) {
  listed[name] = id;
  for (auto& guest : guests)
    send_list(*guest, proto::List::Event::online, {{name, id}});
  settle();
}

void Relay::hide(const std::string& name) {
  const auto id = listed.at(name);
  listed.erase(name);
  for (auto& guest : guests)
    send_list(*guest, proto::List::Event::offline, {{name, id}});
  settle();
}

void Relay::write(Guest& to, const std::string& bytes) {
  if (!bytes.empty()) to.core->link_read(bytes_of(bytes), now);
}

void Relay::give(Guest& to, const std::string& message) {
  if (!to.line || !to.line->connected()) return;
  std::string out;
  to.line->send(message, now, out);
  write(to, out);
}

void Relay::hang_up(Guest& of) {
  of.line.reset();
  of.out.clear();
  of.up.clear();
  of.core->link_closed("broken", now);
  settle();
}

void Relay::refuse_message(Guest& guest, const std::string& message, proto::ErrorCode code,
                           std::string& out) {
  guest.asked.push_back(message);
  proto::JsonTape tape;
  std::string text = message;
  auto root = tape.parse(text);
  proto::Error error;
  error.code = code;
  error.id = guest.line->received() - 1;
  if (root) error.dst = proto::Id::shaped(root->get_string("dst").value_or(""));
  guest.line->send(proto::encode(error), now, out);
}

void Relay::serve(Guest& guest, const std::string& message) {
  guest.asked.push_back(message);
  const std::string type = type_of(message);
  if (serve_mail(guest, message)) return;
  if (type == "ack" && message.find("\"dst\"") == std::string::npos) return;
  proto::JsonTape tape;
  std::string text = message;
  auto root = tape.parse(text);
  if (type == "list" && mail && root && !root->get("after")) {
    send_status(guest);
    give_mail(guest);
  }
  if (type == "list") return send_page(guest, root ? root->get_string("after").value_or("") : "");
  const auto dst = root ? proto::Id::shaped(root->get_string("dst").value_or("")) : std::nullopt;
  if (!dst) return;
  if (Guest* to = find(*dst)) pass(guest, *to, message);
}

// Handles what waits for or at this guest once; false: nothing to do.
bool Relay::move(Guest& guest) {
  if (guest.core) guest.end_turn();
  if (std::exchange(guest.closed, false)) {
    guest.line.reset();
    guest.up.clear();
    return true;
  }
  if (std::exchange(guest.opening, false)) {
    proto::HandshakeOptions options;
    options.role = proto::Role::responder;
    options.identity = &identity;
    options.name = "relay";
    options.suites = crypto::default_suites();
    guest.line.emplace(std::move(options), ephemerals);
    guest.out.clear();
    guest.up.clear();
    guest.given.clear();
    guest.core->link_opened(now);
    return true;
  }
  if (!guest.works.empty() && !guest.busy) {
    auto work = std::move(guest.works.front());
    guest.works.pop_front();
    work->run();
    guest.core->work_done(std::move(work), now);
    return true;
  }
  if (guest.up.empty() || !guest.line) return false;
  const std::string bytes = std::exchange(guest.up, {});
  if (refuse_login && !guest.line->connected()) {
    write(guest, *refuse_login + "\n");
    return true;
  }
  ByteView input = bytes_of(bytes);
  std::string out;
  proto::Scratch scratch;
  std::vector<std::string> messages;
  using Kind = proto::Transport::Event::Kind;
  for (auto event = guest.line->poll(input, scratch, now, out); event.kind != Kind::need_input;
       event = guest.line->poll(input, scratch, now, out)) {
    if (event.kind == Kind::failed) break;
    if (event.kind == Kind::message) {
      std::string message(event.message);
      if (const auto code = refuse ? refuse(guest, message) : std::nullopt) {
        refuse_message(guest, message, *code, out);
        continue;
      }
      if (slow && type_of(message) == "client-mail") {
        guest.line->hold_ack();
        continue;
      }
      messages.push_back(std::move(message));
      if (type_of(messages.back()) != "ack") guest.line->owe_ack();
    }
    if (event.kind == Kind::work) {
      event.work->run();
      guest.line->complete(std::move(event.work), now, out);
    }
  }
  if (guest.line->connected()) guest.line->flush_ack(now, out);
  write(guest, out);
  for (const auto& message : messages)
    serve(guest, message);
  return true;
}

void Relay::settle() {
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& guest : guests)
      moved = move(*guest) || moved;
  }
}

void Relay::advance(std::int64_t ms) {
  for (std::int64_t left = ms; left > 0; left -= 500) {
    now.steady_ms += std::min<std::int64_t>(500, left);
    now.unix_ms += std::min<std::int64_t>(500, left);
    for (auto& guest : guests)
      if (guest->core->next_tick() <= now.steady_ms) guest->core->tick(now);
    settle();
  }
}

std::string Relay::type_of(const std::string& message) {
  proto::JsonTape tape;
  std::string text = message;
  auto root = tape.parse(text);
  return root ? std::string(root->get_string("type").value_or("")) : "";
}

std::uint64_t Relay::number_of(const std::string& message, std::string_view field) {
  proto::JsonTape tape;
  std::string text = message;
  auto root = tape.parse(text);
  return root ? root->get_number(field).value_or(UINT64_MAX) : UINT64_MAX;
}

std::size_t Relay::count(const std::vector<std::string>& messages, std::string_view part) {
  return static_cast<std::size_t>(std::count_if(messages.begin(), messages.end(), [&](const std::string& m) {
    return m.find(part) != std::string::npos;
  }));
}

std::string error_frame(const std::string& code, const std::string& text) {
  return R"({"type":"error","code":")" + code + R"(","message":")" + text + R"("})";
}

}  // namespace sims::test
