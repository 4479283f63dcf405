// Conversation: letters to a peer who is offline, or does not answer (sims-protocol(7) section 8).
//
// 1. pump_letters(): letters that a lost link left unacked go again, unchanged; then new ones are written
// 2. write_letter(): sealed, stored with what proves its delivery, posted
// 3. letters_took(): the relay has it on disk: marked mailed
//    letter_refused(): it goes back to the queue, and nothing more is sent to this peer for a while
// 4. receive_receipt(): proved delivered; or its reader cannot open it: it goes once more
//    look_after_mailed(): no receipt came for long: it goes again
#include <algorithm>

#include "client/conversation/conversation.h"
#include "proto/limits.h"
#include "proto/mail/receipt.h"
#include "proto/wire/content.h"

namespace sims::client {
namespace {

constexpr std::int64_t minute_ms = 60'000, day_ms = 86'400'000;
// A peer that has not answered a call for this long is written to.
constexpr std::int64_t silence_ms = minute_ms;
// A text without a receipt is sent again in a session with a peer that has been online for so long.
constexpr std::int64_t settled_ms = minute_ms;
// A text without a receipt goes again as a new letter after so long, so often.
constexpr std::int64_t letter_again_ms = 30 * day_ms;
constexpr std::uint64_t max_tries = 2;
// The pause after a refusal.
constexpr std::int64_t pause_min_ms = 10 * minute_ms;
constexpr std::int64_t busy_ms = 10'000;  // the relay could not store it
constexpr std::int64_t mailed_check_every_ms = 60 * minute_ms;
constexpr std::size_t kept_letters = 4;  // of one text whose receipts count

}  // namespace

// Not before the list has come: until then nobody seems to be online.
bool Conversation::may_write(Now now) const {
  const Peer& p = peer();
  if (!context_.online() || !context_.model.mail || paused_) return false;
  if (!p.known() || p.trust == Trust::changed) return false;
  if (session_) return false;  // it may be over, but its texts in flight are earlier ones
  return p.online ? now.steady_ms >= writes_from_ms() : context_.model.list_complete;
}

std::int64_t Conversation::writes_from_ms() const {
  return unanswered_since_ms_ == INT64_MAX ? INT64_MAX : unanswered_since_ms_ + silence_ms;
}

// The peer acked no text in flight and answered no call. Its end of the session may be alive: a text that it has
// seen is shown once, whichever way it comes again.
std::int64_t Conversation::silent_ms() const {
  return session_ && context_.model.mail && outbox_.oldest_in_flight() ? writes_from_ms() : INT64_MAX;
}

void Conversation::pump_letters(Now now) {
  if (!context_.online()) return;
  const Peer& p = peer();
  if (p.known() && p.trust != Trust::changed && now.steady_ms >= post_from_ms_)
    while (auto* entry = outbox_.next_to_post(p.id)) {
      if (!outbox_.may_post(false) || !context_.pace.take(now.steady_ms)) return;
      outbox_.posted(*entry, context_.core.send(entry->mail->message, now));
    }
  if (!may_write(now) || now.steady_ms < post_from_ms_) return;
  if (now.steady_ms < pause_.until_ms) return explain_wait(pause_.why, pause_.until_unix_ms, now);
  while (auto* entry = outbox_.next_letter(p.id)) {
    if (!may_know_us())
      return explain_wait(name_ + " keeps no more letters before accepting the first ones", 0, now);
    if (!outbox_.may_post(pause_.cautious)) return;
    auto* session = letters_.open(p.id, now);
    if (session == nullptr) return letters_.ask(p.id, now);
    if (!context_.pace.take(now.steady_ms) || !write_letter(*entry, *session, now)) return;
  }
}

// A reader drops what it does not keep of a stranger, and acks it to the relay. So no more is written until
// something shows that we are none.
bool Conversation::may_know_us() {
  return outbox_.letters(peer().id) < proto::letters_before_accept || proved_ ||
         (proved_ = context_.history.proved(peer()));
}

// Stored before it leaves: only its key can prove that it arrived.
bool Conversation::write_letter(Outbox::Entry& entry, proto::MailSender& session, Now now) {
  name_predecessor(entry);
  auto plaintext = proto::encode_content(entry.content);
  auto sealed = session.seal(*plaintext, now);
  wipe(*plaintext);
  if (!entry.mail) entry.mail = MailDelivery{};
  MailDelivery& mail = *entry.mail;
  mail.row = entry.row;
  mail.to = entry.to;
  mail.after = entry.content.after;
  mail.message = std::move(sealed.message);
  mail.letters.push_back(
      {sealed.awaited.id, sealed.awaited.token_hash, SecretBytes(sealed.awaited.ack_key.view())});
  if (mail.letters.size() > kept_letters) mail.letters.erase(mail.letters.begin());
  mail.mailed_unix_ms = mail.next_unix_ms = 0;
  entry.session = letters_.open_number();
  context_.history.wrote(now);
  if (auto stored = context_.history.put_delivery(mail); !stored) {
    // The commit fails, too, and what is stored is read again.
    context_.windows.fault(&peer(), "A letter to " + name_ + " could not be stored: " + stored.error(), now);
    return false;
  }
  outbox_.posted(entry, context_.core.send(mail.message, now));
  if (!entry.why.empty()) {
    entry.why.clear();
    entry.again_unix_ms = 0;
    mark(entry);
  }
  return true;
}

// The ack of letters that were posted before a refused one may come after its error: they end no pause.
void Conversation::letters_took(std::uint64_t seq, Now now) {
  const auto took = outbox_.posted_up_to(seq);
  for (auto* entry : took) {
    if (now.steady_ms >= pause_.until_ms) pause_ = {};
    outbox_.unpost(*entry);
    wipe(entry->mail->message);
    entry->mail->mailed_unix_ms = now.unix_ms;
    entry->delivery = Delivery::mailed;
    context_.history.put_delivery_later(name_, *entry->mail, Delivery::mailed, {}, now);
    mark(*entry);
  }
  if (took.empty()) return;
  mailed_check_ms_ = std::min(mailed_check_ms_, now.steady_ms + mailed_check_every_ms);
  pump(now);
}

// The letter is no more: its text is queued again.
void Conversation::back(Outbox::Entry& entry, Now now) {
  outbox_.unpost(entry);
  MailDelivery& mail = *entry.mail;
  wipe(mail.message);
  mail.mailed_unix_ms = 0;
  mail.next_unix_ms = entry.again_unix_ms;
  entry.delivery = Delivery::queued;
  context_.history.put_delivery_later(name_, mail, Delivery::queued, entry.why, now);
  mark(entry);
}

// Nothing more is sent to this peer for a while; then one text first.
void Conversation::pause(std::string why, Now now) {
  if (now.steady_ms >= pause_.until_ms) {
    pause_.step_ms = std::clamp(2 * pause_.step_ms, pause_min_ms, longest_pause_ms);
    pause_.until_ms = now.steady_ms + pause_.step_ms;
    pause_.until_unix_ms = now.unix_ms + pause_.step_ms;
  }
  pause_.cautious = true;
  pause_.why = std::move(why);
  explain_wait(pause_.why, pause_.until_unix_ms, now);
}

// Marks those that wait: no letter of them is out.
void Conversation::explain_wait(const std::string& why, std::int64_t again_unix_ms, Now now) {
  for (auto* entry : outbox_.all()) {
    if (entry->to != peer().id || entry->in_flight || entry->letter_out() || entry->at_relay()) continue;
    if (entry->why == why && entry->again_unix_ms == again_unix_ms) continue;
    entry->why = why;
    entry->again_unix_ms = again_unix_ms;
    context_.history.delivered(name_, entry->row, Delivery::queued, entry->why, entry->left, now);
    mark(*entry);
  }
}

bool Conversation::letter_refused(const proto::Error& error, Now now) {
  using enum proto::ErrorCode;
  if (letters_.asked_as(*error.id)) {
    letters_.not_given();
    if (error.code == rate_limited || error.code == busy)
      post_from_ms_ = now.steady_ms + busy_ms;
    else
      pause(error.code == unknown_peer ? name_ + " is not registered at this server any more"
                                       : "the server gives no keys for letters (" + error.code_text + ")",
            now);
    return true;
  }
  Outbox::Entry* entry = outbox_.posted_as(*error.id);
  if (entry == nullptr) return false;
  switch (error.code) {
    case rate_limited:
      context_.pace.hold(now.steady_ms);
      [[fallthrough]];
    case busy:
    case internal:  // it may be stored all the same: the same bytes go again
      outbox_.unpost(*entry);
      post_from_ms_ = now.steady_ms + busy_ms;
      return true;
    case too_large:
    case bad_message:
      if (!context_.model.mail) break;  // a server of before letters
      outbox_.unpost(*entry);
      if (auto gone = outbox_.take_row(entry->row)) {
        if (session_ && gone->in_flight) session_->forget(gone->m);
        gone->delivery = Delivery::failed;
        settle(*gone, now, "the server refused it (" + error.code_text + ")");
      }
      return true;
    default:
      break;
  }
  entry->mail->letters.pop_back();
  pause(error.code == mailbox_full   ? "the mailbox of " + name_ + " is full"
        : error.code == unknown_peer ? name_ + " is not registered at this server any more"
                                     : "the server takes no letter (" + error.code_text + ")",
        now);
  entry->why = pause_.why;
  entry->again_unix_ms = pause_.until_unix_ms;
  back(*entry, now);
  return true;
}

void Conversation::receive_prekey(const proto::PrekeyAnswer& answer, Now now) {
  switch (letters_.receive(answer, name_, now)) {
    case LetterSession::Answer::ignored:
    case LetterSession::Answer::opening:
      return;
    case LetterSession::Answer::none:
      return pause(name_ + " has left no keys for letters at the server", now);
    case LetterSession::Answer::not_genuine:
      context_.windows.alert(
          &peer(),
          "A key for letters to " + name_ + " is not genuine: " + std::string(explain(letters_.fault())) +
              ". Nothing was written with it: the server, or somebody on it, may have changed it.",
          now);
      return pause("the server gave no genuine key for letters to " + name_, now);
  }
}

void Conversation::work_done(OpeningWork& work, Now now) {
  if (letters_.opened(work) == LetterSession::Opened::failed)
    pause("the key for letters to " + name_ + " cannot be used", now);
  pump(now);
}

bool Conversation::receive_receipt(const proto::ClientReceipt& receipt, Now now) {
  Outbox::Entry* entry = outbox_.find_letter(receipt.src, receipt.data);
  if (entry == nullptr) return false;
  MailDelivery& mail = *entry->mail;
  if (std::holds_alternative<proto::LetterUnopened>(receipt.outcome)) {
    if (mail.reopened || !proto::proves_unopened(receipt, context_.model.self, entry->to, receipt.data))
      return false;
    mail.reopened = true;
    // Only that letter's session, and so once for all its letters: each further prekey would be wasted.
    if (entry->session != 0 && entry->session == letters_.open_number()) letters_.close();
    if (entry->letter_out() || entry->at_relay()) back(*entry, now);
    pump(now);
    return true;
  }
  const bool proved = std::any_of(mail.letters.begin(), mail.letters.end(), [&](const SentLetter& letter) {
    return proto::proves_delivery(receipt, context_.model.self,
                                  {entry->to, letter.m, letter.token, proto::AckKey(letter.ack_key.view())});
  });
  if (!proved) return false;
  auto done = outbox_.take_row(entry->row);
  if (session_ && done->in_flight) session_->forget(done->m);
  done->delivery = Delivery::delivered;
  settle(*done, now);
  proved_ = true;
  pump(now);
  return true;
}

// Hourly: a month is long, and the steady clock stands still while the machine sleeps.
void Conversation::look_after_mailed(Now now) {
  mailed_check_ms_ = outbox_.empty() ? INT64_MAX : now.steady_ms + mailed_check_every_ms;
  for (auto* entry : outbox_.at_relay(peer().id)) {
    if (entry->in_flight || now.unix_ms - entry->mail->mailed_unix_ms < letter_again_ms) continue;
    if (entry->mail->tries < max_tries) {
      ++entry->mail->tries;
      back(*entry, now);
    } else if (auto gone = outbox_.take_row(entry->row)) {
      gone->delivery = Delivery::failed;
      settle(*gone, now, "no sign that it arrived, after letters over 90 days");
    }
  }
}

bool Conversation::mailed_too(Now now) const {
  return peer().online && online_since_ms_ != INT64_MAX && now.steady_ms - online_since_ms_ >= settled_ms;
}

// The times at which pump_letters() or look_after_mailed() has more to do; those that the last pump saw are over.
std::int64_t Conversation::next_letter_ms() const {
  if (!context_.online() || outbox_.empty()) return INT64_MAX;
  const auto later = [this](std::int64_t ms) { return ms > pumped_.steady_ms ? ms : INT64_MAX; };
  const Peer& p = peer();
  std::int64_t next = mailed_check_ms_;
  if (p.online && outbox_.any_by_letter(p.id) && online_since_ms_ != INT64_MAX)
    next = std::min(next, later(online_since_ms_ + settled_ms));
  const bool to_post = outbox_.any_to_post(p.id);
  const bool to_write = outbox_.any_to_write(p.id) && context_.model.mail;
  if (!to_post && !to_write) return next;
  next = std::min(next, later(post_from_ms_));
  if (outbox_.may_post(false)) next = std::min(next, later(context_.pace.next_ms()));
  if (!to_write) return next;
  next = std::min(next, later(pause_.until_ms));
  return p.online ? std::min(next, later(writes_from_ms())) : next;
}

}  // namespace sims::client
