// Everything with one peer: its calls, the end-to-end session, texts on their way out and texts
// received. Pure; owned by the core. There is one per name that was ever called, answered or
// written to. Its window is the Peer of the model.
//
// Order: texts are sent in the order typed, each with the uid of the one before it, and are shown
// in the order that those uids give. A text whose predecessor is missing for a minute is shown with
// a notice. A gap in the peer's numbering within a session (a relay that drops) is counted in a
// notice. Both notices go away when the texts come.
//
// A text goes only to the key that it was typed for. When the name gets another key, the text is
// held until the user sends it to that key or drops it.
//
// A peer that is not a contact gets nothing from us but answers to its calls: no ack, no receipt,
// no call.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/conversation/call.h"
#include "client/conversation/context.h"
#include "client/conversation/outbox.h"
#include "client/conversation/text_order.h"
#include "client/conversation/waiting_frames.h"
#include "proto/session/peer_session.h"

namespace sims::client {

class Conversation {
 public:
  Conversation(Context& context, std::string name);

  // --- intents
  Result<std::uint64_t> send_text(std::string_view text, bool action, Now now, const std::string& uid);
  bool give_up(const std::string& uid, Now now);  // false: no such text waits
  void leave(std::string_view reason, Now now);   // sends the peer a goodbye
  void end(std::string_view reason,
           Now now);             // likewise; undelivered texts wait until the next text is typed
  Result<void> accept(Now now);  // makes a contact: acks that were held back go out
  void shut();                   // stops everything without telling the peer; texts wait
  void say_typing(bool on, Now now);
  void say_read(const std::string& uid, Now now);  // up to this text of theirs
  // Texts typed for an earlier key: sends them to the current key, or drops them. Returns how many.
  Result<std::size_t> resend_held(Now now);
  Result<std::size_t> discard_held(Now now);
  std::size_t unsent() const { return outbox_.size(); }
  void offer_held(Now now);  // notes how many are held, once for each key

  // --- events
  // Texts of an earlier run, oldest first: ours that are to be sent, and the peer's whose line
  // waits.
  void restore(const std::vector<HistoryEntry>& entries, Now now);
  // Their lines wait for at least `wait_ms`.
  void restore_waiting(std::vector<HistoryEntry> entries, std::int64_t wait_ms, Now now);
  void show_all_waiting(Now now);
  void receive(PeerFrame frame, Now now);
  void work_done(PeerWork& work, Now now);
  void work_done(RekeyWork& work, Now now);
  void peer_came(bool again, Now now);
  void peer_left(Now now);
  void rate_limited(std::uint64_t seq, Now now);                     // nor this one: we send too much
  void undeliverable(Now now);                                       // the server could not pass something on
  void refused(std::uint64_t seq, const std::string& why, Now now);  // the server will never take this text
  void link_lost();
  void server_took(std::uint64_t seq);  // cumulative
  void tick(Now now);
  std::int64_t next_tick() const;

  bool in_use() const { return session_ || call_.running() || !outbox_.empty() || !order_.empty(); }
  // True if dropping this object loses nothing but the peer's rate limits, which are full again
  // after two minutes.
  bool nothing_left() const { return !in_use() && waiting_.empty() && held_acks_.empty() && read_told_; }
  bool in_flight() const { return outbox_.oldest_in_flight().has_value(); }
  bool carries(std::uint64_t seq) const { return outbox_.carries(seq); }
  bool unanswered() const { return outbox_.oldest_in_flight().has_value() || call_.calling(); }
  // True if this work is still awaited, so worth starting.
  bool wants(const PeerWork& work) const { return call_.work_out() && call_.number() == work.number; }

 private:
  Peer& peer() const { return context_.model.peers.at(name_); }
  bool may_talk() const;  // to a contact who is online and whose key did not change

  // Calls (calls.cc)
  void start_call(Now now);
  void receive_handshake(const proto::HandshakeFrame& frame, std::string raw, Now now);
  void act(Call::Outcome outcome, Now now);
  void refuse(const Call::Refusal& refusal, Now now);
  void receive_refuse(const proto::ClientRefuse& refusal, Now now);
  void established(proto::HandshakeResult result, proto::Role role, Now now);
  void call_failed(const std::string& why, proto::Role role, Now now);
  void wait_before_next_call(Now now);
  void rekey_if_due(Now now);
  void drop_call();
  void drop_session();
  void show_session();

  // Content (conversation.cc)
  void dispatch(PeerFrame frame, Now now);
  void receive_com(const proto::ClientCom& com, Now now);
  bool take(proto::PeerSession::Opened& opened, Now now);  // to be acked
  void receive_close(const proto::ClientDisconnect& message, Now now);
  void receive_ack(const proto::PeerAck& ack, Now now);
  void note_order(std::uint64_t m, Now now);
  void pump(Now now);
  void name_predecessor(Outbox::Entry& entry);
  Line* line_of(const Outbox::Entry& entry);  // nullptr: no longer in the window
  void mark(const Outbox::Entry& entry, const std::string& why = {});
  void settle(const Outbox::Entry& entry, Now now, const std::string& why = {});
  std::int64_t resend_at() const;

  // The order of the peer's texts (conversation/ordering.cc)
  bool receive_text(const proto::TextContent& text, Now now);  // to be acked
  bool misses_predecessor(const proto::TextContent& text);
  void not_stored(const std::string& why, Now now);
  bool keep_waiting(const proto::TextContent& text, Now now);
  void was_shown();
  void show_waiting(HistoryEntry entry, bool incomplete, Now now);
  void came(const Id& author, const std::string& uid, Now now);
  void show_due(Now now);

  // Contacts and requests (contacts.cc)
  Result<void> pin_contact(Now now);
  void became_contact(Now now);
  void meet(Now now);
  bool let_in(Now now);
  bool turn_away();  // always returns false
  void acknowledge(std::uint64_t m, std::string ack, Now now);
  void complain(std::string text, Now now);

  // Typing and read notices (receipts.cc)
  bool may_say_aside() const;
  void say_aside(const proto::Content& content, Now now);
  void tell_read(Now now);
  void receive_read(const proto::ReadContent& read);
  void receive_typing(const proto::TypingContent& typing, Now now);
  void stops_typing();

  Context& context_;
  std::string name_;
  Call call_;
  std::optional<proto::PeerSession> session_;
  std::uint64_t session_number_ = 0;
  std::int64_t session_since_ms_ = 0;
  bool rekeying_ = false;      // a RekeyWork is out
  bool overdue_told_ = false;  // of this epoch
  WaitingFrames waiting_;

  Outbox outbox_;
  // The last text that was handed to a session for this key.
  struct Left {
    Id to;
    LastText last;
  };
  std::optional<Left> left_;
  Id offered_;           // the key for which held texts were offered
  bool paused_ = false;  // ended by the user: no call until a text is typed
  int failed_calls_ = 0, unanswered_ = 0;
  std::uint64_t call_seq_ = 0;  // of the last message of a call
  std::int64_t next_call_ms_ = 0;
  std::int64_t renew_ms_ = INT64_MAX;  // when to end a session of which the relay refused a text
  TokenBucket refusals_{8, 5'000};     // refusals whose signature is checked
  TokenBucket uninvited_{3, 20'000};   // calls made because a message came that no session opens

  std::map<std::uint64_t, std::string> held_acks_;  // of this session, until the peer is accepted

  TextOrder order_;
  Reacks reacks_;
  std::uint64_t next_m_ = 0;       // of the session: the next incoming number
  std::uint64_t hole_serial_ = 0;  // of the notice about missing messages, 0: none
  std::uint64_t hole_size_ = 0;

  bool told_typing_ = false;  // the last value told in this session
  std::optional<std::int64_t> typing_told_ms_;
  std::int64_t typing_until_ms_ = INT64_MAX;  // the peer's typing notice ends then
  std::string read_;                          // the newest uid that was told or is to be told
  bool read_told_ = true;
};

}  // namespace sims::client
