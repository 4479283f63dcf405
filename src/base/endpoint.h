// HOST:PORT, parsed into one canonical spelling, so that it can be a key in stored data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sims {

// Parses 0 to 65535 in decimal, and nothing else.
std::optional<std::uint16_t> parse_port(std::string_view text);

// Parsed from "127.0.0.1:7467", "[::1]:7467", "host:7467", or "host" with default_port. Port 0 is
// for listening: the system picks one.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  static Result<Endpoint> parse(std::string_view text, std::uint16_t default_port);
  std::string str() const;  // brackets around IPv6
};

}  // namespace sims
