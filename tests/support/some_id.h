// Ids by number, without keys, for tests of code that only stores them.
#pragma once

#include <cstring>

#include "base/base64.h"
#include "proto/identity.h"

namespace sims::test {

inline proto::Id id(std::uint32_t n) {
  Bytes key(32, 7);
  std::memcpy(key.data(), &n, sizeof n);
  return *proto::Id::shaped(base64_encode(key, Base64::url_unpadded));
}

}  // namespace sims::test
