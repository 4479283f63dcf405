// What sims prints, as text; all pure but tell(). One line each, with its line feed. Plain lines hold remote
// text only after it was made safe; JSON lines are pure ASCII, so that they are safe on a terminal and
// lossless.
#pragma once

#include <string>

#include "client/model.h"

namespace sims::client::cli {

std::string_view trust_word(const Peer& peer);  // "new", "unverified", "verified", "changed"

std::string list_line(const Peer& peer);
std::string list_json(const Peer& peer);
std::string message_line(const Peer& peer, const Line& line);
std::string message_json(const Peer& peer, const Line& line);
std::string fingerprint_text(const std::string& name, const Id& self, const Id& peer, std::string_view trust);

// "2026-11-22T23:07:05Z"
std::string utc_time(std::int64_t unix_ms);
// For errors and alerts, which may hold remote text: "sims: ...\n".
std::string remark(std::string_view text);
void tell(std::string_view text);  // as a remark, on standard error
// Every character outside of ASCII, and DEL, as \uXXXX. `json` is valid JSON in valid UTF-8.
std::string ascii_json(std::string_view json);

}  // namespace sims::client::cli
