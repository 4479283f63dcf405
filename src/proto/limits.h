// Limits of the protocol. The first block is from the specification (sims-protocol(7)) and may not be tuned,
// because the other side relies on it. The second block is ours.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sims::proto {

// --- from sims-protocol(7) -----------------------------------------------------------------------
constexpr int protocol_version = 1;
constexpr std::uint16_t default_port = 7467;
constexpr std::size_t max_frame = 65'536;           // section 1, LF left out
constexpr std::size_t max_handshake_frame = 4'096;  // section 1, until the handshake is done
constexpr int max_json_depth = 8;                   // section 1; the frame's own object is depth 1
constexpr std::uint64_t max_json_integer = (std::uint64_t{1} << 53) - 1;
constexpr std::size_t max_forwarded = 48'896;      // section 4, a sub-message that the server passes on
constexpr std::uint64_t messages_per_epoch = 100;  // sections 4 and 6
constexpr std::int64_t handshake_deadline_ms = 30'000;
constexpr std::size_t max_body = 16'384;         // section 6, bytes of UTF-8
constexpr std::size_t max_content = 32'768;      // section 6, the padded plaintext
constexpr std::size_t max_skipped_keys = 1'000;  // section 6, a session
constexpr std::size_t max_list_page = 300;       // section 4
constexpr std::int64_t list_gather_ms = 200;     // section 4
constexpr std::size_t max_name = 32;             // section 2

// --- ours ----------------------------------------------------------------------------------------
constexpr std::int64_t ack_delay_ms = 40;       // an `ack` waits this long for output to join
constexpr std::size_t max_empty_lines = 4'096;  // in a row: they cost time and carry nothing
constexpr std::size_t max_json_members = 256;   // in one object; the protocol's largest has 8
constexpr std::size_t max_json_values = 4'096;  // in one frame; a full list page has about 1,500
constexpr std::size_t max_error_text = 512;     // bytes of an error's message or a reason that we keep
constexpr std::size_t max_invitation = 64;      // bytes as typed: the code and its separators
constexpr std::size_t remembered_acks = 1'000;  // a session; newest messages whose duplicates are acked
constexpr int failed_dh_burst = 5;              // failed ratchet steps allowed at once, refilled one a second

}  // namespace sims::proto
