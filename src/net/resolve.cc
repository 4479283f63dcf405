// Resolves a host with getaddrinfo(), blocking.
#include "net/resolve.h"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>

#include "net/stream_box.h"

namespace sims::net {

Result<std::vector<Endpoint>> resolve(const Endpoint& at) {
  if (at.host.find(':') != at.host.npos) return std::vector{at};  // IPv6, perhaps with a zone
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int status = getaddrinfo(at.host.c_str(), nullptr, &hints, &found); status != 0)
    return fail(fmt::format("{}: {}", at.host, gai_strerror(status)));
  std::vector<Endpoint> all;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Endpoint address{numeric_address(one->ai_addr), at.port};
    const auto same = [&](const Endpoint& other) { return other.host == address.host; };
    if (std::none_of(all.begin(), all.end(), same)) all.push_back(std::move(address));
  }
  freeaddrinfo(found);
  return all;
}

}  // namespace sims::net
