// IncomingMail: one letter. The checks stand in the order of section 8, cheapest first.
//
// 1. look_at(): blocked, another key; a letter that we have is receipted again
// 2. open_with_session(), or begin_opening() and work_done()
// 3. take(): stored in one transaction; or refuse()
#include <algorithm>

#include "client/mail/incoming_mail.h"
#include "client/mail/prekey_record.h"
#include "proto/limits.h"
#include "proto/mail/receipt.h"
#include "proto/wire/encode.h"

namespace sims::client {
namespace {

constexpr std::uint64_t max_sessions = 2'000;          // of a contact
constexpr std::uint64_t max_strangers_session = 10;    // of one stranger
constexpr std::uint64_t max_strangers_sessions = 500;  // of all
constexpr std::uint64_t max_held = proto::letters_before_accept, max_all_held = 500;
// With accept_strangers their letters wait only to be opened: as many as a relay keeps of one sender, and for us.
constexpr std::uint64_t max_waiting = 1'000, max_all_waiting = 5'000;

constexpr std::size_t max_again = 1'000;  // senders
constexpr std::size_t max_unanswered = 1'000, max_unanswered_of_one = 100;

MailSessionKey session_of(const proto::ClientMail& letter) {
  return {letter.src, letter.header.number, letter.header.nonce};
}

const char* words_for(proto::LetterRefusal why) {
  using enum proto::LetterRefusal;
  switch (why) {
    case unknown_prekey:
    case used_prekey:
    case again:
      return "its key is gone";
    case past_session:
    case signature:
    case verification:
    case token:
      break;
  }
  return "it is forged or damaged";
}

}  // namespace

IncomingMail::Fate IncomingMail::look_at(const proto::ClientMail& letter, std::uint64_t row, Now now) {
  const Peer* found = peer_of(letter.src, now);
  if (!found) return Fate::needs_name;
  Peer& peer = context_.model.peers.at(found->name);
  if (host_.blocked(peer.name, letter.src)) return drop_row(row, now);
  if (peer.trust == Trust::changed || peer.id != letter.src) {
    context_.windows.alert(&peer, "A letter under another key of " + peer.name + " was refused.", now);
    return drop_row(row, now);
  }
  auto receipt = memory_.receipt(server_, session_of(letter), letter.id);
  if (!receipt) return broken(receipt.error(), now);
  if (*receipt && (*receipt)->token == proto::token_hash(letter)) return receipt_again(**receipt, row, now);
  auto session = memory_.mail_session(server_, session_of(letter));
  if (!session) return broken(session.error(), now);
  if (*session) return open_with_session(peer, letter, **session, row, now);
  return row == 0 ? Fate::needs_work : begin_opening(peer, letter, row, now);
}

// Its first receipt may have been lost on the way.
IncomingMail::Fate IncomingMail::receipt_again(MailReceipt& receipt, std::uint64_t row, Now now) {
  const std::string name(receipt.token.begin(), receipt.token.end());
  const Id& sender = receipt.session.sender;
  if (again_.size() >= max_again && !again_.contains(sender)) again_.clear();
  if (receipt.state == MailReceipt::State::covered && again_[sender].take(name, now.steady_ms)) {
    receipt.state = MailReceipt::State::owed;
    context_.history.wrote(now);
    if (auto put = memory_.put_receipt(server_, receipt); !put) return broken(put.error(), now);
    owed_ = true;
  }
  return drop_row(row, now);
}

IncomingMail::Fate IncomingMail::open_with_session(Peer& peer, const proto::ClientMail& letter,
                                                   const MailSessionRow& stored, std::uint64_t row, Now now) {
  using enum proto::LetterRefusal;
  auto session = proto::MailSession::from_bytes(stored.state.view());
  if (!session) return refuse(peer, letter, stored.state.size() == 0 ? used_prekey : again, row, now);
  if (row == 0) {
    const auto room = may_keep(&peer, letter);
    if (!room) return broken(room.error(), now);
    if (!*room) return Fate::settled;
  }
  if (failed_.over(letter.src, now.steady_ms)) return refuse(peer, letter, verification, row, now);
  auto opened = session->open(letter);
  if (!opened) {
    if (proto::counts_against_sender(opened.error())) failed_.add(letter.src, now.steady_ms);
    return refuse(peer, letter, opened.error(), row, now);
  }
  return take(peer, letter, std::move(*opened), *session, {session_of(letter), {}, stored.since_unix_s}, row,
              now);
}

IncomingMail::Fate IncomingMail::begin_opening(Peer& peer, const proto::ClientMail& letter, std::uint64_t row,
                                               Now now) {
  auto own = memory_.prekey(server_, letter.header.number);
  if (!own) return broken(own.error(), now);
  proto::Prekey record;
  std::optional<proto::MailOpener> opener;
  if (*own) record = bare_record(**own);
  if (*own && (*own)->opener) opener = {(*own)->opener->sender, (*own)->opener->nonce};
  if (const auto why = proto::refuse_unread(letter, *own ? &record : nullptr, opener))
    return refuse(peer, letter, *why, row, now);
  if (failed_.over(letter.src, now.steady_ms))
    return refuse(peer, letter, proto::LetterRefusal::verification, row, now);
  auto key = prekey_of(**own);
  if (!key) return refuse(peer, letter, proto::LetterRefusal::used_prekey, row, now);
  const auto room = has_room(peer, letter, **own);
  if (!room) return broken(room.error(), now);
  if (!*room) return refuse(peer, letter, proto::LetterRefusal::used_prekey, row, now);
  job_ = ++last_job_;
  job_of_ = letter.src;
  job_row_ = row;
  auto work =
      std::make_unique<LetterWork>(job_, letter, std::move(*key), context_.model.self, context_.ephemerals);
  work->of_stranger = !peer.known();
  context_.effects.start_work(std::move(work));
  return Fate::needs_work;
}

// Strangers' bounds come first, so that they take no contact's place.
Result<bool> IncomingMail::has_room(const Peer& peer, const proto::ClientMail& letter, const OwnPrekey& own) {
  TRY_LET(counts, memory_.mail_counts(server_, letter.src, letter.header.number));
  if (own.use == proto::PrekeyUse::many && counts.agreements >= proto::max_many_agreements) return false;
  if (peer.known()) return true;
  if (own.use == proto::PrekeyUse::many &&
      counts.strangers_agreements >= proto::max_many_agreements_strangers)
    return false;
  return counts.sessions < max_strangers_session && counts.strangers_sessions < max_strangers_sessions;
}

// Of letters before they are opened, and of those that were opened and have a receipt that is held.
Result<bool> IncomingMail::may_keep(const Peer* peer, const proto::ClientMail& letter) {
  if (peer && peer->known()) return true;
  TRY_LET(counts, memory_.mail_counts(server_, letter.src, letter.header.number));
  const bool accepts = context_.options.accept_strangers;
  return counts.held < (accepts ? max_waiting : max_held) &&
         counts.strangers_held < (accepts ? max_all_waiting : max_all_held);
}

void IncomingMail::work_done(LetterWork& work, Now now) {
  if (work.number != job_ || !work.outcome) return;
  job_ = 0;
  const auto sender = senders_.find(work.letter.src);
  if (sender == senders_.end() || sender->second.letters.front().row != job_row_) return go_on(now);
  const Peer* found = peer_of(work.letter.src, now);
  if (!found || host_.blocked(found->name, work.letter.src) || found->id != work.letter.src ||
      found->trust == Trust::changed)
    return go_on(now);  // look_at() says so
  Peer& peer = context_.model.peers.at(found->name);
  auto& outcome = *work.outcome;
  const bool agreed = outcome || outcome.error() != proto::LetterRefusal::signature;
  if (work.own.record.use == proto::PrekeyUse::many && agreed) {
    context_.history.wrote(now);
    const auto counted = memory_.count_agreement(server_, work.own.record.number, !peer.known());
    if (!counted) return void(broken(counted.error(), now));
  }
  Fate fate = Fate::settled;
  if (outcome) {
    auto own = memory_.prekey(server_, work.letter.header.number);
    if (!own) return void(broken(own.error(), now));
    Opening opening{session_of(work.letter), std::move(*own), static_cast<std::int64_t>(now.unix_s())};
    fate = take(peer, work.letter, std::move(outcome->letter), outcome->session, std::move(opening), job_row_,
                now);
  } else {
    if (proto::counts_against_sender(outcome.error())) failed_.add(work.letter.src, now.steady_ms);
    fate = refuse(peer, work.letter, outcome.error(), job_row_, now);
  }
  if (fate == Fate::broken) return;
  settled(work.letter.src);
  go_on(now);
}

// --- its end -------------------------------------------------------------------------------------

IncomingMail::Fate IncomingMail::take(Peer& peer, const proto::ClientMail& letter, proto::OpenedLetter opened,
                                      const proto::MailSession& session, Opening opening, std::uint64_t row,
                                      Now now) {
  Conversation* conversation = host_.conversation(peer, now);
  const auto taken =
      conversation ? conversation->receive_letter(opened.plaintext, now) : Conversation::Letter::turned_away;
  wipe(opened.plaintext);
  switch (taken) {
    case Conversation::Letter::turned_away:
      return drop_row(row, now);
    case Conversation::Letter::not_stored:
      return broken("the text could not be stored", now);
    case Conversation::Letter::taken:
      break;
  }
  context_.history.wrote(now);
  if (auto stored = store(peer, letter, opened, session, opening, row, now); !stored)
    return broken(stored.error(), now);
  if (peer.known()) owed_ = true;
  return Fate::settled;
}

Result<void> IncomingMail::store(const Peer& peer, const proto::ClientMail& letter,
                                 const proto::OpenedLetter& opened, const proto::MailSession& session,
                                 Opening& opening, std::uint64_t row, Now now) {
  if (opening.own) {
    if (peer.known()) {
      TRY_LET(counts, memory_.mail_counts(server_, letter.src, letter.header.number));
      if (counts.sessions >= max_sessions) TRY(memory_.close_oldest_session(server_, letter.src));
    }
    if (opening.own->use == proto::PrekeyUse::once) {
      opening.own->secret.clear();
      opening.own->opener = opening.session;
      TRY(memory_.put_prekey(server_, *opening.own));
    }
  }
  MailSessionRow kept;
  kept.key = opening.session;
  if (!session.finished()) kept.state = session.to_bytes();
  kept.since_unix_s = opening.since_unix_s;
  kept.stranger = !peer.known();
  TRY(memory_.put_mail_session(server_, kept));
  MailReceipt receipt;
  receipt.session = opening.session;
  receipt.m = letter.id;
  receipt.token = proto::token_hash(letter);
  receipt.message = opened.receipt;
  receipt.state = peer.known() ? MailReceipt::State::owed : MailReceipt::State::held;
  receipt.at_unix_s = static_cast<std::int64_t>(now.unix_s());
  TRY(memory_.put_receipt(server_, receipt));
  return row == 0 ? Result<void>() : memory_.drop_arrived(row);
}

// A letter whose number was opened already, but whose receipt is forgotten, was shown once or declined.
IncomingMail::Fate IncomingMail::refuse(Peer& peer, const proto::ClientMail& letter, proto::LetterRefusal why,
                                        std::uint64_t row, Now now) {
  if (!peer.known() || why == proto::LetterRefusal::again) return drop_row(row, now);
  context_.windows.alert(&peer,
                         "A letter from " + peer.name + " could not be opened: " + words_for(why) + ".", now);
  keep_unanswered(letter);
  if (const Fate answered = answer_unopened(now); answered == Fate::broken) return answered;
  return drop_row(row, now);
}

void IncomingMail::keep_unanswered(const proto::ClientMail& letter) {
  const auto token = proto::token_hash(letter);
  std::size_t of_sender = 0;
  for (const Unanswered& one : unanswered_) {
    if (one.sender != letter.src) continue;
    if (one.token == token) return;
    ++of_sender;
  }
  if (unanswered_.size() >= max_unanswered || of_sender >= max_unanswered_of_one) return;
  unanswered_.push_back(
      {letter.src, token, proto::encode(proto::sign_unopened(letter, *context_.options.identity))});
}

// As many as this hour allows, and to contacts alone.
IncomingMail::Fate IncomingMail::answer_unopened(Now now) {
  if (!context_.history.holds()) answered_.clear();  // the commit of those is done
  while (!unanswered_.empty() && unopened_.has_one(now.steady_ms)) {
    const Unanswered first = std::move(unanswered_.front());
    unanswered_.pop_front();
    const Peer* peer = peer_of(first.sender, now);
    if (peer == nullptr || !peer->known() || peer->id != first.sender || peer->trust == Trust::changed)
      continue;
    answered_.push_back(first);
    context_.history.wrote(now);
    auto owes = memory_.owe_unopened(server_, first.sender, first.token, first.word,
                                     static_cast<std::int64_t>(now.unix_s()));
    if (!owes) return broken(owes.error(), now);
    if (*owes) owed_ = unopened_.take(now.steady_ms);
  }
  return Fate::settled;
}

IncomingMail::Fate IncomingMail::drop_row(std::uint64_t row, Now now) {
  if (row == 0) return Fate::settled;
  context_.history.wrote(now);
  if (auto dropped = memory_.drop_arrived(row); !dropped) return broken(dropped.error(), now);
  return Fate::settled;
}

}  // namespace sims::client
