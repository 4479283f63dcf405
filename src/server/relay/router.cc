// Router: checks the source and destination of a message, and names the error if it cannot be delivered.
#include "server/relay/router.h"

#include "proto/limits.h"

namespace sims::server {

using proto::ErrorCode;

namespace {

Result<void, Undeliverable> check_ends(const Session& from, const proto::BetweenClients& message) {
  const auto& self = from.transport.peer_id();
  if (message.src != self.text())
    return fail(Undeliverable{true, ErrorCode::bad_message, "src is not your id", {}});
  if (message.dst == self.text())
    return fail(Undeliverable{true, ErrorCode::bad_message, "dst is yourself", {}});
  return {};
}

Result<proto::Id, Undeliverable> check_dst(const proto::BetweenClients& message, std::size_t size) {
  const auto dst = proto::Id::shaped(message.dst);
  if (!dst) return fail(Undeliverable{true, ErrorCode::bad_message, "dst is not an id", {}});
  if (size > proto::max_forwarded)
    return fail(Undeliverable{false, ErrorCode::too_large, "too long to be passed on", dst});
  return *dst;
}

Undeliverable unknown(const proto::Id& dst) {
  return {false, ErrorCode::unknown_peer, "no such peer on this server", dst};
}

}  // namespace

Result<Session*, Undeliverable> Router::route(const Session& from, const proto::Forwarded& message,
                                              std::size_t size) const {
  TRY(check_ends(from, message));
  const Online* peer = presence_.find(message.dst);
  if (peer && size <= proto::max_forwarded) return peer->session;
  const auto dst = check_dst(message, size);
  TRY(dst);
  if (accounts_.registered(*dst))
    return fail(Undeliverable{false, ErrorCode::not_connected, "this peer is not connected", *dst});
  return fail(unknown(*dst));
}

Result<proto::Id, Undeliverable> Router::owner(const Session& from, const proto::Kept& message,
                                               std::size_t size, std::uint64_t unix_s) const {
  TRY(check_ends(from, message));
  auto dst = check_dst(message, size);
  if (dst && !has_mailbox(*dst, unix_s)) return fail(unknown(*dst));
  return dst;
}

bool Router::has_mailbox(const proto::Id& id, std::uint64_t unix_s) const {
  const auto name = accounts_.name_of(id);
  return name && bans_.on_login(id.text(), *name, unix_s) == nullptr;
}

}  // namespace sims::server
