// The operations that the owner's side of letters asks of the core, beside CoreServices: who somebody is, and
// what becomes of the link.
#pragma once

#include <functional>
#include <string>

#include "client/conversation/conversation.h"

namespace sims::client {

class MailHost {
 public:
  virtual ~MailHost() = default;

  // The name of an id by the server's list or our pins; nullptr: unknown. Its peer is in the model.
  virtual const std::string* name_of(const Id& id) const = 0;
  virtual bool blocked(const std::string& name, const Id& id) const = 0;
  // Asks the server; see Finds::look_up().
  virtual void look_up(const Id& id, std::function<void(const FindAnswer&, Now)> answered, Now now) = 0;
  // See Roster::meet().
  virtual Peer* meet(const std::string& name, const Id& id, Now now) = 0;
  // Drops a peer who was met and of whom there is nothing to keep.
  virtual void drop_if_unused(const std::string& name) = 0;
  // nullptr: too many callers who are no contacts.
  virtual Conversation* conversation(Peer& peer, Now now) = 0;
  // Drops the connection without the acks that it owes, so that the server gives everything again.
  virtual void abandon(const std::string& why, Now now) = 0;
};

}  // namespace sims::client
