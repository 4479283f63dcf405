#include "server/limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace sims::server {

std::string address_group(std::string_view address) {
  std::string text(address.substr(0, address.find('%')));  // without a zone: "fe80::1%eth0"
  in6_addr ip6{};
  if (text.find(':') == std::string::npos || inet_pton(AF_INET6, text.c_str(), &ip6) != 1) return text;
  char out[INET6_ADDRSTRLEN];
  if (IN6_IS_ADDR_V4MAPPED(&ip6)) return inet_ntop(AF_INET, ip6.s6_addr + 12, out, sizeof out);
  std::memset(ip6.s6_addr + 8, 0, 8);
  return inet_ntop(AF_INET6, &ip6, out, sizeof out) + std::string("/64");
}

ConnectionCount::Verdict ConnectionCount::enter(const std::string& group, const Limits& limits) {
  if (total_ >= limits.connections) return Verdict::full;
  auto& count = groups_[group];
  if (count >= limits.connections_per_address) {
    if (count == 0) groups_.erase(group);
    return Verdict::address_full;
  }
  ++count;
  ++total_;
  return Verdict::ok;
}

void ConnectionCount::leave(const std::string& group) {
  auto at = groups_.find(group);
  assert(at != groups_.end() && total_ > 0);
  if (--at->second == 0) groups_.erase(at);
  --total_;
}

bool LogBudget::spend(std::int64_t steady_ms, std::uint64_t& held_back) {
  const std::int64_t passed = std::clamp<std::int64_t>(steady_ms - last_ms_, 0, 1'000'000);
  left_ms_ = std::min(burst_ * 1'000, left_ms_ + passed * rate_);
  last_ms_ = steady_ms;
  if (left_ms_ < 1'000) {
    ++held_back_;
    return false;
  }
  left_ms_ -= 1'000;
  held_back = std::exchange(held_back_, 0);
  return true;
}

}  // namespace sims::server
