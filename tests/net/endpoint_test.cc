#include <doctest/doctest.h>

#include "net/stream.h"

using sims::net::Endpoint;

TEST_CASE("endpoints are parsed into one spelling") {
  struct Case {
    const char *text, *parsed;
  };
  for (auto [text, parsed] :
       {Case{"127.0.0.1:7467", "127.0.0.1:7467"}, Case{"host", "host:7467"},
        Case{"Host.Example.ORG:1", "host.example.org:1"}, Case{"[::1]:0", "[::1]:0"},
        Case{"[::1]", "[::1]:7467"}, Case{"::1", "[::1]:7467"}, Case{"2001:DB8:0:0::1", "[2001:db8::1]:7467"},
        Case{"[fe80::1%eth0]:65535", "[fe80::1%eth0]:65535"}}) {
    CAPTURE(text);
    auto at = Endpoint::parse(text, 7467);
    REQUIRE(at.has_value());
    CHECK(at->str() == parsed);
  }
}

TEST_CASE("what is no endpoint is refused in words") {
  for (const char* text : {"", ":7467", "host:", "host:65536", "host:-1", "host:+1", "host: 1", "host:1x",
                           "[::1", "[::1]x", "[::1]7467", "[host]:1", "1::2::3", "a b", "ho\x1bst", "host\n",
                           "h\xc3\xb6st", "[]:1", "user@host"}) {
    CAPTURE(text);
    auto at = Endpoint::parse(text, 7467);
    REQUIRE_FALSE(at.has_value());
    CHECK_FALSE(at.error().empty());
  }
  CHECK_FALSE(Endpoint::parse(std::string(254, 'a'), 1).has_value());
  CHECK(Endpoint::parse(std::string(253, 'a'), 1).has_value());
}

TEST_CASE("to listen takes an address of this machine, not a name") {
  CHECK(Endpoint::parse_numeric("127.0.0.1:1", 7467).value().str() == "127.0.0.1:1");
  CHECK(Endpoint::parse_numeric("0.0.0.0", 7467).value().str() == "0.0.0.0:7467");
  CHECK(Endpoint::parse_numeric("::", 7467).value().str() == "[::]:7467");
  CHECK(Endpoint::parse_numeric("[fe80::1%eth0]:1", 7467).value().str() == "[fe80::1%eth0]:1");
  for (const char* text :
       {"localhost", "localhost:1", "relay.example:7467", "7467", "1.2.3", "1.2.3.256:1"}) {
    CAPTURE(text);
    const auto at = Endpoint::parse_numeric(text, 7467);
    REQUIRE_FALSE(at.has_value());
    CHECK(at.error() == "not a numeric address, such as 127.0.0.1 or [::1]");
  }
  CHECK(Endpoint::parse_numeric("127.0.0.1:x", 1).error() == Endpoint::parse("127.0.0.1:x", 1).error());
}
