// What the user of sims asked for: sims(1) as data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "crypto/suite.h"

namespace sims::client::cli {

// sims(1), EXIT STATUS.
enum Exit : int {
  ok = 0,
  failure = 1,
  usage = 2,
  no_connection = 3,
  server_key = 4,
  peer_key = 5,
  no_peer = 6,
  timed_out = 7,
  refused = 8,
};

enum class Command { id, list, send, listen, fingerprint, verify, forget };

struct Options {
  std::string server, name, home;  // empty: not given
  crypto::SuiteList suites = crypto::default_suites();
  bool accept_new = false;
  Command command = Command::id;
  bool json = false;
  std::string target;               // send, fingerprint, verify: PEER; forget: SERVER or PEER
  std::optional<std::string> text;  // send; nullopt: standard input
  std::string number;               // verify
  std::uint64_t count = 0;          // listen; 0: no end
  std::optional<std::int64_t> timeout_ms;
};

// The options, or the exit status after --help, --version or wrong usage, which has been printed.
std::variant<Options, int> parse_arguments(int argc, const char* const* argv);

}  // namespace sims::client::cli
