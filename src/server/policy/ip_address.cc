// Parses, masks and writes IP addresses and ranges; IPv4 is kept as mapped IPv6.
#include "server/policy/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

namespace sims::server {

namespace {

constexpr ByteArray<12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  const std::string plain(text.substr(0, text.find('%')));
  Address address;
  if (inet_pton(AF_INET6, plain.c_str(), address.bytes_.data()) == 1) return address;
  if (inet_pton(AF_INET, plain.c_str(), address.bytes_.data() + mapped.size()) != 1) return std::nullopt;
  std::memcpy(address.bytes_.data(), mapped.data(), mapped.size());
  return address;
}

bool Address::is_v4() const {
  return std::memcmp(bytes_.data(), mapped.data(), mapped.size()) == 0;
}

Address Address::masked(unsigned bits) const {
  Address out = *this;
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = bits > i * 8 ? std::min(bits - i * 8, 8U) : 0;
    out.bytes_[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return out;
}

std::string Address::str() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_v4()) return inet_ntop(AF_INET, bytes_.data() + mapped.size(), text, sizeof text);
  return inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto first = Address::parse(text.substr(0, slash));
  if (!first || text.substr(0, slash).find('%') != std::string_view::npos)
    return fail("is no IP address or range such as 192.0.2.0/24");
  AddressRange range{*first, 128};
  if (slash == std::string_view::npos) return range;
  const auto number = text.substr(slash + 1);
  const unsigned max_bits = first->is_v4() ? 32 : 128;
  unsigned bits = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), bits);
  if (read.ec != std::errc() || read.ptr != number.data() + number.size() || bits > max_bits)
    return fail("has a prefix that is not 0 to " + std::to_string(max_bits));
  range.bits = bits + (128 - max_bits);
  if (range.first.masked(range.bits) != range.first)
    return fail("has bits set behind its prefix; do you mean " + range.first.masked(range.bits).str() + "/" +
                std::to_string(bits) + "?");
  return range;
}

std::string AddressRange::str() const {
  if (bits == 128) return first.str();
  return first.str() + "/" + std::to_string(first.is_v4() ? bits - 96 : bits);
}

}  // namespace sims::server
