// Wording that several parts of the interface share. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "client/model/model.h"

namespace sims::tui {

// The trust state of a peer: "KEY CHANGED", "blocked", "request", "stranger", "verified", "unverified".
std::string_view trust_word(const client::Peer& peer);

// "offline", or "offline, by letter" if the server keeps what we write to this peer; empty: online.
std::string_view away_words(const client::Model& model, const client::Peer& peer);

// "1 message", "2 messages"
std::string count_words(std::size_t count, std::string_view one, std::string_view more);

}  // namespace sims::tui
