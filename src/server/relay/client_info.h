// One connection as `simsctl clients` shows it.
#pragma once

#include <cstdint>
#include <string>

#include "server/policy/budgets.h"

namespace sims::server {

struct ClientInfo {
  ConnId conn = 0;
  std::string address, id, name, suite;  // the last three are empty before the handshake is complete
  std::uint64_t since_unix_s = 0;        // of the login
  std::uint64_t messages_in = 0, messages_out = 0;
  std::size_t queued = 0;  // bytes
  bool online = false;     // logged in
};

}  // namespace sims::server
