// The output of sims as text; all pure but tell(). One line each, with its line feed. Plain lines
// hold remote text only after it was made safe. JSON lines are pure ASCII, so that they are safe on
// a terminal and lossless.
#pragma once

#include <string>

#include "client/model/memory.h"
#include "client/state/waiting_texts.h"

namespace sims::client::cli {

// For a peer that is online.
struct Listed {
  std::string name, id;
  std::uint64_t since = 0;
  std::string trust;
};
std::string list_line(const Listed& peer);
std::string list_json(const Listed& peer);
// For the answer to `find`: `status` is online, offline or registered.
std::string found_line(const Listed& found, const std::string& status);
std::string found_json(const Listed& found, const std::string& status);
std::string message_line(const Peer& peer, const Line& line);
std::string message_json(const Peer& peer, const Line& line);
// A text of the history: TIME MARK TEXT; the mark < means received. `incomplete`: the current
// state.
std::string entry_line(const std::string& peer, const HistoryEntry& entry);
std::string entry_json(const std::string& peer, const HistoryEntry& entry);
struct Request {
  std::string name;
  PinnedPeer peer;
  std::size_t messages = 0;
  std::optional<std::string> looks_like;
};
std::string request_line(const Request& request);
std::string request_json(const Request& request);
std::string mail_line(const WaitingTexts& texts);
std::string mail_json(const WaitingTexts& texts);
std::string fingerprint_text(const std::string& name, const Id& self, const Id& peer, std::string_view trust);

// For errors and alerts, which may hold remote text: "sims: ...\n".
std::string remark(std::string_view text);
void tell(std::string_view text);  // prints a remark on standard error
// Escapes every character outside of ASCII, and DEL, as \uXXXX. `json` is valid JSON in valid
// UTF-8.
std::string ascii_json(std::string_view json);

}  // namespace sims::client::cli
