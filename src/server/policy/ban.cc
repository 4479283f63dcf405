// The names of the kinds of bans.
#include "server/policy/ban.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sims::server {

namespace {

constexpr std::array<std::pair<Ban::Kind, std::string_view>, 3> kinds{
    {{Ban::Kind::id, "id"}, {Ban::Kind::name, "name"}, {Ban::Kind::address, "address"}}};

}  // namespace

std::string_view to_string(Ban::Kind kind) {
  return std::find_if(kinds.begin(), kinds.end(), [&](auto& k) { return k.first == kind; })->second;
}

std::optional<Ban::Kind> parse_ban_kind(std::string_view text) {
  for (const auto& [kind, word] : kinds)
    if (word == text) return kind;
  return std::nullopt;
}

}  // namespace sims::server
