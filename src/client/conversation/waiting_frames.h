// Frames that arrived while a step of the call was out as work, in order. Frames that find no room
// are dropped; a text among them comes again in a new session. Pure; owned by the peer's
// Conversation.
#pragma once

#include <deque>
#include <string>
#include <variant>

#include "proto/wire/message.h"

namespace sims::client {

// A forwarded sub-message whose src is the peer's id.
struct PeerFrame {
  std::variant<proto::HandshakeFrame, proto::ClientRefuse, proto::ClientCom, proto::ClientDisconnect,
               proto::PeerAck>
      message;
  std::string raw;  // the exact bytes
};

class WaitingFrames {
 public:
  // `total` counts the bytes of all conversations.
  explicit WaitingFrames(std::size_t& total) : total_(total) {}
  WaitingFrames(const WaitingFrames&) = delete;
  WaitingFrames& operator=(const WaitingFrames&) = delete;
  ~WaitingFrames() { clear(); }

  void push(PeerFrame frame);
  PeerFrame pop();
  bool empty() const { return frames_.empty(); }
  void clear();

 private:
  std::deque<PeerFrame> frames_;
  std::size_t& total_;
};

}  // namespace sims::client
