// Everything with one peer: its calls, the end-to-end session, texts on their way out and texts
// received. Pure; owned by the core. There is one per name that was ever called, answered or
// written to. Its window is the Peer of the model.
//
// Order: texts are sent in the order typed, each with the uid of the one before it, and are shown
// in the order that those uids give. A text whose predecessor is missing for a minute is shown with
// a notice. A gap in the peer's numbering within a session (a relay that drops) is counted in a
// notice. Both notices go away when the texts come.
//
// To a peer who is offline, or does not answer, texts go by letter. The relay keeps it; a receipt
// proves its delivery.
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
#include "client/conversation/letter_session.h"
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
  std::size_t unsent() const { return outbox_.only_here(); }
  void offer_held(Now now);  // notes how many are held, once for each key

  // --- events
  // Texts of an earlier run, oldest first: ours that are to be sent, with what is known of their
  // letters by row, and the peer's whose line waits.
  using Deliveries = std::map<std::uint64_t, MailDelivery>;
  void restore(const std::vector<HistoryEntry>& entries, Deliveries& deliveries, Now now);
  // After a failed commit: what is stored about letters. Takes its own out of them, as restore() does.
  void restore_letters(Deliveries& deliveries, Now now);
  void wake(Now now) { pump(now); }  // something that texts wait for may have changed
  // Their lines wait for at least `wait_ms`.
  void restore_waiting(std::vector<HistoryEntry> entries, std::int64_t wait_ms, Now now);
  void show_all_waiting(Now now);
  // No letter waits for us any more: a first text that waited for one starts the chain.
  void start_chain(Now now);
  void receive(PeerFrame frame, Now now);
  // The content of a letter. Taken: stored or seen before, to be receipted. A request that is over its bounds,
  // and what a stranger sends beside texts, is turned away. Not stored: the next commit fails.
  enum class Letter { taken, turned_away, not_stored };
  Letter receive_letter(std::string_view plaintext, Now now);
  void work_done(PeerWork& work, Now now);
  void work_done(RekeyWork& work, Now now);
  void peer_came(bool again, Now now);
  void peer_left(Now now);
  // An error of the server for a message that awaits(error.id). `dst` alone: for what was sent to
  // the peer, and nobody knows what: it ends a call that is not answered yet.
  void receive_error(const proto::Error& error, Now now);
  void receive_prekey(const proto::PrekeyAnswer& answer, Now now);
  bool receive_receipt(const proto::ClientReceipt& receipt, Now now);  // false: it proves nothing
  // True if a prekey of this id is awaited, or a letter to it had this token.
  bool asks_prekey_of(const Id& id) const { return letters_.asks(id); }
  bool wrote(const Id& to, const crypto::Digest& token) { return outbox_.find_letter(to, token) != nullptr; }
  void work_done(OpeningWork& work, Now now);
  void link_lost();
  void server_took(std::uint64_t seq, Now now);  // cumulative
  void tick(Now now);
  std::int64_t next_tick() const;

  bool in_use() const { return session_ || call_.running() || !outbox_.empty() || !order_.empty(); }
  // True if dropping this object loses nothing but the peer's rate limits, which are full again
  // after two minutes.
  bool nothing_left() const { return !in_use() && waiting_.empty() && held_acks_.empty() && read_told_; }
  // True if something that we sent to the server or to the peer has no fate yet.
  bool in_flight() const {
    return outbox_.oldest_in_flight() || outbox_.any_posted() || letters_.under_way() || call_.running();
  }
  // True if this message of the connection is one of those.
  bool awaits(std::uint64_t seq);
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

  void slow_down(std::uint64_t seq, Now now);                        // we send too much
  void undeliverable(Now now);                                       // the server could not pass something on
  void refused(std::uint64_t seq, const std::string& why, Now now);  // the server will never take this text

  // Letters (letters.cc)
  static constexpr std::int64_t longest_pause_ms = 86'400'000;  // also after the clock was put back
  bool may_write(Now now) const;
  std::int64_t writes_from_ms() const;
  std::int64_t silent_ms() const;  // when to end the session, so that its texts go by letter
  void pump_letters(Now now);
  bool write_letter(Outbox::Entry& entry, proto::MailSender& session, Now now);
  void letters_took(std::uint64_t seq, Now now);
  bool letter_refused(const proto::Error& error, Now now);  // false: it was no letter, nor about one
  void back(Outbox::Entry& entry, Now now);
  void pause(std::string why, Now now);
  bool may_know_us();
  void explain_wait(const std::string& why, std::int64_t again_unix_ms, Now now);
  void look_after_mailed(Now now);
  bool mailed_too(Now now) const;
  std::int64_t next_letter_ms() const;

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
  bool store_text(const proto::TextContent& text, bool by_letter, Now now);
  bool misses_predecessor(const proto::TextContent& text, bool by_letter);
  bool may_overtake_letter(const proto::TextContent& text);
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
  // The connection's messages that carried the call's phases so far.
  std::vector<std::uint64_t> call_seqs_;
  std::int64_t next_call_ms_ = 0;
  std::int64_t renew_ms_ = INT64_MAX;       // when to end a session of which the relay refused a text
  std::int64_t left_alone_ms_ = INT64_MAX;  // when to end a session whose peer seems to have left
  TokenBucket refusals_{8, 5'000};          // refusals whose signature is checked
  TokenBucket uninvited_{3, 20'000};        // calls made because a message came that no session opens

  std::map<std::uint64_t, std::string> held_acks_;  // of this session, until the peer is accepted

  LetterSession letters_;
  // Why, and until when, no letter is written.
  struct Pause {
    std::int64_t until_ms = 0;       // steady
    std::int64_t until_unix_ms = 0;  // the same
    std::int64_t step_ms = 0;
    bool cautious = false;  // then one letter first
    std::string why;
  } pause_;
  std::int64_t post_from_ms_ = 0;                 // steady: letters are posted from then on
  std::int64_t unanswered_since_ms_ = INT64_MAX;  // the first call since which no call or text was answered
  std::int64_t online_since_ms_ = INT64_MAX;      // the peer, as far as we saw
  std::int64_t mailed_check_ms_ = INT64_MAX;
  bool proved_ = false;  // the peer has received a text of ours, or has written
  Now pumped_{};         // the last pump

  TextOrder order_;
  Reacks reacks_;
  std::uint64_t next_m_ = 0;       // of the session: the next incoming number
  bool first_waits_ = false;       // the first text of the peer, for letters that may be before it
  std::uint64_t hole_serial_ = 0;  // of the notice about missing messages, 0: none
  std::uint64_t hole_size_ = 0;

  bool told_typing_ = false;  // the last value told in this session
  std::optional<std::int64_t> typing_told_ms_;
  std::int64_t typing_until_ms_ = INT64_MAX;  // the peer's typing notice ends then
  std::string read_;                          // the newest uid that was told or is to be told
  bool read_told_ = true;
};

}  // namespace sims::client
