// Mail that is given to its owner (sims-protocol(7) section 8, The mailbox).
//   1. begin_mail(): after the login, the strikes that failed before, then the status
//   2. give_mail(): asks for items while the window and the output have room
//   3. give(): sends them, byte for byte, in their order
//   4. mail_acked(): strikes off items that the client acked, then goes on with 2
// The rest waits on disk: no item stays in the relay's memory but in the output of its owner.
#include <algorithm>

#include "proto/limits.h"
#include "proto/wire/encode.h"
#include "server/relay/relay_state.h"

namespace sims::server {

using proto::Id;

namespace {

constexpr std::int64_t retry_on_ms = 10;  // more of them wait
constexpr std::size_t retries_a_tick = 64;

// The bytes of sub-messages that fit into so many bytes of output, in base64 and frames.
constexpr std::size_t plaintext_of(std::size_t output) {
  return output / 3 * 2;
}

}  // namespace

// --- 1. after the login ----------------------------------------------------------------------------

void Relay::State::begin_mail(Session& s) {
  mail_of(s).status_due = true;
  strike_again(s.transport.peer_id());
  ask_mail_status(s);
}

void Relay::State::ask_mail_status(Session& s) {
  s.mail->asked = true;
  desk.prekeys.status(desk.ask(StatusAsked{s.conn}), s.transport.peer_id());
}

void Relay::State::answered(const StatusAsked& asked, const StatusAnswer& answer, Now now) {
  Session* s = find(asked.conn);
  if (s == nullptr) return;
  const bool login = s->mail && s->mail->status_due;
  if (login) s->mail->asked = false;
  // Strikes that failed are missing in `taken`: a client that sets its own count to this one would later take
  // their success for more than it knows.
  const auto unstruck = login ? desk.unstruck.find(s->transport.peer_id()) : desk.unstruck.end();
  const bool late = unstruck != desk.unstruck.end() && !unstruck->second.failed.empty();
  if (answer.failed || late) return login ? retry_mail(*s, now) : void();
  if (!push(*s, encode(answer.status), now) || !login) return;
  auto& mail = *s->mail;
  mail.status_due = false;
  mail.more = std::exchange(mail.stored, false) || mail.more || answer.status.waiting > 0;
  desk.waiting.push_back(s->conn);
}

// --- 2. and 3. items -------------------------------------------------------------------------------

// A letter or receipt was stored for this owner.
void Relay::State::wake_owner(const Id& owner) {
  const Online* online = presence.find(owner);
  if (online == nullptr) return;
  Session& s = *online->session;
  auto& mail = mail_of(s);
  (mail.asked ? mail.stored : mail.more) = true;
  if (desk.waiting.empty() || desk.waiting.back() != s.conn) desk.waiting.push_back(s.conn);
}

void Relay::State::give_to_waiting(Now now) {
  for (const ConnId conn : desk.waiting)
    if (Session* s = find(conn)) give_mail(*s, now);
  desk.waiting.clear();
}

// How many bytes of output mail may add now. Mail takes no more than a part of the memory for the output of
// all, so that it never is the reason why a client is cut off.
std::size_t Relay::State::mail_room(Session& s, Now now) {
  if (s.output.unsent_bytes > 0) set_unsent(s, actions.queued(s.conn), now);
  const auto& limits = options.policy.limits;
  const auto here = s.output.unsent_bytes + s.output.frames.size();
  const auto most = std::min(mail_output, limits.queue_bytes / 2);
  if (here >= most || backlog.all() + s.output.frames.size() >= limits.queue_bytes_total / 2) return 0;
  return most - here;
}

void Relay::State::give_mail(Session& s, Now now) {
  if (!s.mail || s.mail->asked) return;
  auto& mail = *s.mail;
  const auto& owner = s.transport.peer_id();
  if (mail.status_due) return ask_mail_status(s);
  const auto found = desk.unstruck.find(owner);
  const bool any = found != desk.unstruck.end();
  const auto unstruck = any ? found->second.size() : 0;
  mail.fills = mail.fills && mail.given.items_left(unstruck) > 0;
  if (!mail.more || !(mail.fills || mail.given.worth_asking(unstruck))) return drop_idle_mail(s);
  const auto room = mail_room(s, now);
  if (room == 0 || (any && !found->second.failed.empty())) return retry_mail(s, now);
  mail.asked = true;
  desk.mailbox.take(desk.ask(TakeAsked{s.conn}), owner, mail.last, mail.given.items_left(unstruck),
                    std::min(mail.given.bytes_left(), plaintext_of(room)));
}

void Relay::State::answered(const TakeAsked& asked, TakeAnswer& answer, Now now) {
  Session* s = find(asked.conn);
  if (s == nullptr) return;
  s->mail->asked = false;
  if (answer.failed) return retry_mail(*s, now);
  s->mail->more = std::exchange(s->mail->stored, false) || answer.more;
  bool all_given = !answer.items.empty();
  for (const auto& item : answer.items)
    if (!(all_given = give(*s, item, now))) break;
  if (s->ended) return;
  s->mail->fills = all_given;
  desk.waiting.push_back(s->conn);
}

// False: there is no room; this and what follows is asked for again later.
bool Relay::State::give(Session& s, const MailItem& item, Now now) {
  auto& mail = *s.mail;
  const bool fits = mail.given.fits(item.bytes.size()) || mail.given.empty();
  if (!fits || mail_room(s, now) == 0) {
    mail.more = true;
    return false;
  }
  const auto seq = s.transport.sent();
  if (!push(s, item.bytes, now)) return false;
  mail.given.add(seq, {item.hash, item.number}, item.bytes.size());
  mail.last = item.number;
  return true;
}

// --- 4. acks ---------------------------------------------------------------------------------------

void Relay::State::mail_acked(Session& s, std::uint64_t seq, Now now) {
  auto items = s.mail->given.acked(seq);
  if (items.empty()) return;
  strike(s.transport.peer_id(), std::move(items));
  give_mail(s, now);
}

void Relay::State::strike(const Id& owner, std::vector<GivenItem> items) {
  desk.unstruck[owner].asked += items.size();
  const auto ticket = desk.ask(StrikeAsked{owner, items});
  desk.mailbox.strike(ticket, owner, std::move(items));
}

void Relay::State::answered(StrikeAsked& asked, const StrikeAnswer& answer, Now now) {
  const auto at = desk.unstruck.find(asked.owner);
  if (at == desk.unstruck.end()) return;  // its mailbox is gone
  auto& [in_questions, failed] = at->second;
  in_questions -= std::min(in_questions, asked.items.size());
  if (answer.failed) {
    if (failed.empty()) desk.restrike.push_back(asked.owner);
    failed.insert(failed.end(), asked.items.begin(), asked.items.end());
    return retry_at(now.steady_ms + mail_retry_ms);
  }
  if (at->second.size() == 0) desk.unstruck.erase(at);
  const Online* online = presence.find(asked.owner);
  if (online != nullptr && online->session->mail) desk.waiting.push_back(online->session->conn);
}

void Relay::State::strike_again(const Id& owner) {
  const auto at = desk.unstruck.find(owner);
  if (at == desk.unstruck.end() || at->second.failed.empty()) return;
  strike(owner, std::exchange(at->second.failed, {}));
}

// --- again -----------------------------------------------------------------------------------------

void Relay::State::retry_at(std::int64_t steady_ms) {
  desk.next_retry = std::min(desk.next_retry, steady_ms);
}

void Relay::State::retry_mail(Session& s, Now now) {
  retry_at(now.steady_ms + mail_retry_ms);
  if (!std::exchange(s.mail->retrying, true)) desk.retry.push_back(s.conn);
}

void Relay::State::retry_due(Now now) {
  desk.next_retry = never;
  for (std::size_t n = 0; n < retries_a_tick && !desk.restrike.empty(); ++n) {
    strike_again(desk.restrike.front());
    desk.restrike.pop_front();
  }
  for (const auto& owner : std::exchange(desk.unforgotten, {}))
    forget_mail(owner, true, [](const std::string&) {});
  std::vector<ConnId> due;
  while (due.size() < retries_a_tick && !desk.retry.empty()) {
    due.push_back(desk.retry.front());
    desk.retry.pop_front();
  }
  for (const ConnId conn : due) {
    Session* s = find(conn);
    if (s == nullptr) continue;
    s->mail->retrying = false;
    give_mail(*s, now);
  }
  if (!desk.restrike.empty() || (!desk.retry.empty() && due.size() == retries_a_tick))
    retry_at(now.steady_ms + retry_on_ms);
}

}  // namespace sims::server
