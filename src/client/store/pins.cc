// Servers, peers and settings: read once, kept in step with the disk.
#include <fmt/format.h>

#include <algorithm>

#include "base/endpoint.h"
#include "client/store/record.h"
#include "client/store/store_state.h"
#include "proto/limits.h"

namespace sims::client {

namespace {

// The one spelling under which a server is kept; empty for what is no HOST[:PORT].
std::string server_key(const std::string& text) {
  auto at = Endpoint::parse(text, proto::default_port);
  return at ? at->str() : "";
}

Tag server_tag(const Sealer& sealer, const std::string& host_port) {
  return sealer.tag("server", host_port);
}

Tag peer_tag(const Sealer& sealer, const Id& server, const std::string& name) {
  return sealer.tag("peer", server.text(), name);
}

// As numbers on disk, whatever the enum's order.
std::uint64_t number_of(Standing standing) {
  switch (standing) {
    case Standing::request:
      return 1;
    case Standing::blocked:
      return 2;
    case Standing::contact:
    case Standing::stranger:
      break;
  }
  return 0;
}

std::optional<Standing> standing_of(std::uint64_t number) {
  if (number > 2) return std::nullopt;
  return number == 0 ? Standing::contact : number == 1 ? Standing::request : Standing::blocked;
}

std::int64_t time_of(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

bool read_server(std::string_view plain, StorePins& into) {
  RecordReader in(plain);
  const std::string host_port(in.text());
  const auto id = Id::shaped(in.text());
  const auto seen = time_of(in.number());
  return in.ok() && id && into.servers.emplace(host_port, PinnedServer{*id, seen}).second;
}

bool read_peer(std::string_view plain, StorePins& into) {
  RecordReader in(plain);
  const auto server = Id::shaped(in.text());
  const std::string name(in.text());
  PinnedPeer peer;
  const auto id = Id::shaped(in.text());
  const auto verified = in.number();
  const auto standing = standing_of(in.number());
  peer.first_seen_unix_ms = time_of(in.number());
  peer.read_row = in.number();
  if (!in.ok() || !server || !id || verified > 1 || !standing || !proto::valid_name(name)) return false;
  peer.id = *id;
  peer.verified = verified == 1;
  peer.standing = *standing;
  return into.peers.emplace(std::pair(*server, name), peer).second;
}

bool read_settings(std::string_view plain, StorePins& into) {
  RecordReader in(plain);
  into.settings.server = in.text();
  into.settings.name = in.text();
  into.settings.suite = in.text();
  return in.ok();
}

Tag settings_tag(const Sealer& sealer) {
  return sealer.tag("settings", "");
}

void write_server(RecordWriter& out, const std::string& host_port, const PinnedServer& server) {
  out.text(host_port).text(server.id.text()).number(static_cast<std::uint64_t>(server.first_seen_unix_ms));
}

void write_peer(RecordWriter& out, const Id& server, const std::string& name, const PinnedPeer& peer) {
  out.text(server.text()).text(name).text(peer.id.text()).number(peer.verified ? 1 : 0);
  out.number(number_of(peer.standing));
  out.number(static_cast<std::uint64_t>(peer.first_seen_unix_ms)).number(peer.read_row);
}

void write_settings(RecordWriter& out, const Settings& settings) {
  out.text(settings.server).text(settings.name).text(settings.suite);
}

// Stands for all of them: one that is missing, or of an older day, makes another one.
Tag sum_of(const Sealer& sealer, const StorePins& pins) {
  RecordWriter all;
  all.number(pins.servers.size()).number(pins.peers.size());
  for (const auto& [host_port, server] : pins.servers)
    write_server(all, host_port, server);
  for (const auto& [key, peer] : pins.peers)
    write_peer(all, key.first, key.second, peer);
  write_settings(all, pins.settings);
  return sealer.tag("sum of pins", all.view());
}

Tag sum_tag(const Sealer& sealer) {
  return sealer.tag("sum", "");
}

}  // namespace

// --- from and to the disk ------------------------------------------------------------------------

// All of them, so that a pin that does not open is an error now, never a first contact later. What another
// program writes meanwhile is seen as a whole or not at all.
Result<void> Store::State::load_pins() {
  server_ids.clear();
  std::optional<sqlite::Transaction> snapshot;
  if (!db.in_transaction()) {
    auto begun = sqlite::Transaction::read(db);
    if (!begun) return fail(in_file(begun.error()));
    snapshot.emplace(std::move(*begun));
  }
  StorePins read;
  const auto load = [&](std::string_view table, const char* sql, auto take) -> Result<void> {
    sqlite::Statement rows(db, sql);
    auto done = rows.each([&]() -> Result<void> {
      const auto plain = sealer->open(row_place(table, rows.blob(0)), rows.text(1));
      if (!plain || !take(*plain, read))
        return fail(sqlite::damaged(fmt::format("a {} does not open", table)));
      return {};
    });
    if (!done) return fail(in_file(done.error()));
    return {};
  };
  auto done = load("server", "SELECT tag, token FROM server", read_server);
  if (done) done = load("peer", "SELECT tag, token FROM peer", read_peer);
  if (!done) return done;
  const Tag tag = settings_tag(*sealer);
  sqlite::Statement row(db, "SELECT token FROM value WHERE tag = ?", tag);
  auto there = row.step();
  if (!there) return fail(in_file(there.error()));
  if (*there) {
    const auto plain = sealer->open(row_place("value", tag), row.text(0));
    if (!plain || !read_settings(*plain, read)) return fail(damaged("the settings do not open"));
  }
  if (auto same = check_sum(read); !same) return same;
  pins = std::move(read);
  return {};
}

Result<void> Store::State::check_sum(const StorePins& read) {
  const auto now = db.number("SELECT generation FROM store");
  if (!now) return fail(in_file(now.error()));
  const Tag tag = sum_tag(*sealer);
  sqlite::Statement row(db, "SELECT token FROM value WHERE tag = ?", tag);
  auto there = row.step();
  if (!there) return fail(in_file(there.error()));
  const auto plain = *there ? sealer->open(row_place("value", tag), row.text(0)) : std::nullopt;
  RecordReader in(plain.value_or(""));
  const auto sealed = in.number();
  const std::string sum(in.text());
  if (!plain || !in.ok()) return fail(damaged("the sum of its keys does not open"));
  if (sealed != static_cast<std::uint64_t>(*now) || sum != text_of(sum_of(*sealer, read)))
    return fail(damaged("keys are missing, or come from an older copy"));
  return {};
}

Result<void> Store::State::put_sum() {
  const Tag tag = sum_tag(*sealer), sum = sum_of(*sealer, pins);
  RecordWriter out;
  out.number(static_cast<std::uint64_t>(head.generation)).text(text_of(sum));
  return put_row(put_value, "value", tag, out.view());
}

Result<void> Store::State::put_row(const char* sql, std::string_view table, const Tag& tag,
                                   std::string_view plain) {
  return sqlite::Statement(db, sql, tag, sealer->seal(row_place(table, tag), plain)).run();
}

Result<void> Store::State::put_server(const std::string& host_port, const PinnedServer& server) {
  const Tag tag = server_tag(*sealer, host_port);
  RecordWriter out;
  write_server(out, host_port, server);
  auto done = put_row("INSERT OR REPLACE INTO server (tag, token) VALUES (?, ?)", "server", tag, out.view());
  if (done) changing_pins().servers.insert_or_assign(host_port, server);
  return done;
}

Result<void> Store::State::put_peer(const Id& server, const std::string& name, const PinnedPeer& peer) {
  const Tag tag = peer_tag(*sealer, server, name);
  RecordWriter out;
  write_peer(out, server, name, peer);
  auto done = put_row("INSERT OR REPLACE INTO peer (tag, token) VALUES (?, ?)", "peer", tag, out.view());
  if (done) changing_pins().peers.insert_or_assign({server, name}, peer);
  return done;
}

Result<void> Store::State::drop_peer(const Id& server, const std::string& name) {
  auto done = sqlite::Statement(db, "DELETE FROM peer WHERE tag = ?", peer_tag(*sealer, server, name)).run();
  if (done) changing_pins().peers.erase({server, name});
  return done;
}

Result<void> Store::State::put_settings(const Settings& settings) {
  const Tag tag = settings_tag(*sealer);
  RecordWriter out;
  write_settings(out, settings);
  auto done = put_row(put_value, "value", tag, out.view());
  if (done) changing_pins().settings = settings;
  return done;
}

// --- Store ---------------------------------------------------------------------------------------

std::optional<PinnedServer> Store::server(const std::string& host_port) {
  const auto& servers = state_->pins.servers;
  const auto found = servers.find(server_key(host_port));
  if (found == servers.end()) return std::nullopt;
  return found->second;
}

Result<void> Store::pin_server(const std::string& host_port, const PinnedServer& server) {
  const std::string key = server_key(host_port);
  if (key.empty()) return fail("not a HOST:PORT that can be remembered: " + host_port);
  return state_->write_for_core([&] { return state_->put_server(key, server); });
}

Result<bool> Store::replace_server(const std::string& host_port, const PinnedServer& server) {
  State& s = *state_;
  const std::string key = server_key(host_port);
  const auto old = this->server(host_port);
  if (!old || old->id == server.id) return fail("no other key is remembered for " + host_port);
  bool along = false;
  auto done = s.write_for_core([&]() -> Result<void> {
    const auto users = peers(old->id);
    const auto said = s.has_history(old->id), known = s.has_history(server.id);
    if (!said || !known) return fail(said ? known.error() : said.error());
    const auto is_elsewhere = [&](const Id& id) {
      return std::any_of(s.pins.servers.begin(), s.pins.servers.end(),
                         [&](const auto& one) { return one.first != key && one.second.id == id; });
    };
    const bool mixed =
        is_elsewhere(old->id) || is_elsewhere(server.id) || *known || !peers(server.id).empty();
    along = !mixed || (users.empty() && !*said);
    if (auto put = s.put_server(key, server); !put || mixed) return put;
    for (const auto& [name, peer] : users) {
      auto moved = s.drop_peer(old->id, name);
      if (moved) moved = s.put_peer(server.id, name, peer);
      if (!moved) return moved;
    }
    return s.move_history(old->id, server.id);
  });
  if (!done) return fail(done.error());
  return along;
}

Result<void> Store::forget_server(const std::string& host_port) {
  State& s = *state_;
  const std::string key = server_key(host_port);
  if (auto ready = s.ready(); !ready) return ready;
  if (!s.pins.servers.contains(key)) return fail("no such server is remembered: " + host_port);
  return s.write_for_core([&]() -> Result<void> {
    const Tag tag = server_tag(*s.sealer, key);
    auto done = sqlite::Statement(s.db, "DELETE FROM server WHERE tag = ?", tag).run();
    if (done) s.changing_pins().servers.erase(key);
    return done;
  });
}

std::map<std::string, PinnedPeer> Store::peers(const Id& server) {
  std::map<std::string, PinnedPeer> found;
  const auto& peers = state_->pins.peers;
  for (auto at = peers.lower_bound({server, ""}); at != peers.end() && at->first.first == server; ++at)
    found.emplace(at->first.second, at->second);
  return found;
}

Result<void> Store::pin_peer(const Id& server, const std::string& name, const PinnedPeer& peer) {
  if (server.empty() || peer.id.empty() || !proto::valid_name(name) || peer.standing == Standing::stranger)
    return fail("not a peer that can be remembered");
  return state_->write_for_core([&] { return state_->put_peer(server, name, peer); });
}

Result<void> Store::forget_peer(const Id& server, const std::string& name) {
  return state_->write_for_core([&] { return state_->drop_peer(server, name); });
}

std::vector<KnownPeer> Store::all_peers() const {
  std::vector<KnownPeer> all;
  for (const auto& [key, pinned] : state_->pins.peers)
    all.push_back({key.first, key.second, pinned});
  return all;
}

const Settings& Store::settings() const {
  return state_->pins.settings;
}

Result<void> Store::save_settings(const Settings& settings) {
  return state_->write([&] { return state_->put_settings(settings); });
}

}  // namespace sims::client
