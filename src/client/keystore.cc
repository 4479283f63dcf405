#include "client/keystore.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>

#include "base/config.h"
#include "crypto/key_file.h"
#include "net/stream.h"
#include "proto/limits.h"

namespace sims::client {

namespace {

constexpr std::string_view identity_header = "sims identity 1";
constexpr std::string_view servers_header = "sims known servers 1";
constexpr std::string_view peers_header = "sims known peers 1";
constexpr std::size_t max_file = 16 << 20;
constexpr std::size_t max_fields = 5;

using Fields = std::vector<std::string_view>;

Fields split(std::string_view line) {
  Fields fields;
  for (std::size_t at = 0; at <= line.size() && fields.size() <= max_fields;) {
    std::size_t end = std::min(line.find(' ', at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return fields;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// The one spelling under which a server is remembered; empty for what is no HOST[:PORT].
std::string server_key(const std::string& text) {
  auto at = net::Endpoint::parse(text, proto::default_port);
  return at ? at->str() : "";
}

// Calls `take` for each line after the header; false from it refuses the file. A file that does not exist is
// empty; one whose last line has no end was cut off.
Result<void> read_lines(const std::string& path, std::string_view header,
                        const std::function<bool(const Fields&)>& take) {
  if (!file_exists(path)) return {};
  auto content = read_private_file(path, max_file);
  if (!content) return fail(content.error());
  std::string_view rest = *content;
  for (int number = 1; number == 1 || !rest.empty(); ++number) {
    std::size_t end = rest.find('\n');
    if (end == rest.npos) return fail(fmt::format("{}:{}: damaged: the line has no end", path, number));
    std::string_view line = rest.substr(0, end);
    if (number == 1 ? line != header : !take(split(line))) {
      return fail(fmt::format("{}:{}: damaged: mend or remove it; nothing was changed", path, number));
    }
    rest.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Keystore>> Keystore::open(const std::string& folder) {
  if (auto made = make_private_folder(folder); !made) return fail(made.error());
  std::string path = folder + "/identity";
  std::optional<FileLock> lock;
  bool missing = !file_exists(path);
  if (missing) {
    auto taken = FileLock::take(folder + "/lock");  // not two first uses at once
    if (!taken) return fail(taken.error());
    lock = std::move(*taken);
    missing = !file_exists(path);
  }
  auto identity =
      missing ? crypto::make_key_file(path, identity_header) : crypto::read_key_file(path, identity_header);
  if (!identity) return fail(identity.error());
  std::unique_ptr<Keystore> store(new Keystore(folder, std::move(*identity)));
  store->made_identity_ = missing;
  if (auto read = store->read_all(); !read) return fail(read.error());
  return store;
}

Result<void> Keystore::lock() {
  if (lock_) return {};
  auto taken = FileLock::take(path("lock"),
                              "; one program at a time may use an identity: end the other one, or give this "
                              "one its own --home DIR");
  if (!taken) return fail(taken.error());
  if (auto read = read_all(); !read) return read;
  lock_ = std::move(*taken);
  return {};
}

Result<void> Keystore::read_all() {
  std::map<std::string, PinnedServer> servers;
  auto read = read_lines(path("known_servers"), servers_header, [&](const Fields& f) {
    if (f.size() != 3) return false;
    auto id = Id::parse(f[1]);
    auto time = parse_time(f[2]);
    std::string host_port(f[0]);
    return id && time && server_key(host_port) == host_port &&
           servers.emplace(host_port, PinnedServer{*id, *time}).second;
  });
  if (!read) return read;

  Peers peers;
  read = read_lines(path("known_peers"), peers_header, [&](const Fields& f) {
    if (f.size() != 5) return false;
    auto server = Id::parse(f[0]), peer = Id::parse(f[2]);
    auto time = parse_time(f[4]);
    if (!server || !peer || !time || !proto::valid_name(f[1])) return false;
    if (f[3] != "verified" && f[3] != "unverified") return false;
    return peers.emplace(std::pair(*server, std::string(f[1])), PinnedPeer{*peer, f[3] == "verified", *time})
        .second;
  });
  if (!read) return read;

  Settings settings;
  if (file_exists(path("settings"))) {
    auto text = read_private_file(path("settings"));
    if (!text) return fail(text.error());
    auto into = [](std::string& out) {
      return ConfigSetter<std::string>([&out](std::string value) -> Result<void> {
        out = std::move(value);
        return {};
      });
    };
    ConfigOption options[] = {
        {"server", into(settings.server)}, {"name", into(settings.name)}, {"suite", into(settings.suite)}};
    if (auto parsed = parse_config(*text, path("settings"), options); !parsed) return parsed;
  }
  servers_ = std::move(servers);
  peers_ = std::move(peers);
  settings_ = std::move(settings);
  return {};
}

Result<void> Keystore::store_servers(std::map<std::string, PinnedServer> servers) {
  std::string text = fmt::format("{}\n", servers_header);
  for (const auto& [host_port, s] : servers) {
    text += fmt::format("{} {} {}\n", host_port, s.id.text(), s.first_seen_unix_ms);
  }
  if (auto written = write_private_file(path("known_servers"), text); !written) return written;
  servers_ = std::move(servers);
  return {};
}

Result<void> Keystore::store_peers(Peers peers) {
  std::string text = fmt::format("{}\n", peers_header);
  for (const auto& [key, p] : peers) {
    text += fmt::format("{} {} {} {} {}\n", key.first.text(), key.second, p.id.text(),
                        p.verified ? "verified" : "unverified", p.first_seen_unix_ms);
  }
  if (auto written = write_private_file(path("known_peers"), text); !written) return written;
  peers_ = std::move(peers);
  return {};
}

std::optional<PinnedServer> Keystore::server(const std::string& host_port) {
  auto found = servers_.find(server_key(host_port));
  if (found == servers_.end()) return std::nullopt;
  return found->second;
}

Result<void> Keystore::pin_server(const std::string& host_port, const PinnedServer& server) {
  std::string key = server_key(host_port);
  if (key.empty()) return fail("not a HOST:PORT that can be remembered: " + host_port);
  if (auto locked = lock(); !locked) return locked;
  auto servers = servers_;
  servers[key] = server;
  return store_servers(std::move(servers));
}

Result<void> Keystore::forget_server(const std::string& host_port) {
  if (auto locked = lock(); !locked) return locked;
  auto servers = servers_;
  if (servers.erase(server_key(host_port)) == 0) return fail("no such server is remembered: " + host_port);
  return store_servers(std::move(servers));
}

std::map<std::string, PinnedPeer> Keystore::peers(const Id& server) {
  std::map<std::string, PinnedPeer> found;
  for (auto at = peers_.lower_bound({server, ""}); at != peers_.end() && at->first.first == server; ++at) {
    found.emplace(at->first.second, at->second);
  }
  return found;
}

Result<void> Keystore::pin_peer(const Id& server, const std::string& name, const PinnedPeer& peer) {
  if (server.empty() || peer.id.empty() || !proto::valid_name(name))
    return fail("not a peer that can be remembered");
  if (auto locked = lock(); !locked) return locked;
  auto peers = peers_;
  peers[{server, name}] = peer;
  return store_peers(std::move(peers));
}

Result<void> Keystore::forget_peer(const Id& server, const std::string& name) {
  if (auto locked = lock(); !locked) return locked;
  auto peers = peers_;
  if (peers.erase({server, name}) == 0) return fail("no such peer is remembered: " + name);
  return store_peers(std::move(peers));
}

std::vector<KnownPeer> Keystore::all_peers() const {
  std::vector<KnownPeer> all;
  for (const auto& [key, pinned] : peers_)
    all.push_back({key.first, key.second, pinned});
  return all;
}

Result<void> Keystore::save_settings(const Settings& settings) {
  std::string text;
  for (const auto& [key, value] : {std::pair("server", &settings.server), std::pair("name", &settings.name),
                                   std::pair("suite", &settings.suite)}) {
    for (char c : *value) {
      if (c < ' ' || c > '~' || c == '"' || c == '\\') return fail(fmt::format("not a {} to remember", key));
    }
    if (!value->empty()) text += fmt::format("{} = \"{}\"\n", key, *value);
  }
  if (auto locked = lock(); !locked) return locked;
  if (auto written = write_private_file(path("settings"), text); !written) return written;
  settings_ = settings;
  return {};
}

}  // namespace sims::client
