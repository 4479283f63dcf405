// Router: checks the source and destination of a message, and names the error if it cannot be delivered.
#include "server/relay/router.h"

#include "proto/limits.h"

namespace sims::server {

using proto::ErrorCode;

Result<Session*, Undeliverable> Router::route(const Session& from, const proto::Forwarded& message,
                                              std::size_t size) const {
  const auto& self = from.transport.peer_id();
  if (message.src != self.text())
    return fail(Undeliverable{true, ErrorCode::bad_message, "src is not your id", {}});
  if (message.dst == self.text())
    return fail(Undeliverable{true, ErrorCode::bad_message, "dst is yourself", {}});
  const Online* peer = presence_.find(message.dst);
  if (peer && size <= proto::max_forwarded) return peer->session;
  const auto dst = proto::Id::shaped(message.dst);
  if (!dst) return fail(Undeliverable{true, ErrorCode::bad_message, "dst is not an id", {}});
  if (size > proto::max_forwarded)
    return fail(Undeliverable{false, ErrorCode::too_large, "too long to be passed on", dst});
  if (accounts_.registered(*dst))
    return fail(Undeliverable{false, ErrorCode::not_connected, "this peer is not connected", dst});
  return fail(Undeliverable{false, ErrorCode::unknown_peer, "no such peer on this server", dst});
}

}  // namespace sims::server
