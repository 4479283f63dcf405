// The command line of sims in one table: --help and the parser are made from it. sims(1) and the completions name the same:
// tests/cli/options_test.cc, tests/man.sh and tests/completions.sh.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "cli/options.h"

namespace sims::client::cli {

// The values as they were given; empty or 0: not given.
struct Given {
  std::string server, name, suite, home, key_file, invite;
  std::int64_t wait_s = 30, timeout_s = 0;
  std::uint64_t count = 0;
  std::string target, file, new_key_file, wait_for;
  std::optional<std::string> text;
  std::vector<std::string> number;
  bool accept_new = false, no_history = false, json = false, remove = false, status = false;
};

// An option, or with a name without dashes an argument.
struct OptionRow {
  using Place =
      std::variant<bool Given::*, std::string Given::*, std::int64_t Given::*, std::uint64_t Given::*,
                   std::optional<std::string> Given::*, std::vector<std::string> Given::*>;
  enum class Values {
    any,
    filled,
    suite,
    delivery,
    seconds,
    positive_seconds,
    positive
  };  // the values that it may have
  std::string name;
  std::string value;  // its name in --help
  std::string help;
  Place place;  // of a flag: a bool
  Values values = Values::any;
  bool required = false;
  bool alone = false;  // not with another one of the command that is so
};

struct CommandRow {
  Command command;
  const char* name;
  const char* help;
  std::vector<OptionRow> options;

  bool takes_peer() const;
};

constexpr std::int64_t default_timeout_s = 30;  // of all commands but listen and pipe

// In the order of --help.
std::span<const OptionRow> common_options();
std::span<const CommandRow> command_table();
const CommandRow& command_row(Command command);

}  // namespace sims::client::cli
