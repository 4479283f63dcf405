// Parses the target of a request: an id, a name, an address, a range or a connection.
#include <charconv>

#include "base/text.h"
#include "proto/identity.h"
#include "server/admin/operations.h"

namespace sims::server {

namespace {

Result<Target> address_target(std::string_view text) {
  const auto range = AddressRange::parse(text);
  if (!range) return fail('"' + escape_for_log(text) + "\" " + range.error());
  return Target{Target::Kind::address, range->str()};
}

Result<Target> conn_target(std::string_view text) {
  ConnId conn = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), conn);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size())
    return fail("conn: wants the number of a connection, as `clients` shows it");
  return Target{Target::Kind::conn, std::to_string(conn)};
}

}  // namespace

std::optional<Ban::Kind> Target::ban_kind() const {
  switch (kind) {
    case Kind::id:
      return Ban::Kind::id;
    case Kind::name:
      return Ban::Kind::name;
    case Kind::address:
      return Ban::Kind::address;
    case Kind::conn:
      break;
  }
  return std::nullopt;
}

Result<Target> Target::parse(std::string_view text) {
  const auto after = [&](std::string_view prefix) {
    return text.starts_with(prefix) ? std::optional(text.substr(prefix.size())) : std::nullopt;
  };
  if (const auto conn = after("conn:")) return conn_target(*conn);
  if (const auto address = after("address:")) return address_target(*address);
  const auto named = after("name:"), with_id = after("id:");
  const auto id = with_id.value_or(text), name = named.value_or(text);
  if (!named && proto::Id::shaped(id)) return Target{Kind::id, std::string(id)};
  if (with_id) return fail("an id has 43 characters");
  if (!named && (text.find_first_of(":/") != text.npos || AddressRange::parse(text)))
    return address_target(text);
  if (proto::valid_name(name)) return Target{Kind::name, std::string(name)};
  return fail("not an id, a name, an address, ADDRESS/PREFIX or conn:N");
}

}  // namespace sims::server
