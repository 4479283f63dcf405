// Finds the receiver of a forwarded sub-message (sims-protocol(7) sections 3 to 6). Pure; owned by
// the relay. The relay does not know how a peer is found, so that other relays can stand behind
// this interface later.
#pragma once

#include "proto/wire/message.h"
#include "server/accounts/accounts.h"
#include "server/relay/presence.h"
#include "server/relay/session.h"

namespace sims::server {

struct Undeliverable {
  bool fatal = false;  // the sender broke the protocol: end its connection
  proto::ErrorCode code = proto::ErrorCode::bad_message;
  const char* text = "";
  std::optional<proto::Id> dst;
};

class Router {
 public:
  Router(const Presence& presence, const AccountStore& accounts) : presence_(presence), accounts_(accounts) {}
  // Returns the session that receives a message of `size` bytes from `from`. Fatal errors: a wrong
  // src, a dst that is not an id, a dst that is the sender. Other errors: too_large (over
  // max_forwarded), unknown_peer (an id never registered here), not_connected (a registered id that
  // is offline).
  Result<Session*, Undeliverable> route(const Session& from, const proto::Forwarded& message,
                                        std::size_t size) const;

 private:
  const Presence& presence_;
  const AccountStore& accounts_;
};

}  // namespace sims::server
