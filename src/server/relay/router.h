// Finds the receiver of a forwarded sub-message (sims-protocol(7) sections 3 to 6). Pure; owned by
// the relay. The relay does not know how a peer is found, so that other relays can stand behind
// this interface later.
#pragma once

#include "proto/wire/message.h"
#include "server/accounts/accounts.h"
#include "server/policy/ban_list.h"
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
  // The references are not owned and outlive it.
  Router(const Presence& presence, const AccountStore& accounts, const BanList& bans)
      : presence_(presence), accounts_(accounts), bans_(bans) {}
  // Returns the session that receives a message of `size` bytes from `from`. Fatal errors: a wrong
  // src, a dst that is not an id, a dst that is the sender. Other errors: too_large (over
  // max_forwarded), unknown_peer (an id never registered here), not_connected (a registered id that
  // is offline).
  Result<Session*, Undeliverable> route(const Session& from, const proto::Forwarded& message,
                                        std::size_t size) const;
  // The owner of the mailbox for a letter or receipt of `size` bytes. Errors as those of route(), without
  // not_connected; unknown_peer: the id has no mailbox.
  Result<proto::Id, Undeliverable> owner(const Session& from, const proto::Kept& message, std::size_t size,
                                         std::uint64_t unix_s) const;
  // Whether others may fill the mailbox of this id and use up its prekeys: it is registered here, and neither
  // it nor its name is banned. Asks no disk, and costs the same however many bans there are.
  bool has_mailbox(const proto::Id& id, std::uint64_t unix_s) const;

 private:
  const Presence& presence_;
  const AccountStore& accounts_;
  const BanList& bans_;
};

}  // namespace sims::server
