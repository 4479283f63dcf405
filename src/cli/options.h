// The command line of sims as data. See sims(1).
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
  locked = 9,
  mailed = 10,
};

enum class Command {
  id,
  list,
  find,
  send,
  listen,
  pipe,
  fingerprint,
  verify,
  forget,
  history,
  export_history,
  erase,
  resend,
  discard,
  peers,
  requests,
  mail,
  accept,
  decline,
  block,
  passphrase,
};

struct Options {
  std::string server, name, home, key_file;  // empty: not given
  crypto::SuiteList suites = crypto::default_suites();
  std::string invite;  // empty: none
  bool accept_new = false;
  bool keep_history = true;
  Command command = Command::id;
  bool json = false;
  std::string target;               // PEER; forget: SERVER or PEER; find: a name or an id
  std::optional<std::string> text;  // send: nullopt is standard input; history: the text to search for
  std::string number;               // verify
  std::uint64_t count = 0;          // listen: messages; history: the newest ones; 0: no limit
  std::string file;  // export: the output, empty is standard output; passphrase: the new key file
  enum class Change { set, key_file, remove, none } change = Change::set;  // passphrase
  std::string wait_for;  // send: mailed or delivered; empty: not given
  std::optional<std::int64_t> timeout_ms;
  std::int64_t wait_ms = 30'000;  // for another program that holds the store
};

// Returns the options, or the exit status after --help, --version or wrong usage, whose text has
// been printed.
std::variant<Options, int> parse_arguments(int argc, const char* const* argv);

}  // namespace sims::client::cli
