// A ban: an id, a name, or an address or range that simsd refuses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sims::server {

struct Ban {
  enum class Kind { id, name, address } kind = Kind::name;
  std::string value, reason;
  std::uint64_t made = 0, until = 0;  // unix s; until 0: forever
};
// Whether a ban or an invitation is over. `until` 0: never.
inline bool expired(std::uint64_t until, std::uint64_t unix_s) {
  return until != 0 && until <= unix_s;
}
std::string_view to_string(Ban::Kind kind);
std::optional<Ban::Kind> parse_ban_kind(std::string_view text);

}  // namespace sims::server
