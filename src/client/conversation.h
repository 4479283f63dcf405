// Everything with one peer: its calls, the end-to-end session, the texts on their way and what came. Pure;
// owned by the core, one per name that was ever called, answered or written to; its window is the Peer of the
// model.
//
// Order: texts are sent in the order typed and shown in the order they come. A hole in the peer's numbering
// (a relay that drops) is shown as a notice; what comes late is shown when it comes, and the notice is
// corrected.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_set>
#include <variant>

#include "client/call.h"
#include "client/context.h"
#include "client/outbox.h"
#include "proto/peer_session.h"

namespace sims::client {

// A forwarded sub-message, its src found to be the peer's id.
struct PeerFrame {
  std::variant<proto::HandshakeFrame, proto::ClientCom, proto::ClientDisconnect, proto::PeerAck> message;
  std::string raw;  // the exact bytes
};

// Frames that came while a step of the call was out as work, in order. What finds no room is dropped: a text
// among them comes again in a new session. `total` counts the bytes of all conversations.
class WaitingFrames {
 public:
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

class Conversation {
 public:
  Conversation(Context& context, std::string name);

  // --- intents
  Result<std::uint64_t> send_text(std::string_view text, bool action, Now now);
  void leave(std::string_view reason, Now now);  // says goodbye
  void end(std::string_view reason,
           Now now);  // likewise; what was not delivered waits until the next text is typed
  void fail_all(const std::string& why);  // gives up every text

  // --- events
  void receive(PeerFrame frame, Now now);
  void work_done(PeerWork& work, Now now);
  void work_done(RekeyWork& work, Now now);
  void peer_came(bool again, Now now);
  void peer_left(Now now);
  void undeliverable(Now now);                              // the server could not pass something on
  void refused(std::uint64_t seq, const std::string& why);  // the server will never take this text
  void blocked();                                           // the key changed: nothing goes on
  void link_lost();
  void server_took(std::uint64_t seq);  // cumulative
  void tick(Now now);
  std::int64_t next_tick() const;

  bool in_use() const { return session_ || call_.running() || !outbox_.empty(); }
  bool carries(std::uint64_t seq) const { return outbox_.carries(seq); }
  // Still awaited, so worth starting.
  bool wants(const PeerWork& work) const { return call_.work_out() && call_.number() == work.number; }

 private:
  Peer& peer() const { return context_.model.peers.at(name_); }
  bool may_talk() const;

  // Calls (conversation_call.cc)
  void start_call(Now now);
  void receive_handshake(const proto::HandshakeFrame& frame, std::string raw, Now now);
  void act(Call::Outcome outcome, Now now);
  void established(proto::HandshakeResult result, proto::Role role, Now now);
  void call_failed(const std::string& why, proto::Role role, Now now);
  void wait_before_next_call(Now now);
  void meet(Now now);
  Result<void> pin(Now now);
  void rekey_if_due();
  void drop_call();
  void drop_session();
  void show_session();

  // Content (conversation.cc)
  void dispatch(PeerFrame frame, Now now);
  void receive_com(const proto::ClientCom& com, Now now);
  void receive_text(const proto::TextContent& text, Now now);
  void receive_close(const proto::ClientDisconnect& message, Now now);
  void receive_ack(const proto::PeerAck& ack, Now now);
  void note_order(std::uint64_t m, Now now);
  void pump(Now now);
  bool first_time(const std::string& uid);
  void mark(const Outbox::Entry& entry, const std::string& why = {});
  std::int64_t resend_at() const;

  Context& context_;
  std::string name_;
  Call call_;
  std::optional<proto::PeerSession> session_;
  std::uint64_t session_number_ = 0;
  std::int64_t session_since_ms_ = 0;
  bool rekeying_ = false;  // a RekeyWork is out
  WaitingFrames waiting_;

  Outbox outbox_;
  bool met_ = false;     // an unpinned peer was introduced
  bool paused_ = false;  // ended by the user: no call until something is typed
  int failed_calls_ = 0, unanswered_ = 0;
  std::int64_t next_call_ms_ = 0;
  std::int64_t settled_ms_ = 0;       // until then an answer to a call that was given up may still come
  TokenBucket uninvited_{3, 20'000};  // calls because a message came that no session opens

  std::unordered_set<std::string> seen_;  // uids shown, also of earlier sessions
  std::deque<std::string> seen_order_;
  std::uint64_t next_m_ = 0;       // of the session, incoming
  std::uint64_t hole_serial_ = 0;  // the notice about what is missing, 0: none
  std::uint64_t hole_size_ = 0;
};

}  // namespace sims::client
