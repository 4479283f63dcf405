// simsctl(8)'s command line as a request of server/control.h. Pure.
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
  std::string who, reason, name, level, path;  // what the command takes
  std::optional<std::uint64_t> valid_s;
};

// "90s", "1h30m", "2d", "1w": seconds, more than none.
Result<std::uint64_t> parse_duration(std::string_view text);

// Fails in words when something on the command line cannot be meant.
Result<void> check_request(const CtlOptions& options);
// One line. `after`: what the page before said of the next one, as JSON; empty: the first page.
std::string request_line(const CtlOptions& options, std::string_view after);

}  // namespace sims::server
