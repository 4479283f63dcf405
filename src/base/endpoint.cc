// Parses HOST:PORT, also with an IPv6 address in brackets, and writes its canonical spelling.
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace sims {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

namespace {

bool host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

// The name or number of an interface, of at most 15 characters (Linux).
constexpr std::size_t max_zone = 15;
bool valid_zone(std::string_view zone) {
  return !zone.empty() && zone.size() <= max_zone && std::all_of(zone.begin(), zone.end(), [](char c) {
    return host_character(c) || (c >= 'A' && c <= 'Z');
  });
}

// The canonical spelling of an IPv6 address. A zone (%eth0) stays.
std::optional<std::string> canonical_ipv6(std::string_view text) {
  const std::size_t zone = text.find('%');
  const std::string address(text.substr(0, zone));
  if (zone != text.npos && !valid_zone(text.substr(zone + 1))) return std::nullopt;
  unsigned char binary[16];
  char out[64];
  // inet_pton() reads up to a NUL.
  if (address.find('\0') != address.npos || inet_pton(AF_INET6, address.c_str(), binary) != 1)
    return std::nullopt;
  if (inet_ntop(AF_INET6, binary, out, sizeof out) == nullptr) return std::nullopt;
  std::string result = out;
  if (zone != text.npos) result += text.substr(zone);
  return result;
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text, std::uint16_t default_port) {
  Endpoint at{"", default_port};
  std::string_view host = text, port;
  bool has_port = false, six = false;
  if (text.starts_with('[')) {
    std::size_t close = text.find(']');
    if (close == text.npos) return fail("an IPv6 address in brackets needs its ]");
    host = text.substr(1, close - 1);
    six = true;
    if (std::string_view rest = text.substr(close + 1); !rest.empty()) {
      if (rest[0] != ':') return fail("after ] comes :PORT or nothing");
      port = rest.substr(1);
      has_port = true;
    }
  } else if (std::size_t colon = text.find(':'); colon != text.npos) {
    six = text.find(':', colon + 1) != text.npos;  // a bare IPv6 address
    has_port = !six;
    if (has_port) host = text.substr(0, colon), port = text.substr(colon + 1);
  }
  if (has_port) {
    auto number = parse_port(port);
    if (!number) return fail("a port is a number from 0 to 65535");
    at.port = *number;
  }
  if (host.empty()) return fail("the host is missing");
  if (host.size() > 253) return fail("the host is too long");
  if (six) {
    auto address = canonical_ipv6(host);
    if (!address) return fail("not an IPv6 address");
    at.host = *address;
    return at;
  }
  for (char c : host)
    at.host += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (char c : at.host) {
    if (!host_character(c)) return fail("a host has only letters, digits, dots, - and _");
  }
  return at;
}

std::string Endpoint::str() const {
  return host.find(':') != host.npos ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace sims
