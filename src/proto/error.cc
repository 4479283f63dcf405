// The table of error codes: name on the wire, and explanation for the user.
#include "proto/error.h"

#include <algorithm>
#include <iterator>

namespace sims::proto {

namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  std::string_view text;
};

constexpr Row rows[] = {
    {ErrorCode::bad_frame, "bad-frame", "that is not a frame"},
    {ErrorCode::bad_message, "bad-message", "that message cannot be taken here"},
    {ErrorCode::bad_sequence, "bad-sequence", "a message is out of sequence"},
    {ErrorCode::unsupported_version, "unsupported-version", "no protocol version in common"},
    {ErrorCode::unsupported_suite, "unsupported-suite", "no cipher suite in common"},
    {ErrorCode::handshake_failed, "handshake-failed", "the handshake failed"},
    {ErrorCode::name_invalid, "name-invalid", "that is not a name"},
    {ErrorCode::name_taken, "name-taken", "that name belongs to another id"},
    {ErrorCode::id_taken, "id-taken", "that id has another name here"},
    {ErrorCode::not_registered, "not-registered", "that name is not registered here"},
    {ErrorCode::banned, "banned", "not allowed here"},
    {ErrorCode::busy, "busy", "busy, try again later"},
    {ErrorCode::rate_limited, "rate-limited", "too much in too short a time"},
    {ErrorCode::too_large, "too-large", "too large"},
    {ErrorCode::unknown_peer, "unknown-peer", "no such peer"},
    {ErrorCode::not_connected, "not-connected", "that peer is not connected"},
    {ErrorCode::mailbox_full, "mailbox-full", "that mailbox is full"},
    {ErrorCode::going_away, "going-away", "going away"},
    {ErrorCode::internal, "internal", "internal error"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(rows); ++i)
    if (static_cast<std::size_t>(rows[i].code) != i) return false;
  return true;
}
static_assert(in_order());

const Row& row(ErrorCode code) {
  return rows[static_cast<std::size_t>(code)];
}

}  // namespace

std::string_view to_string(ErrorCode code) {
  return row(code).name;
}

std::string_view explain(ErrorCode code) {
  return row(code).text;
}

bool refuses_login(ErrorCode code) {
  switch (code) {
    case ErrorCode::name_taken:
    case ErrorCode::id_taken:
    case ErrorCode::name_invalid:
    case ErrorCode::banned:
    case ErrorCode::not_registered:
    case ErrorCode::unsupported_suite:
    case ErrorCode::unsupported_version:
      return true;
    default:
      return false;
  }
}

std::optional<ErrorCode> parse_error_code(std::string_view text) {
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.name == text; });
  if (found == std::end(rows)) return std::nullopt;
  return found->code;
}

}  // namespace sims::proto
