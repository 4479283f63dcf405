// An invitation's code, as people pass it on: 128 bits in Crockford's base32, which has no letters
// that look alike, in groups: "7QK3M1-0XV9AB-...". A code allows one registration by anybody who
// has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/kdf.h"
#include "crypto/rng.h"

namespace sims::server {

constexpr std::size_t max_invitations = 1'000;  // open at a time

std::string make_invitation(crypto::Rng& rng);
// Parses a code as a person types or pastes it (any case, dashes and white space anywhere or none;
// O for 0, I and L for 1). Returns it as make_invitation() wrote it; nullopt: it is not a code.
std::optional<std::string> parse_invitation(std::string_view text);
// The SHA-256 of a code: a store keeps nothing else of it.
crypto::Digest invitation_hash(std::string_view code);

}  // namespace sims::server
