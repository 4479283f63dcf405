// Fills the fields of the connect dialog, and parses them.
#include "tui/app/connect_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/endpoint.h"
#include "base/text.h"
#include "proto/limits.h"

namespace sims::tui {
namespace {

std::optional<crypto::SuiteList> parse_suites(const std::string& labels) {
  crypto::SuiteList out;
  for (std::size_t at = 0; at <= labels.size();) {
    const std::size_t comma = std::min(labels.find(',', at), labels.size());
    const crypto::Suite* suite = crypto::find_suite_by_label(labels.substr(at, comma - at));
    if (suite == nullptr || std::find(out.begin(), out.end(), suite) != out.end()) return std::nullopt;
    out.push_back(suite);
    at = comma + 1;
  }
  return out;
}

// The port of a server; 0 is none.
std::optional<std::uint16_t> server_port(std::string_view text) {
  const auto port = parse_port(text);
  return port && *port != 0 ? port : std::nullopt;
}

constexpr std::string_view name_rule = "must be a lower-case letter or digit, then up to 31 of a-z 0-9 . _ -";
constexpr std::string_view port_rule = "must be a number from 1 to 65535";

}  // namespace

Result<Wanted> parse_fields(const ConnectFields& fields) {
  if (fields.server.empty()) return fail("Server: enter a host name or an address.");
  const auto port = fields.port.empty() ? proto::default_port : server_port(fields.port);
  if (!port) return fail(fmt::format("Port: {}.", port_rule));
  auto endpoint = Endpoint::parse(fields.server, *port);
  if (!endpoint) return fail("Server: " + endpoint.error());
  if (!proto::valid_name(fields.name)) return fail(fmt::format("Name: {}", name_rule));
  auto suites = parse_suites(fields.suites);
  if (!suites) return fail("Ciphers: must be a list of cipher suites, such as ecdhe,rsa.");
  if (fields.invitation.size() > proto::max_invitation) return fail("Invitation: too long.");
  return Wanted{endpoint->str(), std::move(*suites)};
}

std::string wrong_field(const AppOptions& options) {
  if (!options.suites.empty() && !parse_suites(options.suites))
    return "--suite: must be a list of ecdhe and rsa, separated by commas";
  if (!options.port.empty() && !server_port(options.port)) return fmt::format("--port: {}", port_rule);
  if (!options.name.empty() && !proto::valid_name(options.name)) return fmt::format("--name: {}", name_rule);
  if (options.invite.size() > proto::max_invitation || !utf8_valid(options.invite))
    return "--invite: not an invitation";
  if (options.server.empty()) return "";
  const auto at = Endpoint::parse(options.server, proto::default_port);
  return at ? "" : "--server: " + at.error();
}

std::vector<std::string> suite_choices() {
  std::vector<std::string> out;
  const auto suites = crypto::all_suites();
  for (const auto& first : suites) {
    std::string list(first.label);
    for (const auto& other : suites) {
      if (&other != &first) list += "," + std::string(other.label);
    }
    out.push_back(std::move(list));
  }
  for (const auto& suite : suites)
    out.emplace_back(suite.label);
  return out;
}

ConnectFields first_fields(const AppOptions& options, const client::Settings& settings) {
  ConnectFields out;
  out.invitation = options.invite;
  out.name = options.name.empty() && proto::valid_name(settings.name) ? settings.name : options.name;
  out.suites = options.suites.empty() ? settings.suite : options.suites;
  if (!parse_suites(out.suites)) out.suites = suite_choices().front();
  out.server = options.server.empty() ? settings.server : options.server;
  out.port = std::to_string(proto::default_port);
  // The port moves from the server to its own field. --port overrules the port of a remembered server.
  if (const auto at = Endpoint::parse(out.server, 0); at && at->port != 0) {
    out.port = std::to_string(at->port);
    out.server = at->host;
    if (!options.server.empty()) return out;
  }
  if (!options.port.empty()) out.port = options.port;
  return out;
}

}  // namespace sims::tui
