// PinTable: encodes pins and settings, checks the tag over all of them, and writes changed rows.
#include "client/store/pin_table.h"

#include <fmt/format.h>

#include "base/endpoint.h"
#include "client/store/record.h"
#include "proto/limits.h"

namespace sims::client {

namespace {

Tag server_tag(const Sealer& sealer, const std::string& host_port) {
  return sealer.tag("server", host_port);
}

Tag peer_tag(const Sealer& sealer, const Id& server, const std::string& name) {
  return sealer.tag("peer", server.text(), name);
}

// The numbers on disk, independent of the enum's order.
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

// A tag over all pins: a missing or older one changes it.
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

std::string server_key(const std::string& text) {
  auto at = Endpoint::parse(text, proto::default_port);
  return at ? at->str() : "";
}

std::map<std::string, PinnedPeer> PinTable::peers(const Id& server) const {
  std::map<std::string, PinnedPeer> found;
  const auto& peers = pins_.peers;
  for (auto at = peers.lower_bound({server, ""}); at != peers.end() && at->first.first == server; ++at)
    found.emplace(at->first.second, at->second);
  return found;
}

StorePins& PinTable::changing() {
  if (!committed_) committed_ = pins_;
  return pins_;
}

void PinTable::undo() {
  if (committed_) pins_ = std::move(*committed_);
  committed_.reset();
}

void PinTable::clear() {
  pins_ = {};
  committed_.reset();
}

// --- from and to the disk ------------------------------------------------------------------------

// Reads all pins, so that one that does not open is an error now and never looks like a first
// contact. The read transaction sees another program's write as a whole or not at all.
Result<void> PinTable::load() {
  std::optional<sqlite::Transaction> snapshot;
  if (!file_.db.in_transaction()) {
    auto begun = sqlite::Transaction::read(file_.db);
    if (!begun) return fail(file_.in_file(begun.error()));
    snapshot.emplace(std::move(*begun));
  }
  StorePins read;
  const auto load = [&](std::string_view table, const char* sql, auto take) -> Result<void> {
    sqlite::Statement rows(file_.db, sql);
    auto done = rows.each([&]() -> Result<void> {
      const auto plain = vault_.sealer().open(row_place(table, rows.blob(0)), rows.text(1));
      if (!plain || !take(*plain, read))
        return fail(sqlite::damaged(fmt::format("a {} does not open", table)));
      return {};
    });
    if (!done) return fail(file_.in_file(done.error()));
    return {};
  };
  auto done = load("server", "SELECT tag, token FROM server", read_server);
  if (done) done = load("peer", "SELECT tag, token FROM peer", read_peer);
  if (!done) return done;
  const Tag tag = settings_tag(vault_.sealer());
  sqlite::Statement row(file_.db, "SELECT token FROM value WHERE tag = ?", tag);
  auto there = row.step();
  if (!there) return fail(file_.in_file(there.error()));
  if (*there) {
    const auto plain = vault_.sealer().open(row_place("value", tag), row.text(0));
    if (!plain || !read_settings(*plain, read)) return fail(file_.damaged("the settings do not open"));
  }
  TRY(check_sum(read));
  pins_ = std::move(read);
  return {};
}

Result<void> PinTable::check_sum(const StorePins& read) {
  const auto now = file_.db.number("SELECT generation FROM store");
  if (!now) return fail(file_.in_file(now.error()));
  const Tag tag = sum_tag(vault_.sealer());
  sqlite::Statement row(file_.db, "SELECT token FROM value WHERE tag = ?", tag);
  auto there = row.step();
  if (!there) return fail(file_.in_file(there.error()));
  const auto plain = *there ? vault_.sealer().open(row_place("value", tag), row.text(0)) : std::nullopt;
  RecordReader in(plain.value_or(""));
  const auto sealed = in.number();
  const std::string sum(in.text());
  if (!plain || !in.ok()) return fail(file_.damaged("the sum of its keys does not open"));
  if (sealed != static_cast<std::uint64_t>(*now) || sum != text_of(sum_of(vault_.sealer(), read)))
    return fail(file_.damaged("keys are missing, or come from an older copy"));
  return {};
}

Result<void> PinTable::put_sum() {
  const Tag tag = sum_tag(vault_.sealer()), sum = sum_of(vault_.sealer(), pins_);
  RecordWriter out;
  out.number(static_cast<std::uint64_t>(vault_.head().generation)).text(text_of(sum));
  return file_.put_row(vault_.sealer(), put_value, "value", tag, out.view());
}

Result<void> PinTable::put_server(const std::string& host_port, const PinnedServer& server) {
  const Tag tag = server_tag(vault_.sealer(), host_port);
  RecordWriter out;
  write_server(out, host_port, server);
  auto done = file_.put_row(vault_.sealer(), "INSERT OR REPLACE INTO server (tag, token) VALUES (?, ?)",
                            "server", tag, out.view());
  if (done) changing().servers.insert_or_assign(host_port, server);
  return done;
}

Result<void> PinTable::drop_server(const std::string& host_port) {
  const Tag tag = server_tag(vault_.sealer(), host_port);
  TRY(sqlite::Statement(file_.db, "DELETE FROM server WHERE tag = ?", tag).run());
  changing().servers.erase(host_port);
  return {};
}

Result<void> PinTable::put_peer(const Id& server, const std::string& name, const PinnedPeer& peer) {
  const Tag tag = peer_tag(vault_.sealer(), server, name);
  RecordWriter out;
  write_peer(out, server, name, peer);
  auto done = file_.put_row(vault_.sealer(), "INSERT OR REPLACE INTO peer (tag, token) VALUES (?, ?)", "peer",
                            tag, out.view());
  if (done) changing().peers.insert_or_assign({server, name}, peer);
  return done;
}

Result<void> PinTable::drop_peer(const Id& server, const std::string& name) {
  auto done =
      sqlite::Statement(file_.db, "DELETE FROM peer WHERE tag = ?", peer_tag(vault_.sealer(), server, name))
          .run();
  if (done) changing().peers.erase({server, name});
  return done;
}

Result<void> PinTable::put_settings(const Settings& settings) {
  const Tag tag = settings_tag(vault_.sealer());
  RecordWriter out;
  write_settings(out, settings);
  auto done = file_.put_row(vault_.sealer(), put_value, "value", tag, out.view());
  if (done) changing().settings = settings;
  return done;
}

}  // namespace sims::client
