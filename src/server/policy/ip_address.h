// IP addresses and ranges as values, for limits and bans. Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sims::server {

// An IPv6 address, or an IPv4 address in its mapped form.
class Address {
 public:
  // Numeric, as net::Stream::peer_address() gives it; a zone ("%eth0") is left out.
  static std::optional<Address> parse(std::string_view text);
  bool is_v4() const;
  Address masked(unsigned bits) const;  // of the 128; the rest is zero
  // The source that limits count by: an IPv4 address, or the /64 of an IPv6 address.
  Address source() const { return masked(is_v4() ? 128 : 64); }
  std::string str() const;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the comparison's 0 for a pointer
  auto operator<=>(const Address&) const = default;

 private:
  ByteArray<16> bytes_{};
};

// "192.0.2.1", "192.0.2.0/24", "2001:db8::/32".
struct AddressRange {
  Address first;
  unsigned bits = 128;  // of the 128: an IPv4 /24 has 120
  // Fails in words, also when bits are set behind the prefix, which is a typing error.
  static Result<AddressRange> parse(std::string_view text);
  // No IPv6 range contains an IPv4 address, also not ::/0.
  bool contains(const Address& address) const {
    return address.is_v4() == first.is_v4() && address.masked(bits) == first;
  }
  std::string str() const;
  // NOLINTNEXTLINE(modernize-use-nullptr): likewise
  auto operator<=>(const AddressRange&) const = default;
};

}  // namespace sims::server
