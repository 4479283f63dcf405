// The list of bans: addresses, ranges, ids, names.
#include "server/policy/ban_list.h"

#include <doctest/doctest.h>

namespace sims {
namespace {

using server::Address;
using server::Ban;
using server::BanList;

bool shut_out(const BanList& list, const char* address, std::uint64_t unix_s = 100) {
  return list.on_address(*Address::parse(address), unix_s) != nullptr;
}

TEST_CASE("bans of addresses and ranges, until their time") {
  BanList list;
  list.add({Ban::Kind::address, "192.0.2.0/24", "spam", 1, 0});
  list.add({Ban::Kind::address, "2001:db8::/32", "", 1, 200});
  list.add({Ban::Kind::address, "192.0.2.7", "one more", 1, 0});
  list.add({Ban::Kind::address, "nonsense", "", 1, 0});
  CHECK(shut_out(list, "192.0.2.200"));
  CHECK(shut_out(list, "::ffff:192.0.2.200"));
  CHECK_FALSE(shut_out(list, "192.0.3.1"));
  CHECK(shut_out(list, "2001:db8:7::1", 199));
  CHECK_FALSE(shut_out(list, "2001:db8:7::1", 200));
  list.remove(Ban::Kind::address, "192.0.2.0/24");
  list.remove(Ban::Kind::address, "192.0.2.0/24");
  CHECK_FALSE(shut_out(list, "192.0.2.200"));
  CHECK(shut_out(list, "192.0.2.7"));
}

TEST_CASE("bans of ids and names, which are not mixed up") {
  BanList list;
  const std::string id(43, 'A');
  list.add({Ban::Kind::name, "mallory", "", 1, 0});
  list.add({Ban::Kind::id, id, "why", 1, 50});
  CHECK(list.on_login("x", "mallory", 10) != nullptr);
  CHECK(list.on_login("mallory", "x", 10) == nullptr);
  REQUIRE(list.on_login(id, "x", 10) != nullptr);
  CHECK(list.on_login(id, "x", 10)->reason == "why");
  CHECK(list.on_login(id, "x", 50) == nullptr);
  list.add({Ban::Kind::id, id, "again", 60, 0});
  CHECK(list.on_login(id, "x", 10'000)->reason == "again");
  list.remove(Ban::Kind::id, id);
  CHECK(list.on_login(id, "x", 10'000) == nullptr);
}

}  // namespace
}  // namespace sims
