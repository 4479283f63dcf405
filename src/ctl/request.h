// Makes a request of server/admin/control.h from simsctl(8)'s command line. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sims::server {

struct CtlOptions {
  std::string command;  // one of ctl_commands()
  std::string socket;
  bool json = false;
  bool purge = false, restored = false;        // of `mail`
  std::string who, reason, name, level, path;  // arguments; empty unless the command has them
  std::optional<std::uint64_t> valid_s;
};

// Parses "90s", "1h30m", "2d", "1w". Returns seconds, at least 1.
Result<std::uint64_t> parse_duration(std::string_view text);

// Fails in words when an argument of the command is not valid.
Result<void> check_request(const CtlOptions& options);
// Makes the request's line. `after`: the "next" of the page before, as JSON; empty: the first page.
std::string request_line(const CtlOptions& options, std::string_view after);

}  // namespace sims::server
