// Reads the old text files line by line, and removes them once they are in the store.
#include "client/store/legacy_files.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <vector>

#include "base/endpoint.h"
#include "crypto/key_file.h"
#include "os/config.h"
#include "os/files.h"
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

// Calls `take` for each line after the header. If it returns false, the file is refused. A missing
// file counts as empty. A file whose last line has no end was cut off.
Result<void> read_lines(const std::string& path, std::string_view header,
                        const std::function<bool(const Fields&)>& take) {
  if (!file_exists(path)) return {};
  TRY_LET(content, read_private_file(path, max_file));
  std::string_view rest = content;
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

Result<void> read_servers(const std::string& path, StorePins& into) {
  return read_lines(path, servers_header, [&](const Fields& f) {
    if (f.size() != 3) return false;
    auto id = Id::parse(f[1]);
    auto time = parse_time(f[2]);
    std::string host_port(f[0]);
    return id && time && server_key(host_port) == host_port &&
           into.servers.emplace(host_port, PinnedServer{*id, *time}).second;
  });
}

Result<void> read_peers(const std::string& path, StorePins& into) {
  return read_lines(path, peers_header, [&](const Fields& f) {
    if (f.size() != 5) return false;
    auto server = Id::parse(f[0]), peer = Id::parse(f[2]);
    auto time = parse_time(f[4]);
    if (!server || !peer || !time || !proto::valid_name(f[1])) return false;
    if (f[3] != "verified" && f[3] != "unverified") return false;
    return into.peers
        .emplace(std::pair(*server, std::string(f[1])), PinnedPeer{*peer, f[3] == "verified", *time})
        .second;
  });
}

Result<void> read_settings(const std::string& path, Settings& into) {
  if (!file_exists(path)) return {};
  TRY_LET(text, read_private_file(path));
  auto setter = [](std::string& out) {
    return ConfigSetter<std::string>([&out](std::string value) -> Result<void> {
      out = std::move(value);
      return {};
    });
  };
  const ConfigOption options[] = {
      {"server", setter(into.server)}, {"name", setter(into.name)}, {"suite", setter(into.suite)}};
  return parse_config(text, path, options);
}

constexpr const char* names[] = {"identity", "known_servers", "known_peers", "settings"};

}  // namespace

Result<OldFiles> read_old_files(const std::string& folder) {
  OldFiles old;
  const auto in = [&](const char* name) { return folder + "/" + name; };
  if (file_exists(in("identity"))) {
    TRY_LET(key, crypto::read_key_file(in("identity"), identity_header));
    old.identity.emplace(std::move(key));
  }
  auto read = read_servers(in("known_servers"), old.pins);
  if (read) read = read_peers(in("known_peers"), old.pins);
  if (read) read = read_settings(in("settings"), old.pins.settings);
  TRY(read);
  return old;
}

bool any_old_files(const std::string& folder) {
  for (const char* name : names)
    for (const char* end : {"", ".unfinished"})
      if (file_exists(folder + "/" + name + end)) return true;
  return false;
}

Result<void> remove_old_files(const std::string& folder, const Id& id) {
  const std::string identity = folder + "/identity";
  if (file_exists(identity)) {
    TRY_LET(key, crypto::read_key_file(identity, identity_header));
    if (Id::of(key.public_key()) != id)
      return fail(
          fmt::format("{}: another key than the one in store.db; move one of the two files away", identity));
  }
  for (const char* name : names) {
    const std::string path = folder + "/" + name, going = path + ".unfinished";
    TRY(remove_secret_file(going));  // left by a killed writer
    // Uses that name, so that a kill in between leaves no half-written identity.
    if (!file_exists(path)) continue;
    TRY(move_file(path, going));
    TRY(remove_secret_file(going));
  }
  return {};
}

}  // namespace sims::client
