// Fuzz target `endpoint`: any text as HOST:PORT. An accepted one has one canonical spelling, which is read back as
// the same.
#include "base/endpoint.h"

#include <algorithm>

#include "fuzz/fuzz.h"

namespace sims::fuzz {
namespace {

// Of a host; also of an IPv6 address and its zone.
bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}
bool in_address(char c) {
  return plain(c) || (c >= 'A' && c <= 'Z') || c == ':' || c == '%';
}

void run(ByteView input) {
  Source source(input);
  const auto default_port = static_cast<std::uint16_t>(source.number(2));
  const std::string text = source.rest();
  const auto at = Endpoint::parse(text, default_port);
  if (!at) {
    HOLDS(!at.error().empty());
    HOLDS(at.error().find('\x1b') == std::string::npos);
    return;
  }
  HOLDS(!at->host.empty());
  const bool six = at->host.find(':') != std::string::npos;
  HOLDS(at->host.size() <= 253);
  HOLDS(std::all_of(at->host.begin(), at->host.end(), six ? in_address : plain));
  for (const std::uint16_t other : {std::uint16_t{0}, default_port}) {
    const auto again = Endpoint::parse(at->str(), other);
    HOLDS(again && again->host == at->host && again->port == at->port);
    HOLDS(again->str() == at->str());
  }
  const auto colon = at->str().rfind(':');
  HOLDS(parse_port(std::string_view(at->str()).substr(colon + 1)) == at->port);
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (const char* text : {"", "127.0.0.1:7467", "Host.Example.ORG:1", "host", "host:", "host:65535",
                           "host:65536", "[::1]:0", "[::1]", "::1", "2001:DB8:0:0::1", "[fe80::1%eth0]:65535",
                           "::ffff:192.0.2.1", "[::1", "[]:1", "::1%]x", "user@host"})
    out.push_back("\x1d\x2b" + std::string(text));
  out.push_back("\x1d\x2b" + std::string(253, 'a') + ":1");
  return out;
}

const Register registered({"endpoint", run, seeds, 30'000});

}  // namespace
}  // namespace sims::fuzz
