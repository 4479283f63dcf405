// The inside of relay.h, shared by relay.cc (the life of a connection), login.cc, forwarding.cc,
// mail.cc, mail_delivery.cc and moderation.cc. Include it nowhere else.
#pragma once

#include "server/relay/ack_queue.h"
#include "server/relay/deadlines.h"
#include "server/relay/event_log.h"
#include "server/relay/mail_desk.h"
#include "server/relay/presence.h"
#include "server/relay/presence_broadcast.h"
#include "server/relay/relay.h"
#include "server/relay/router.h"
#include "server/relay/saved_budgets.h"
#include "server/relay/session.h"

namespace sims::server {

// Milliseconds that a failure adds to the penalty of its source.
constexpr std::int64_t penalty_left_ms = 1'000;     // disconnected before it logged in
constexpr std::int64_t penalty_refused_ms = 5'000;  // its login was refused, or its name is not its own
constexpr std::int64_t penalty_fault_ms = 5'000;    // broke the protocol, or does not own its id
constexpr std::int64_t penalty_late_ms = 10'000;    // held a connection without logging in
constexpr std::int64_t penalty_flood_ms = 30'000 - penalty_fault_ms;  // a flood is a fault besides
constexpr std::int64_t mail_retry_ms = 1'000;    // after a question to the mailbox failed
constexpr std::size_t mail_output = 64 * 1'024;  // of a client that has less, mail is added; in bytes
constexpr std::size_t max_mail_output = mail_output + proto::max_frame + 1;
constexpr std::string_view banned_words = "you are banned from this server";

// Pings fall on full seconds, so that the loop wakes up at most once a second, however many clients
// are idle.
constexpr std::int64_t full_second(std::int64_t ms) {
  return (ms + 999) / 1'000 * 1'000;
}

// Bytes that wait in the relay, for all sessions together, and the sessions that are slow to read
// theirs.
struct Backlog {
  std::size_t unsent_bytes = 0, partial_bytes = 0;  // sums over SessionOutput and SessionInput
  std::size_t error_bytes = 0;                      // sum over SessionMail
  std::size_t all() const { return unsent_bytes + partial_bytes + error_bytes; }
  std::size_t max_unsent_bytes = 0;  // for one session, since the gauges were read
  std::vector<ConnId> slow_readers;  // sessions with unsent bytes
  std::int64_t next_check = never;   // steady ms; of the slow readers
};

struct Relay::State {
  static constexpr std::int64_t at_once = 0;

  State(RelayOptions o, AccountStore& a, Mailbox& m, Prekeys& p, crypto::EphemeralSource& e, Actions& act)
      : options(std::move(o)),
        accounts(a),
        ephemerals(e),
        actions(act),
        events(act),
        router(presence, a, bans),
        desk(m, p) {
    for (const auto& ban : std::exchange(options.bans, {}))
      bans.add(ban);
  }

  RelayOptions options;
  AccountStore& accounts;
  crypto::EphemeralSource& ephemerals;
  Actions& actions;
  EventLog events;

  SessionTable sessions;
  std::vector<std::unique_ptr<Session>> graveyard;  // ended in this turn; callers may still hold references
  std::vector<ConnId> with_output;                  // in the order in which they got it
  Deadlines deadlines;
  AckQueue acks;
  Backlog backlog;
  BanList bans;
  Admission admission{EventLog::rate_of_source};
  Stats stats;
  Presence presence;
  PresenceBroadcast broadcast;
  Router router;
  MailDesk desk;
  SavedBudgets saved_budgets;
  bool going_away = false;

  proto::Scratch scratch;
  proto::JsonTape tape;  // of a sub-message
  std::string copy;      // parsing destroys its text, and the router forwards the original

  Session* find(ConnId conn) {
    const auto at = sessions.find(conn);
    return at == sessions.end() ? nullptr : at->second.get();
  }

  // relay.cc: the life of a connection
  void process(Session& s, ByteView input, Now now);
  void schedule_write(Session& s);
  void flush(Session& s, Now now);
  void set_unsent(Session& s, std::size_t bytes, Now now);
  void set_partial(Session& s, bool new_frame, Now now);
  bool end_slow_frame(Session& s, Now now);
  void check_slow_readers(Now now);
  void owe_ack(Session& s, Now now);
  void send_due_acks(Now now);
  void deadline_reached(Session& s, Now now);
  // Sends `text` to the client, logs `detail`, and ends the session. The fault is in the message received
  // last, or in a frame that has not arrived completely, which has no number yet.
  void fault(Session& s, proto::ErrorCode code, std::string_view text, std::string_view detail, Now now);
  void fault_in_partial(Session& s, proto::ErrorCode code, std::string_view text, std::string_view detail,
                        Now now);
  void end_with_fault(Session& s, const proto::Fault& fault, std::string_view text,
                      std::optional<std::uint64_t> id, Now now);
  void end(Session& s, bool flush_first, std::string_view why, Now now);
  void forget(Session& s, std::string_view why, Now now);

  // login.cc: from a new connection to the login
  void refuse(ConnId conn, const Address& from, Refused why, Now now);
  void count_refused(Refused why) { ++stats.refused[static_cast<std::size_t>(why)]; }
  void refuse_login(Session& s, const LoginWork& work, const Refusal& refusal, Refused why, Now now);
  void evict(ConnId conn, Now now);
  void redeem(Session& s, const proto::Register& message, Now now);
  void redeemed(Session& s, const LoginWork& work, Now now);
  bool admit_handshake(Session& s, const proto::Handshake& handshake, Now now);
  void start_work(Session& s, std::unique_ptr<proto::HandshakeWork> work, Now now);
  void count_handshake(const Session& s);
  void penalise(Session& s, std::int64_t ms, Now now);
  void failed(Session& s, proto::ErrorCode code, std::string_view why, Now now);
  void log_in(Session& s, Binding binding, Now now);
  void login_timed_out(Session& s, Now now);

  // moderation.cc: bans, kicks, and the list of clients
  bool banned(const Session& s, Now now) const;
  std::vector<ConnId> matching(const BanList& list, Now now) const;
  void expel(Session& s, proto::ErrorCode code, std::string_view text, std::string_view why, Now now);

  // forwarding.cc: sub-messages of clients, and presence
  void on_message(Session& s, std::string_view plaintext, Now now);
  void before_login(Session& s, const proto::FromClient& message, Now now);
  bool within_rate(Session& s, std::size_t size, bool is_ack, std::string_view dst, Now now);
  void call_answered(const Session& by, const proto::Forwarded& message);
  bool may_call(Session& s, const proto::JsonValue& root, const proto::Forwarded& message, Now now);
  void forward(Session& s, const proto::Forwarded& message, std::string_view plaintext, Now now);
  void list(Session& s, const proto::ListRequest& request, Now now);
  void find(Session& s, const proto::FindRequest& request, Now now);
  void reply_error(Session& s, proto::ErrorCode code, std::string_view text, std::optional<proto::Id> dst,
                   Now now);
  bool push(Session& s, std::string_view plaintext, Now now);
  void cut_off(Session& s, std::size_t waiting, Now now);
  void announce(Now now);
  bool catch_up(Session& s, std::uint64_t to, Now now);

  // mail.cc: letters, receipts and prekeys that clients send, and errors in order
  std::uint64_t hold_ack(Session& s);
  void ack_at_once(Session& s);
  SessionMail& mail_of(Session& s);
  void drop_idle_mail(Session& s);
  void answer_error(Session& s, const proto::Error& error, Now now);
  void settle(Session& s, std::uint64_t seq, Now now);
  void answer_held(const HeldMessage& held, proto::ErrorCode code, std::string_view text, Now now);
  void late_fates(Now now);
  void send_settled_acks(Now now);
  void refuse_letters(Session& s, const proto::Id& owner, proto::ErrorCode code, Now now);
  bool newcomer(const Session& s, Now now) const;
  void keep(Session& s, const proto::Kept& message, std::string_view plaintext, Now now);
  MailBudgets& mail_budgets(Session& s);
  void publish(Session& s, proto::PrekeysUpload& upload, Now now);
  void claim(Session& s, proto::PrekeyRequest& request, Now now);
  void answer_status(const HeldMessage& asked, const proto::PrekeysStatus& status, Now now);
  template <class Answer>
  void dispatch(MailDesk::Question question, Answer& answer, Now now);
  void answered(const PutAsked& put, const PutAnswer& answer, Now now);
  void answered(const PublishAsked& asked, const PublishAnswer& answer, Now now);
  void answered(const StatusRequested& asked, const StatusAnswer& answer, Now now);
  void answered(const ClaimAsked& asked, ClaimAnswer& answer, Now now);
  void answered(const ForgetAsked& asked, const DoneAnswer& answer, Now now);
  void forget_failed(const ForgetAsked& asked, const std::string& error, Now now);
  std::optional<proto::Id> banned_owner(const Ban& ban) const;
  void forget_mail(const proto::Id& owner, bool again, MailDropped dropped);

  // mail_delivery.cc: mail that is given to its owner
  void begin_mail(Session& s);
  void ask_mail_status(Session& s);
  void wake_owner(const proto::Id& owner);
  void give_to_waiting(Now now);
  std::size_t mail_room(Session& s, Now now);
  void give_mail(Session& s, Now now);
  bool give(Session& s, const MailItem& item, Now now);
  void mail_acked(Session& s, std::uint64_t seq, Now now);
  void strike(const proto::Id& owner, std::vector<GivenItem> items);
  void strike_again(const proto::Id& owner);
  void retry_at(std::int64_t steady_ms);
  void retry_mail(Session& s, Now now);
  void retry_due(Now now);
  void answered(const StatusAsked& asked, const StatusAnswer& answer, Now now);
  void answered(const TakeAsked& asked, TakeAnswer& answer, Now now);
  void answered(StrikeAsked& asked, const StrikeAnswer& answer, Now now);
};

}  // namespace sims::server
