// Where a forwarded sub-message goes (sims-protocol(7) sections 3 to 6): pure, owned by the core. The core
// knows nothing about how a peer is found, so that other relays can stand behind this interface later.
#pragma once

#include "proto/wire/message.h"
#include "server/accounts/accounts.h"
#include "server/relay/presence.h"
#include "server/relay/session.h"

namespace sims::server {

struct Undeliverable {
  bool fatal = false;  // the sender's connection ends
  proto::ErrorCode code = proto::ErrorCode::bad_message;
  const char* text = "";
  std::optional<proto::Id> dst;
};

class Router {
 public:
  Router(const Presence& presence, const AccountStore& accounts) : presence_(presence), accounts_(accounts) {}
  // The session that gets what `from` sends (`size` bytes), or why there is none. A wrong src, a dst that is
  // no id and a dst that is the sender itself are fatal. Over max_forwarded it is too_large; an id never
  // registered here is unknown_peer, a registered one that is offline not_connected.
  Result<Session*, Undeliverable> route(const Session& from, const proto::Forwarded& message,
                                        std::size_t size) const;

 private:
  const Presence& presence_;
  const AccountStore& accounts_;
};

}  // namespace sims::server
