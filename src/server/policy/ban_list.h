// The bans in force. The relay looks up an address before it reads a byte, and id and name once a
// login has proved its id. Pure; the AccountStore keeps bans on disk.
#pragma once

#include <array>
#include <map>
#include <string>
#include <unordered_map>

#include "server/policy/ban.h"
#include "server/policy/ip_address.h"

namespace sims::server {

class BanList {
 public:
  // Ignores an address or range that does not parse (AddressRange).
  void add(const Ban& ban);
  void remove(Ban::Kind kind, const std::string& value);
  // The ban that applies, or nullptr. Valid until the next change.
  const Ban* on_address(const Address& address, std::uint64_t unix_s) const;
  const Ban* on_login(std::string_view id, std::string_view name, std::uint64_t unix_s) const;

 private:
  const Ban* find(Ban::Kind kind, std::string_view value, std::uint64_t unix_s) const;
  // By value. Hashed, since each letter asks whether its receiver is banned.
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using OfKind = std::unordered_map<std::string, Ban, TextHash, std::equal_to<>>;
  std::array<OfKind, 3> bans_;                                 // by kind
  std::map<unsigned, std::map<Address, std::string>> ranges_;  // by prefix length: the ban's value
};

}  // namespace sims::server
