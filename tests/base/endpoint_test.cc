// Parsing HOST:PORT.
#include <doctest/doctest.h>

#include "base/endpoint.h"

using sims::Endpoint;

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

TEST_CASE("invalid endpoints are refused in words") {
  for (const char* text : {"",
                           ":7467",
                           "host:",
                           "host:65536",
                           "host:-1",
                           "host:+1",
                           "host: 1",
                           "host:1x",
                           "[::1",
                           "[::1]x",
                           "[::1]7467",
                           "[host]:1",
                           "1::2::3",
                           "a b",
                           "ho\x1bst",
                           "host\n",
                           "h\xc3\xb6st",
                           "[]:1",
                           "user@host",
                           "::1%",
                           "::1%]x",
                           "[fe80::1%eth 0]:1",
                           "fe80::1%\x1b[2J",
                           "fe80::1%of-16-characters"}) {
    CAPTURE(text);
    auto at = Endpoint::parse(text, 7467);
    REQUIRE_FALSE(at.has_value());
    CHECK_FALSE(at.error().empty());
  }
  CHECK_FALSE(Endpoint::parse({"[::1\0x]", 8}, 1).has_value());
  CHECK_FALSE(Endpoint::parse(std::string(254, 'a'), 1).has_value());
  CHECK(Endpoint::parse(std::string(253, 'a'), 1).has_value());
}
