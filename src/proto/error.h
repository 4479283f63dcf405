// The protocol's error codes (sims-protocol(7) section 4) and a fault that a peer caused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sims::proto {

enum class ErrorCode {
  bad_frame,
  bad_message,
  bad_sequence,
  unsupported_version,
  unsupported_suite,
  handshake_failed,
  name_invalid,
  name_taken,
  id_taken,
  not_registered,
  banned,
  busy,
  rate_limited,
  too_large,
  unknown_peer,
  not_connected,
  mailbox_full,
  going_away,
  internal,
};

std::string_view to_string(ErrorCode code);  // "bad-frame"
// One short line for people. An `error` we send has no other text, so its text never reveals more than its
// code.
std::string_view explain(ErrorCode code);
// Codes that refuse a login until something changes: the name, the suite or the server's decision.
bool refuses_login(ErrorCode code);
std::optional<ErrorCode> parse_error_code(std::string_view text);

// A code that may be sent to the other side, and text for our own log only.
struct Fault {
  ErrorCode code;
  std::string detail;
};

template <class T>
using Checked = Result<T, Fault>;

inline auto fault(ErrorCode code, std::string detail) {
  return tl::make_unexpected(Fault{code, std::move(detail)});
}

}  // namespace sims::proto
