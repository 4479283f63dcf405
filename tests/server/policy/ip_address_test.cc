// IP addresses, sources and ranges.
#include "server/policy/ip_address.h"

#include <doctest/doctest.h>

namespace sims {
namespace {

using server::Address;
using server::AddressRange;

std::string source(std::string_view text) {
  const auto address = Address::parse(text);
  REQUIRE(address);
  return address->source().str();
}

TEST_CASE("addresses of one source") {
  CHECK(source("192.0.2.1") == "192.0.2.1");
  CHECK(source("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(source("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::");
  CHECK(source("2001:db8:1:2::") == source("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK(source("2001:db8:1:2::") != source("2001:db8:1:3::"));
  CHECK(source("fe80::1%eth0") == "fe80::");
  for (const char* wrong : {"", "not an address", "192.0.2", "192.0.2.1:7", "[::1]", "1.2.3.4/8"})
    CHECK_FALSE(Address::parse(wrong));
}

bool contains(const char* range, const char* address) {
  const auto parsed = AddressRange::parse(range);
  REQUIRE(parsed);
  CHECK(parsed->str() == range);
  return parsed->contains(*Address::parse(address));
}

TEST_CASE("ranges") {
  CHECK(contains("192.0.2.0/24", "192.0.2.255"));
  CHECK(contains("192.0.2.0/24", "::ffff:192.0.2.255"));
  CHECK_FALSE(contains("192.0.2.0/24", "192.0.3.0"));
  CHECK(contains("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(contains("192.0.2.1", "192.0.2.2"));
  CHECK(contains("192.0.2.4/30", "192.0.2.7"));
  CHECK_FALSE(contains("192.0.2.4/30", "192.0.2.8"));
  CHECK(contains("0.0.0.0/0", "198.51.100.9"));
  CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  CHECK(contains("2001:db8::/32", "2001:db8:ffff::1"));
  CHECK_FALSE(contains("2001:db8::/32", "2001:db9::"));
  CHECK(contains("::/0", "2001:db8::1"));
  CHECK_FALSE(contains("::/0", "198.51.100.9"));
  CHECK_FALSE(contains("::/80", "198.51.100.9"));
}

TEST_CASE("invalid ranges are refused in words") {
  const auto why = [](const char* text) {
    const auto range = AddressRange::parse(text);
    return range ? std::string("accepted") : range.error();
  };
  CHECK(why("example.org") == "is no IP address or range such as 192.0.2.0/24");
  CHECK(why("fe80::%eth0/64") == "is no IP address or range such as 192.0.2.0/24");
  CHECK(why("192.0.2.0/33") == "has a prefix that is not 0 to 32");
  CHECK(why("2001:db8::/129") == "has a prefix that is not 0 to 128");
  CHECK(why("192.0.2.0/") == "has a prefix that is not 0 to 32");
  CHECK(why("192.0.2.0/-1") == "has a prefix that is not 0 to 32");
  CHECK(why("192.0.2.0/8x") == "has a prefix that is not 0 to 32");
  CHECK(why("192.0.2.1/24") == "has bits set behind its prefix; do you mean 192.0.2.0/24?");
}

}  // namespace
}  // namespace sims
