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

// Section 8, mail. Times are in seconds.
constexpr std::int64_t day_s = 86'400;
constexpr std::uint64_t letters_per_session = 100;
constexpr std::int64_t mail_session_s = day_s;            // a sender opens another session after this
constexpr std::size_t max_prekeys_frame = 20;             // in one `prekeys`
constexpr std::size_t few_prekeys = 10;                   // under this the server says what is left
constexpr std::int64_t once_prekeys_an_hour = 5;          // of one owner, that one asker gets
constexpr std::int64_t prekey_life_s = 90 * day_s;        // from its making to `expires`, at most
constexpr std::int64_t prekey_life_taken_s = 91 * day_s;  // by a server, whose clock may differ
constexpr std::int64_t prekey_grace_s = day_s;            // an asker takes a prekey this long after `expires`
constexpr std::int64_t many_prekey_life_s = 7 * day_s;    // its owner replaces it after this
constexpr std::int64_t prekey_kept_s = 33 * day_s;        // a private half, after `expires` or its successor
constexpr std::int64_t mail_session_kept_s = 32 * day_s;  // by its reader, from its first letter
constexpr std::int64_t receipt_kept_s = 33 * day_s;       // by the reader of the letter
constexpr std::uint64_t letters_before_accept = 20;       // of one stranger, that their reader keeps
constexpr std::size_t mail_window = 50;  // letters and receipts given ahead of the owner's acks
constexpr std::size_t mail_window_bytes = 256 * 1'024;      // the same, in bytes
constexpr std::size_t max_many_agreements = 2'000;          // with one `many` key, failed ones too
constexpr std::size_t max_many_agreements_strangers = 500;  // of these

// --- ours ----------------------------------------------------------------------------------------
constexpr std::int64_t ack_delay_ms = 40;       // an `ack` waits this long for output to join
constexpr std::size_t max_empty_lines = 4'096;  // in a row: they cost time and carry nothing
constexpr std::size_t max_json_members = 256;   // in one object; the protocol's largest has 8
constexpr std::size_t max_json_values = 4'096;  // in one frame; a full list page has about 1,500
constexpr std::size_t max_error_text = 512;     // bytes of an error's message or a reason that we keep
constexpr std::size_t max_invitation = 64;      // bytes as typed: the code and its separators
constexpr std::size_t max_suites = 16;          // that a `prekey` asks for
constexpr std::size_t max_suite_name = 64;      // bytes
constexpr std::size_t max_prekey_key = 1'024;   // bytes; the largest today is RSA-4096's 550
constexpr std::size_t remembered_acks = 1'000;  // a session; newest messages whose duplicates are acked
constexpr int failed_dh_burst = 5;              // failed ratchet steps allowed at once, refilled one a second

}  // namespace sims::proto
