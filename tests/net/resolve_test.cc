// Resolving the addresses of a host.
#include "net/resolve.h"
#include "base/endpoint.h"

#include <doctest/doctest.h>

using sims::Endpoint;
using sims::net::resolve;

TEST_CASE("the addresses of a host") {
  for (const char* host : {"127.0.0.1", "0.0.0.0", "::1", "fe80::1%eth0"}) {
    CAPTURE(host);
    const auto all = resolve(Endpoint{host, 7});
    REQUIRE(all.has_value());
    REQUIRE(all->size() == 1);
    CHECK(all->front().host == host);
    CHECK(all->front().port == 7);
  }
  const auto none = resolve(Endpoint{"no-such-host.invalid", 7});
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().starts_with("no-such-host.invalid: "));
  const auto local = resolve(Endpoint{"localhost", 7});
  if (!local) {  // a machine without /etc/hosts
    MESSAGE("left out: " << local.error());
    return;
  }
  for (const auto& at : *local)
    CHECK((at.host == "127.0.0.1" || at.host == "::1"));
  CHECK(local->size() == (local->front().host == local->back().host ? 1 : 2));  // each once
}
