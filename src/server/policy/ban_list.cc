// Adds, removes and finds bans; ranges are looked up by each prefix length in use.
#include "server/policy/ban_list.h"

namespace sims::server {

void BanList::add(const Ban& ban) {
  if (ban.kind == Ban::Kind::address) {
    const auto range = AddressRange::parse(ban.value);
    if (!range) return;
    ranges_[range->bits][range->first] = ban.value;
  }
  bans_[static_cast<std::size_t>(ban.kind)].insert_or_assign(ban.value, ban);
}

void BanList::remove(Ban::Kind kind, const std::string& value) {
  if (bans_[static_cast<std::size_t>(kind)].erase(value) == 0 || kind != Ban::Kind::address) return;
  const auto range = AddressRange::parse(value);
  auto& same = ranges_[range->bits];
  same.erase(range->first);
  if (same.empty()) ranges_.erase(range->bits);
}

// Costs one lookup for each prefix length in use.
const Ban* BanList::on_address(const Address& address, std::uint64_t unix_s) const {
  for (const auto& [bits, ranges] : ranges_) {
    const auto at = ranges.find(address.masked(bits));
    if (at == ranges.end() || !AddressRange{at->first, bits}.contains(address)) continue;
    if (const Ban* ban = find(Ban::Kind::address, at->second, unix_s)) return ban;
  }
  return nullptr;
}

const Ban* BanList::on_login(std::string_view id, std::string_view name, std::uint64_t unix_s) const {
  const Ban* by_id = find(Ban::Kind::id, id, unix_s);
  return by_id != nullptr ? by_id : find(Ban::Kind::name, name, unix_s);
}

const Ban* BanList::find(Ban::Kind kind, std::string_view value, std::uint64_t unix_s) const {
  const auto& bans = bans_[static_cast<std::size_t>(kind)];
  const auto at = bans.find(value);
  if (at == bans.end() || expired(at->second.until, unix_s)) return nullptr;
  return &at->second;
}

}  // namespace sims::server
