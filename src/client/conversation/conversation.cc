// Conversation: texts out and texts in. Calls and sessions are in calls.cc, strangers and requests
// in contacts.cc, typing and read notices in receipts.cc.
//
// 1. send_text(): stored, put into the outbox, its line drawn as queued
// 2. pump(): seals what may go, or calls the peer first
// 3. receive() -> dispatch() -> receive_com(): opened, stored and shown once, acked
// 4. receive_ack(): proved delivered
#include "client/conversation/conversation.h"

#include "client/model/look_alike.h"
#include "proto/limits.h"
#include "proto/wire/content.h"

namespace sims::client {
namespace {

// A text that is not proved delivered for this long is sent again in a new session. The time
// doubles with each attempt, so that a relay that corrupts everything causes few handshakes.
constexpr std::int64_t resend_ms = 20'000, resend_max_ms = 600'000;

const char* words_for(proto::OpenError error) {
  switch (error) {
    case proto::OpenError::forged:
      return "it is forged or damaged";
    case proto::OpenError::too_far:
      return "too many before it are missing";
    case proto::OpenError::old:
      return "its key is gone";
    case proto::OpenError::rate_limited:
      return "too many bad ones came lately";
  }
  return "";
}

std::string words_for(const proto::Fault& fault) {
  if (fault.code == proto::ErrorCode::too_large)
    return "too long: a message holds at most " + std::to_string(proto::max_body) +
           " bytes, fewer with many quotes or control characters";
  return "not valid UTF-8 text";
}

}  // namespace

Conversation::Conversation(Context& context, std::string name)
    : context_(context),
      name_(std::move(name)),
      call_(context),
      waiting_(context.waiting_bytes),
      letters_(context) {}

Result<std::uint64_t> Conversation::send_text(std::string_view text, bool action, Now now,
                                              const std::string& uid) {
  Peer& p = peer();
  if (text.empty()) return fail("there is nothing to send");
  if (p.standing == Standing::blocked) return fail(name_ + " is blocked: accept them first");
  if (p.trust == Trust::changed)
    return fail("the key of " + name_ + " changed: nothing is sent until you decide");
  if (p.id.empty()) return fail("the key of " + name_ + " is not known");
  if (outbox_.full()) return fail("too many messages wait for " + name_ + " already");
  if (const auto* waits = outbox_.find(uid)) return waits->serial;
  proto::TextContent content;
  content.action = action;
  content.uid = uid.empty() ? proto::make_uid(context_.ephemerals.rng()) : uid;
  content.body = std::string(text);
  content.sent = static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.unix_ms));
  content.after = content.uid;  // as long as what will stand there
  if (auto encoded = proto::encode_content(content); !encoded) return fail(words_for(encoded.error()));
  content.after.reset();

  const bool first = !p.known();
  const auto alike = first ? look_alike(name_, context_.pins.peers()) : std::nullopt;
  std::uint64_t row = 0;
  auto stored = context_.core.write_down(now, [&]() -> Result<void> {
    if (first) TRY(pin_contact(now));
    TRY_LET(added, context_.history.typed(p, content));
    row = added;
    return {};
  });
  if (!stored)
    return fail("it could not be stored: " + stored.error() +
                (context_.history.in_doubt()
                     ? "; if the program crashes now, it may still be sent: look before you type it again"
                     : ""));
  if (first) became_contact(now);
  if (alike) context_.windows.alarm(&p, look_alike_words(name_, *alike), now);
  say_typing(false, now);
  const std::uint64_t serial = context_.history.show_typed(p, content, row).serial;
  if (outbox_.empty()) unanswered_since_ms_ = INT64_MAX;  // call first, as ever
  outbox_.add(serial, row, p.id, std::move(content));
  paused_ = false;
  pump(now);
  return serial;
}

void Conversation::restore(const std::vector<HistoryEntry>& entries, Deliveries& deliveries, Now now) {
  for (const HistoryEntry& stored : entries) {
    proto::TextContent content;
    content.action = stored.action;
    content.uid = stored.uid;
    content.body = stored.body;
    content.sent = static_cast<std::uint64_t>(stored.at_unix_ms);
    outbox_.add(0, stored.row, stored.peer_id, std::move(content)).why = stored.why;
  }
  restore_letters(deliveries, now);
  offer_held(now);
}

void Conversation::restore_letters(Deliveries& deliveries, Now now) {
  for (auto* entry : outbox_.all()) {
    outbox_.unpost(*entry);
    const auto stored = deliveries.extract(entry->row);
    entry->mail.reset();
    if (!stored.empty()) entry->mail = std::move(stored.mapped());
    if (entry->mail && !entry->in_flight) {
      entry->left = true;
      entry->content.after = entry->mail->after;
    }
    const auto was = entry->delivery;
    if (!entry->in_flight) entry->delivery = entry->at_relay() ? Delivery::mailed : Delivery::queued;
    if (!entry->mail || entry->delivery == Delivery::mailed) entry->why.clear();
    if (entry->mail && entry->mail->next_unix_ms > now.unix_ms) {
      entry->again_unix_ms = std::min(entry->mail->next_unix_ms, now.unix_ms + longest_pause_ms);
      pause_.until_unix_ms = std::max(pause_.until_unix_ms, entry->again_unix_ms);
      pause_.until_ms = now.steady_ms + (pause_.until_unix_ms - now.unix_ms);
      pause_.cautious = true;
      pause_.why = entry->why;
    }
    if (entry->delivery != was || !entry->why.empty()) mark(*entry);
  }
  look_after_mailed(now);
}

void Conversation::pump(Now now) {
  pumped_ = now;
  if (peer().online && online_since_ms_ == INT64_MAX) online_since_ms_ = now.steady_ms;
  pump_letters(now);
  if (!may_talk()) return;
  const bool mailed = mailed_too(now);
  if (!session_) {
    const bool due = now.steady_ms >= std::max(next_call_ms_, context_.pace.held_until_ms());
    if (!call_.running() && !paused_ && outbox_.waiting(peer().id, mailed) && due) start_call(now);
    return;
  }
  // While we call, the session is about to be replaced: the peer might be unable to open texts
  // sealed now.
  if (call_.calling()) return;
  tell_read(now);
  while (auto* entry = outbox_.next(peer().id, mailed)) {
    if (!context_.pace.take(now.steady_ms)) break;
    name_predecessor(*entry);
    auto plaintext = proto::encode_content(entry->content);
    auto sealed = session_->seal(*plaintext, now);
    outbox_.sent(*entry, sealed.id, context_.core.send(sealed.message, now), now.steady_ms);
    entry->why.clear();
    entry->again_unix_ms = 0;
    wipe(*plaintext);
  }
  rekey_if_due(now);
  show_session();
}

// `after` is the text that was handed to a session or a letter before this one. If a later text of an earlier
// run has left already, an entry gets no `after`: the peer may be waiting to show that later text.
void Conversation::name_predecessor(Outbox::Entry& entry) {
  if (entry.left) return;
  if (!left_ || left_->to != entry.to) {
    left_ = Left{entry.to, context_.history.last_to(peer()).value_or(LastText{})};
    // Of those whose letter is out the history does not say that they left.
    for (const auto* one : outbox_.all())
      if (one->to == entry.to && one->left && one->row > left_->last.row)
        left_->last = {one->row, one->content.uid, 0};
  }
  if (entry.row <= left_->last.row) return;
  entry.content.after = std::exchange(left_->last, {entry.row, entry.content.uid, 0}).uid;
}

Line* Conversation::line_of(const Outbox::Entry& entry) {
  Line* line = Windows::find(peer(), entry.serial);
  return line ? line : Windows::find_row(peer(), entry.row);
}

// Shows an entry's delivery mark in its line, if the window still has it, and notifies.
void Conversation::mark(const Outbox::Entry& entry, const std::string& why) {
  Line gone;
  Line* line = line_of(entry);
  if (!line) {
    gone.serial = entry.serial;
    gone.row = entry.row;
    gone.kind = entry.content.action ? Line::Kind::action : Line::Kind::text;
    gone.uid = entry.content.uid;
    gone.at_unix_ms = static_cast<std::int64_t>(entry.content.sent);
    gone.mine = true;
    gone.text = entry.content.body;
    line = &gone;
  }
  line->delivery = entry.delivery;
  line->why = why.empty() ? entry.why : why;
  line->again_unix_ms = why.empty() ? entry.again_unix_ms : 0;
  context_.effects.delivery_changed(peer(), *line);
}

// The entry left the outbox. (The mark `sent` is not stored: after a restart the text goes again.)
void Conversation::settle(const Outbox::Entry& entry, Now now, const std::string& why) {
  if (entry.mail)
    context_.history.settled(name_, *entry.mail, entry.delivery, why, entry.left, now);
  else
    context_.history.delivered(name_, entry.row, entry.delivery, why, entry.left, now);
  mark(entry, why);
}

void Conversation::server_took(std::uint64_t seq, Now now) {
  for (const auto* entry : outbox_.server_took(seq))
    mark(*entry);
  letters_took(seq, now);
}

void Conversation::refused(std::uint64_t seq, const std::string& why, Now now) {
  if (auto entry = outbox_.take(seq)) {
    if (session_) session_->forget(entry->m);
    entry->delivery = Delivery::failed;
    settle(*entry, now, why);
  }
}

bool Conversation::give_up(const std::string& uid, Now now) {
  auto entry = outbox_.take(uid);
  if (!entry) return false;
  if (session_ && entry->in_flight) session_->forget(entry->m);
  entry->delivery = Delivery::failed;
  settle(*entry, now, "given up by sims send");
  return true;
}

std::int64_t Conversation::resend_at() const {
  const auto oldest = outbox_.oldest_in_flight();
  if (!oldest) return INT64_MAX;
  return *oldest + std::min(resend_max_ms, resend_ms << std::min(unanswered_, 10));
}

void Conversation::receive(PeerFrame frame, Now now) {
  if (call_.work_out()) {
    waiting_.push(std::move(frame));
    return;
  }
  dispatch(std::move(frame), now);
  pump(now);
}

void Conversation::dispatch(PeerFrame frame, Now now) {
  struct Receiver {
    Conversation& to;
    std::string& raw;
    Now now;
    void operator()(const proto::HandshakeFrame& handshake) {
      to.receive_handshake(handshake, std::move(raw), now);
    }
    void operator()(const proto::ClientRefuse& refusal) { to.receive_refuse(refusal, now); }
    void operator()(const proto::ClientCom& com) { to.receive_com(com, now); }
    void operator()(const proto::ClientDisconnect& close) { to.receive_close(close, now); }
    void operator()(const proto::PeerAck& ack) { to.receive_ack(ack, now); }
  };
  std::visit(Receiver{*this, frame.raw, now}, frame.message);
}

void Conversation::receive_com(const proto::ClientCom& com, Now now) {
  if (!session_) {
    // The peer uses a session that ended here. A call makes a new one.
    if (!call_.running() && may_talk() && now.steady_ms >= next_call_ms_ && uninvited_.take(now.steady_ms))
      start_call(now);
    return;
  }
  auto opened = session_->open(com, now);
  if (!opened)
    return complain("A message from " + name_ + " was dropped: " + words_for(opened.error()) + ".", now);
  const bool again = opened->duplicate;
  if (again ? reacks_.take("#" + std::to_string(opened->id), now.steady_ms) : take(*opened, now))
    acknowledge(opened->id, std::move(opened->ack), now);
}

bool Conversation::take(proto::PeerSession::Opened& opened, Now now) {
  note_order(opened.id, now);
  const auto content = proto::decode_content(opened.plaintext);
  wipe(opened.plaintext);
  if (content) {
    if (const auto* text = std::get_if<proto::TextContent>(&*content)) return receive_text(*text, now);
    if (const auto* read = std::get_if<proto::ReadContent>(&*content)) return receive_read(*read), false;
    if (const auto* typing = std::get_if<proto::TypingContent>(&*content))
      return receive_typing(*typing, now), false;
  }
  if (!peer().known()) return turn_away();
  context_.windows.caused(peer(), Line::Kind::notice, "unsupported message from " + name_, now);
  const auto* unknown = content ? std::get_if<proto::UnsupportedContent>(&*content) : nullptr;
  return reacks_.take(unknown ? unknown->uid : "", now.steady_ms);
}

void Conversation::note_order(std::uint64_t m, Now now) {
  Peer& p = peer();
  const auto missing = [this](std::uint64_t n) {
    return std::to_string(n) + (n == 1 ? " message missing" : " messages missing") + " from " + name_;
  };
  if (m > next_m_ && p.standing != Standing::stranger) {
    hole_size_ = m - next_m_;
    const Line* line = context_.windows.caused(p, Line::Kind::notice, missing(hole_size_), now);
    hole_serial_ = line ? line->serial : 0;
  } else if (m < next_m_ && hole_serial_ != 0) {
    if (--hole_size_ == 0)
      context_.windows.erase(p, std::exchange(hole_serial_, 0));
    else
      context_.windows.reword(p, hole_serial_, missing(hole_size_));
  }
  next_m_ = std::max(next_m_, m + 1);
}

void Conversation::receive_close(const proto::ClientDisconnect& message, Now now) {
  if (!session_) return;
  if (!session_->verify_close(message))
    return complain("A forged end of the session with " + name_ + " was ignored.", now);
  drop_session();
  wait_before_next_call(now);
  if (peer().standing == Standing::stranger) return;
  std::string text = name_ + " ended the session";
  if (!message.reason.empty()) text += ": " + message.reason;
  context_.windows.caused(peer(), Line::Kind::notice, std::move(text), now);
}

void Conversation::receive_ack(const proto::PeerAck& ack, Now now) {
  if (!session_) return;
  const auto m = session_->take_ack(ack);
  if (!m) return;  // forged, or of an earlier session
  unanswered_since_ms_ = INT64_MAX;
  if (auto entry = outbox_.delivered(*m)) {
    unanswered_ = 0;
    proved_ = true;
    settle(*entry, now);
  }
}

}  // namespace sims::client
