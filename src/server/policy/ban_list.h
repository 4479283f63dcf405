// The bans in force, as the core asks for them: by address before a byte is read, by id and name when a login
// has proved its id. Pure; what lasts is the AccountStore's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/policy/ban.h"
#include "server/policy/ip_address.h"

namespace sims::server {

class BanList {
 public:
  // An address or range that does not parse (AddressRange) is no ban.
  void add(const Ban& ban);
  void remove(Ban::Kind kind, const std::string& value);
  // nullptr: welcome. Valid until the next change.
  const Ban* on_address(const Address& address, std::uint64_t unix_s) const;
  const Ban* on_login(std::string_view id, std::string_view name, std::uint64_t unix_s) const;

 private:
  const Ban* find(Ban::Kind kind, std::string_view value, std::uint64_t unix_s) const;
  std::map<std::pair<Ban::Kind, std::string>, Ban> bans_;
  std::map<unsigned, std::map<Address, std::string>> ranges_;  // by prefix: value of the ban
};

}  // namespace sims::server
